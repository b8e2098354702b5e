#include "storage/recovery/recovery.h"

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "tests/storage/recovery/recovery_language.h"

namespace pacs::storage::test {
namespace {

TEST_F(RecoveryTest, WhatOnlyTheJournalHoldsSurvivesPowerLoss) {
  for (const bool keep_database : {false, true}) {
    archive_ = open_archive(options_, lazy_);
    ASSERT_NE(archive_, nullptr);
    stores(acknowledged_.size(), acknowledged_.size() + 8);
    power_goes(keep_database);
    archive_ = open_archive(options_, lazy_);
    ASSERT_NE(archive_, nullptr);
    expect_all_acknowledged();
    EXPECT_EQ(archive_->counts()->instances, acknowledged_.size());
    archive_.reset();
  }
  EXPECT_EQ(acknowledged_.size(), 16U);
}

// What was admitted is read again, whatever the limits are since: in the journal, in the index, in
// the object.
TEST_F(RecoveryTest, AnObjectNestedDeeperThanTheLimitIsTodayIsFound) {
  DataSet nested;
  for (int i = 0; i < 600; ++i) {
    DataSet outer;
    outer.set_items(tags::ContentSequence, {Item{std::move(nested)}});
    nested = std::move(outer);
  }
  const TestObject object;
  Bytes bytes = *write_data_set(nested, explicit_vr_little_endian());
  Bytes front = object.data_set();
  front.resize(front.size() - object.pixel_bytes - 12);
  append(front, bytes);
  options_.limits.nesting_depth_max = 1024;
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  ASSERT_TRUE(store(*archive_, front, object.context()));
  options_.limits = {};
  const auto expect_found = [&] {
    DataSet identifier;
    identifier.set_text(tags::QueryRetrieveLevel, "STUDY");
    identifier.set_text(tags::PatientName, "DOE*");
    identifier.set_text(tags::KVP, "");  // no column: the header is read
    QueryRules rules;
    auto matches = archive_->find(*parse_query(identifier, rules));
    ASSERT_TRUE(matches);
    const auto answers = (*matches)->next(10);
    ASSERT_TRUE(answers) << answers.error().to_string();
    EXPECT_EQ(answers->size(), 1U);
    EXPECT_TRUE(archive_->read_header(object.instance));
    expect_sound(*archive_);
  };
  power_goes(false);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  expect_found();
  archive_.reset();
  for (const char* file : {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"}) {
    std::filesystem::remove(options_.path / file);
  }
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  expect_found();
}

TEST_F(RecoveryTest, DamageInTheJournalCostsOneObjectAndIsSaid) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  for (std::size_t n = 0; n < 8; ++n) {
    TestObject small = TestObject::number(n);
    ASSERT_TRUE(store(*archive_, small));
  }
  power_goes(false);
  const auto segment = options_.path / "journal" / "000001.log";
  std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
  std::string content(256 << 10, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  // The third's pixels: behind the third record's UID.
  const std::size_t at = content.rfind(TestObject::number(2).instance, content.size()) + 600;
  file.clear();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(content[at] ^ 1));
  file.close();

  options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->counts()->instances, 7U);
  for (const std::size_t n : {0, 1, 3, 4, 5, 6, 7}) {
    expect_stored(*archive_, TestObject::number(n));
  }
  options_.logger.flush();
  std::ifstream log_file(folder_ / "log");
  const std::string log(std::istreambuf_iterator<char>(log_file), {});
  EXPECT_NE(log.find("not whole"), std::string::npos) << log;
  EXPECT_NE(log.find("sop_instance_uid=" + TestObject::number(2).instance), std::string::npos)
      << log;
  EXPECT_NE(log.find("the journal has lost records"), std::string::npos) << log;
  // Sent again, it is taken.
  ASSERT_TRUE(store(*archive_, TestObject::number(2)));
  expect_stored(*archive_, TestObject::number(2));
}

TEST_F(RecoveryTest, AnIndexThatIsLostIsMadeAnewFromTheObjects) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 12);
  archive_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(options_.path)) {
    if (entry.path().filename().string().starts_with("index.sqlite")) {
      std::filesystem::remove(entry.path());
    }
  }
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->counts()->instances, 12U);
  expect_all_acknowledged();
  // No number is given twice: what comes now takes nobody's place.
  stores(12, 24);
  archive_.reset();
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->counts()->instances, 24U);
  expect_all_acknowledged();
}

class FieldArchive : public RecoveryTest {
 protected:
  void opens(const ArchiveTuning& tuning) {
    archive_.reset();
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
  }
  void expect_kept(const TestObject& object, const Bytes& sent) {
    EXPECT_TRUE(read_data_set_bytes(*archive_, object.instance).value() == sent);
    const auto header = archive_->read_header(object.instance);
    ASSERT_TRUE(header) << header.error().to_string();
    EXPECT_EQ(header->data_set.text(tags::PatientName), object.patient_name);
    EXPECT_TRUE(header->pixel_data);
  }
};

TEST_F(FieldArchive, WhatDepartsIsReadByTheSameRuleFromJournalObjectAndIndex) {
  const TransferSyntax& jpeg = *find_transfer_syntax("1.2.840.10008.1.2.4.50");
  std::vector<std::pair<TestObject, Bytes>> sent;
  const auto send = [&](TestObject object, Bytes data_set) {
    object.instance = "1.2.3.4." + std::to_string(sent.size() + 1);
    IngestContext context = object.context();
    context.end = DataSetEnd::Certain;
    const auto stored = store(*archive_, data_set, context);
    ASSERT_TRUE(stored) << stored.error().to_string();
    sent.emplace_back(std::move(object), std::move(data_set));
  };
  const auto send_all = [&](std::size_t pixel_bytes) {
    TestObject object = TestObject::number(sent.size());
    object.pixel_bytes = pixel_bytes;
    Bytes with_nuls = object.data_set();
    with_nuls.resize(with_nuls.size() + 513);
    send(object, with_nuls);
    object = TestObject::number(sent.size());
    object.pixel_bytes = pixel_bytes;
    TestObject implicit = object;
    implicit.transfer_syntax = "1.2.840.10008.1.2";
    send(object, implicit.data_set());
    object = TestObject::number(sent.size());
    object.pixel_bytes = 0;
    DataSet encapsulated =
        read_data_set(share(object.data_set()), explicit_vr_little_endian()).value();
    const Bytes pixels(pixel_bytes, std::byte{7});
    encapsulated.set(Element::fragments(tags::PixelData, VR::OB, Fragments{{}, {pixels}}, nullptr));
    Bytes without_end = write_data_set(encapsulated, jpeg).value();
    without_end.resize(without_end.size() - 8);
    object.transfer_syntax = jpeg.uid;
    send(object, without_end);
  };
  opens(lazy_);
  send_all(1500);
  send_all(90'000);
  power_goes(false);  // from the journal
  opens(eager_);
  for (const auto& [object, bytes] : sent) expect_kept(object, bytes);
  expect_sound(*archive_);
  archive_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(options_.path)) {
    if (entry.path().filename().string().starts_with("index.sqlite")) {
      std::filesystem::remove(entry.path());
    }
  }
  opens(eager_);  // from the objects
  for (const auto& [object, bytes] : sent) expect_kept(object, bytes);
  expect_sound(*archive_);
}

TEST_F(RecoveryTest, AnOlderIndexIsBroughtUpToDateFromTheObjects) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 9);
  archive_.reset();
  const auto index = options_.path / "index.sqlite";
  std::filesystem::copy_file(index, folder_ / "backup");
  options_.on_duplicate = DuplicatePolicy::Replace;
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  stores(9, 20);
  TestObject changed = object(4);
  changed.pixel_seed = 9;
  ASSERT_TRUE(store(*archive_, changed));
  archive_.reset();
  std::filesystem::copy_file(folder_ / "backup", index,
                             std::filesystem::copy_options::overwrite_existing);
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->counts()->instances, 20U);
  acknowledged_.erase(4);
  expect_all_acknowledged();
  expect_stored(*archive_, changed);
}

TEST_F(RecoveryTest, WhatWasAppliedAndNotFlushedSurvivesPowerLoss) {
  // The database may be ahead of the objects or behind them: both are put right.
  for (const bool keep_database : {false, true}) {
    ArchiveTuning tuning = eager_;
    tuning.checkpoint.objects = 1'000'000;
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    stores(acknowledged_.size(), acknowledged_.size() + 12);
    ASSERT_TRUE(archive_->counts());  // everything is applied
    power_goes(keep_database);
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    expect_all_acknowledged();
    archive_.reset();
  }
}

TEST_F(RecoveryTest, PowerLossAtAnyMomentLosesNothingAcknowledged) {
  std::mt19937 random(7);
  std::size_t next = 0;
  for (int round = 0; round < rounds(25); ++round) {
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr);
    expect_all_acknowledged();
    if (HasFailure()) return;
    const std::size_t end = next + 1 + random() % 20;
    stores(next, end);
    next = end;
    power_goes(random() % 2 == 0);
  }
}

TEST_F(RecoveryTest, PowerLossWhileManyStoreLosesNothingAcknowledged) {
  for (int round = 0; round < rounds(8); ++round) {
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr);
    expect_all_acknowledged();
    if (HasFailure()) return;
    std::mutex mutex;
    std::set<std::size_t> confirmed;
    std::atomic<bool> frozen = false;
    std::vector<std::thread> threads;
    for (std::size_t stream = 0; stream < 3; ++stream) {
      threads.emplace_back([&, stream] {
        for (std::size_t i = 0; i < 30; ++i) {
          const std::size_t n = static_cast<std::size_t>(round) * 1000 + stream * 100 + i;
          const bool stored = store(*archive_, object(n), 16'384).has_value();
          // Acknowledged before the cut: only then was it a promise.
          const std::lock_guard lock(mutex);
          if (stored && !frozen) confirmed.insert(n);
          if (confirmed.size() == 40 && !frozen) {
            frozen = true;
            files_->freeze(options_.path);
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    acknowledged_.merge(confirmed);
    power_goes(round % 2 == 0);
  }
}

TEST_F(RecoveryTest, ReplacedObjectsAreWholeAfterPowerLoss) {
  options_.on_duplicate = DuplicatePolicy::Replace;
  TestObject object;
  for (std::uint8_t round = 1; round < rounds(20); ++round) {
    archive_ = open_archive(options_, round % 3 == 0 ? lazy_ : eager_);
    ASSERT_NE(archive_, nullptr);
    for (int i = 0; i < 3; ++i) {
      ++object.pixel_seed;
      object.pixel_bytes = object.pixel_seed % 2 == 0 ? 800 : 90'000;
      ASSERT_TRUE(store(*archive_, object, 16'384));
    }
    if (round % 2 == 0) {
      ASSERT_TRUE(archive_->counts());
    }
    power_goes(round % 4 < 2);
    archive_ = open_archive(options_, lazy_);
    ASSERT_NE(archive_, nullptr);
    expect_stored(*archive_, object);
    expect_sound(*archive_);
    EXPECT_EQ(archive_->counts()->instances, 1U);
    archive_.reset();
  }
}

TEST_F(RecoveryTest, ObjectsBegunAndNeverAcknowledgedAreGoneAfterAStart) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  std::ofstream(options_.path / "incoming" / "00000000ffff.part") << "half an image";
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(options_.path / "incoming"));
  expect_sound(*archive_);
}

TEST_F(RecoveryTest, TheJournalIsUsedAgainAndAgainWithinItsBound) {
  eager_.segment_wait = std::chrono::minutes(1);  // long enough for a slow machine
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  for (std::size_t n = 0; n < 200; ++n) {
    TestObject some = TestObject::number(n);
    some.pixel_bytes = 30'000;
    ASSERT_TRUE(store(*archive_, some));
  }
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options_.path / "journal")) {
    bytes += entry.file_size();
  }
  EXPECT_LE(bytes, eager_.segments_max * eager_.segment_bytes);
  expect_sound(*archive_);
}

}  // namespace
}  // namespace pacs::storage::test
