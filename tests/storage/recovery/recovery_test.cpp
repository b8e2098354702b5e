#include "storage/recovery/recovery.h"

#include <atomic>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/data_set_codec.h"
#include "integration/metrics.h"
#include "tests/storage/archive_language.h"
#include "tests/storage/disk/fault_file_system.h"

namespace pacs::storage::test {
namespace {

/// An archive over a file system that fails when told, and what it has acknowledged.
class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    options_ = options_for(folder_ / "archive");
    options_.file_system = files_;
    options_.metrics = metrics_.get();
    // Nothing is in its final place before the test wants it there.
    lazy_ = small_tuning();
    lazy_.segment_bytes = 256 << 10;
    lazy_.segment_wait = std::chrono::milliseconds(20);
    lazy_.write_behind.delay = std::chrono::minutes(10);
    lazy_.checkpoint.delay = std::chrono::minutes(10);
    eager_ = lazy_;
    eager_.write_behind.delay = std::chrono::milliseconds(0);
    eager_.write_behind.batch_objects = 3;
    eager_.checkpoint.objects = 5;
  }

  /// Small ones for the journal, some large ones for files of their own.
  static TestObject object(std::size_t n) {
    TestObject object = TestObject::number(n);
    object.pixel_bytes = n % 4 == 3 ? 90'000 : 1500;
    return object;
  }
  void stores(std::size_t first, std::size_t end) {
    for (std::size_t n = first; n < end; ++n) {
      if (store(*archive_, object(n), 16'384)) acknowledged_.insert(n);
    }
  }
  void expect_all_acknowledged() {
    for (const std::size_t n : acknowledged_) expect_stored(*archive_, object(n));
    expect_sound(*archive_);
  }
  /// The power goes while everything runs; then it comes back.
  void power_goes(bool keep_database) {
    files_->freeze(options_.path);
    archive_.reset();
    files_->cut_power(options_.path, keep_database);
  }

  using Fault = std::function<std::optional<Error>(const FaultFileSystem::Operation&)>;
  static Fault io_error_of(std::string name, std::string path = {}) {
    return [=](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
      const bool meant =
          operation.name == name && operation.path.native().find(path) != std::string::npos;
      return meant ? std::optional(Error{ErrorKind::Io, "input/output error"}) : std::nullopt;
    };
  }
  static std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Changes one byte of the journal, so far behind the last place where `text` stands.
  void damages_segment(const std::string& name, const std::string& text, int distance) {
    const auto segment = options_.path / "journal" / name;
    const std::string content = content_of(segment);
    const std::size_t at = content.rfind(text) + static_cast<std::size_t>(distance);
    ASSERT_LT(at, content.size());
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(content[at] ^ 1));
  }
  /// From now on the database takes no row of this instance: whatever may be wrong with one.
  void index_refuses(const std::string& instance) {
    SQLite::Database database((options_.path / "index.sqlite").native(), SQLite::OPEN_READWRITE);
    database.exec("CREATE TRIGGER refuse" + std::to_string(++refused_) +
                  " BEFORE INSERT ON instance WHEN NEW.sop_instance_uid = '" + instance +
                  "' BEGIN SELECT RAISE(ABORT, 'a row that nobody can write'); END");
  }
  void logs() {
    options_.logger = *integration::Logger::create({.file = (folder_ / "log").string()});
  }
  std::string log_text() {
    options_.logger.flush();
    return content_of(folder_ / "log");
  }

  int refused_ = 0;
  std::unique_ptr<integration::Metrics> metrics_ = integration::Metrics::create();
  TemporaryFolder folder_;
  std::shared_ptr<FaultFileSystem> files_ = FaultFileSystem::create();
  ArchiveOptions options_;
  ArchiveTuning lazy_, eager_;
  std::unique_ptr<LocalArchive> archive_;
  std::set<std::size_t> acknowledged_;
};

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
  for (int round = 0; round < 25; ++round) {
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
  for (int round = 0; round < 8; ++round) {
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
  for (std::uint8_t round = 1; round < 20; ++round) {
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

TEST_F(RecoveryTest, AFailureAtAnyStepIsAnsweredAndCostsNothingAcknowledged) {
  std::size_t next = 0;
  for (const ErrorKind kind : {ErrorKind::OutOfResources, ErrorKind::Io}) {
    for (std::uint64_t step = 1; step < 60; ++step) {
      archive_ = open_archive(options_, eager_);
      ASSERT_NE(archive_, nullptr) << "step " << step;
      files_->fail_from(step, kind);
      stores(next, next + 6);
      next += 6;
      // Refused or not: what was acknowledged before and now is there at once.
      for (const std::size_t n : acknowledged_) {
        if (n + 30 < next) continue;
        EXPECT_TRUE(archive_->find_instance(object(n).instance)) << n;
      }
      archive_.reset();
      files_->fail_from(0, kind);
    }
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr);
    expect_all_acknowledged();
    archive_.reset();
  }
  EXPECT_GT(acknowledged_.size(), 50U);
}

TEST_F(RecoveryTest, AFailureAtAnyStepOfAStartIsPutRightByTheNext) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 10);
  power_goes(false);
  for (std::uint64_t step = 1; step < 80; ++step) {
    files_->fail_from(step, ErrorKind::Io);
    auto opened = LocalArchive::open(options_, lazy_);
    const bool whole = opened.has_value();
    if (whole) opened->reset();
    files_->fail_from(0, ErrorKind::Io);
    if (step % 3 == 0) files_->cut_power(options_.path, step % 2 == 0);
  }
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(acknowledged_.size(), 10U);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AFullDiskRefusesLosesNothingAndRecoversWhenThereIsRoom) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 5);
  ASSERT_TRUE(archive_->counts());  // all in their final place
  // Final places and new files find no room; the journal's segments have theirs.
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    const std::string path = operation.path.native();
    if (operation.name == "open" && path.find("/journal/") == std::string::npos) {
      return Error{ErrorKind::OutOfResources, "no space left on device"};
    }
    return std::nullopt;
  });
  const auto large = store(*archive_, object(7), 16'384);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::OutOfResources);
  // A small one still fits the journal; once the archive notices that it cannot move it on, it
  // refuses.
  stores(8, 9);
  EXPECT_TRUE(acknowledged_.contains(8));
  EXPECT_EQ(archive_->counts()->instances, 6U) << "safe, though the index has no room for it";
  EXPECT_EQ(archive_->ready().error().kind, ErrorKind::OutOfResources);
  EXPECT_EQ(archive_->begin_ingest(object(9).context()).error().kind, ErrorKind::OutOfResources);
  expect_stored(*archive_, object(8));

  files_->fail_when({});
  while (!archive_->ready()) std::this_thread::yield();
  EXPECT_TRUE(archive_->ready());
  stores(10, 12);
  EXPECT_EQ(acknowledged_.size(), 8U);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AnArchiveThatStopsOnAFullDiskFinishesAtItsNextStart) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.path.native().find("/objects/") == std::string::npos) return std::nullopt;
    return Error{ErrorKind::OutOfResources, "no space left on device"};
  });
  stores(0, 6);
  EXPECT_GE(acknowledged_.size(), 1U);  // until it noticed
  archive_.reset();
  files_->fail_when({});
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AfterAFailedFlushOfTheJournalNothingIsAcceptedUntilTheNextStart) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 2);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "sync" ||
        operation.path.native().find("/journal/") == std::string::npos) {
      return std::nullopt;
    }
    return Error{ErrorKind::Io, "input/output error"};
  });
  EXPECT_EQ(store(*archive_, object(2)).error().kind, ErrorKind::Io);
  files_->fail_when({});  // the disk says that all is well again: not to be believed
  EXPECT_EQ(archive_->begin_ingest(object(4).context()).error().kind, ErrorKind::Io);
  EXPECT_FALSE(archive_->ready());
  expect_stored(*archive_, object(1));
  power_goes(false);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
  stores(4, 6);
  EXPECT_EQ(acknowledged_.size(), 4U);
}

TEST_F(RecoveryTest, AfterAFailedCheckpointNothingIsAcceptedUntilTheNextStart) {
  ArchiveTuning tuning = eager_;
  tuning.checkpoint.objects = 1;
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  files_->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "sync_all") return std::nullopt;
    return Error{ErrorKind::Io, "input/output error"};
  });
  stores(0, 1);
  while (archive_->ready()) std::this_thread::yield();
  EXPECT_EQ(archive_->begin_ingest(object(4).context()).error().kind, ErrorKind::Io);
  files_->fail_when({});
  power_goes(true);
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(acknowledged_.size(), 1U);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AFailedCheckpointIsNotTrustedAfterAStartEither) {
  for (const bool keep_database : {false, true}) {
    ArchiveTuning tuning = eager_;
    tuning.checkpoint.objects = 2;
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    const std::size_t first = acknowledged_.size();
    files_->fail_when(io_error_of("sync_all"));
    stores(first + 2, first + 4);  // one in the journal, one in a file of its own
    while (archive_->ready()) std::this_thread::yield();
    files_->fail_when({});
    archive_.reset();
    // The process starts anew, the machine does not: all can be read, and the next flush succeeds.
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    archive_.reset();
    power_goes(keep_database);
    archive_ = open_archive(options_, tuning);
    ASSERT_NE(archive_, nullptr);
    EXPECT_EQ(acknowledged_.size(), first + 2);
    expect_all_acknowledged();
    archive_.reset();
  }
}

TEST_F(RecoveryTest, AnyOneFlushThatFailsCostsNothingAcknowledgedHoweverOftenOneStarts) {
  std::size_t next = 0;
  for (int flush = 1; flush < 30; ++flush) {
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr) << "flush " << flush;
    int flushes = 0;
    files_->fail_when([&](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
      if (!operation.name.starts_with("sync") || ++flushes != flush) return std::nullopt;
      return Error{ErrorKind::Io, "input/output error"};
    });
    stores(next, next + 8);
    next += 8;
    archive_.reset();
    files_->fail_when({});
    archive_ = open_archive(options_, eager_);  // without a power loss in between
    ASSERT_NE(archive_, nullptr) << "flush " << flush;
    stores(next, next + 1);
    ++next;
    power_goes(flush % 2 == 0);
    archive_ = open_archive(options_, eager_);
    ASSERT_NE(archive_, nullptr) << "flush " << flush;
    for (const std::size_t n : acknowledged_) {
      if (n + 20 > next) expect_stored(*archive_, object(n));
    }
    ASSERT_FALSE(HasFailure()) << "flush " << flush;
    archive_.reset();
  }
  EXPECT_GT(acknowledged_.size(), 50U);
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AfterAFailedFlushOfTheIndexNothingIsPromisedUntilTheNextStart) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  ASSERT_TRUE(archive_->put_remote_ae({"BEFORE", "192.0.2.1", 104, false, ""}));
  files_->fail_when(io_error_of("sync", "index.sqlite"));
  EXPECT_FALSE(archive_->put_remote_ae({"FAILED", "192.0.2.1", 104, false, ""}));
  files_->fail_when({});
  // What the WAL was to hold before it is gone: behind that nothing is ever read again.
  EXPECT_EQ(archive_->put_remote_ae({"BEHIND", "192.0.2.1", 104, false, ""}).error().kind,
            ErrorKind::Io);
  EXPECT_EQ(archive_->ready().error().kind, ErrorKind::Io);
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(archive_->put_remote_ae({"AFTER", "192.0.2.1", 104, false, ""}));
  power_goes(false);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  std::set<std::string> titles;
  const auto remotes = archive_->remote_aes();
  ASSERT_TRUE(remotes);
  for (const RemoteAe& remote : *remotes) titles.insert(remote.ae_title);
  EXPECT_TRUE(titles.contains("BEFORE"));
  EXPECT_TRUE(titles.contains("AFTER"));
}

TEST_F(RecoveryTest, WhereTheJournalHasLostARecordNothingThatArrivedIsRemoved) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  acknowledged_.insert(3);
  ASSERT_TRUE(store(*archive_, object(3), 16'384));  // large: its record only names its file
  stores(4, 6);
  power_goes(false);
  // The head of the large one's record: nothing says any more whose it was.
  damages_segment("000001.log", object(3).instance, -60);
  logs();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  acknowledged_.erase(3);
  expect_all_acknowledged();
  EXPECT_TRUE(std::filesystem::is_empty(options_.path / "incoming"));
  const auto aside = archive_->set_aside();
  // The object, and the part of the journal.
  ASSERT_EQ(aside.size(), 2U);
  EXPECT_NE(log_text().find("set-aside/"), std::string::npos) << log_text();
  // It is a whole file: an operator imports it.
  const auto file =
      std::ranges::find_if(aside, [](const std::string& name) { return name.ends_with(".part"); });
  ASSERT_NE(file, aside.end());
  const Bytes sent = object(3).data_set();
  const std::string kept = content_of(options_.path / "set-aside" / *file);
  EXPECT_TRUE(kept.ends_with(as_text(sent)));
}

TEST_F(RecoveryTest, ADamagedObjectOfTheJournalIsSetAside) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  power_goes(false);
  damages_segment("000001.log", object(1).instance, 600);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  acknowledged_.erase(1);
  expect_all_acknowledged();
  const auto aside = archive_->set_aside();
  ASSERT_EQ(aside.size(), 1U);
  const Bytes sent = object(1).data_set();
  const std::string kept = content_of(options_.path / "set-aside" / aside[0]);
  ASSERT_GT(kept.size(), sent.size());
  // One byte of the pixels: a person can still look at it.
  std::size_t differing = 0;
  const std::string_view data_set = std::string_view(kept).substr(kept.size() - sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) differing += data_set[i] != as_text(sent)[i];
  EXPECT_EQ(differing, 1U);
  // The next start finds nothing new, and what is set aside stays.
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->set_aside(), aside);
  ASSERT_TRUE(store(*archive_, object(1)));
  expect_stored(*archive_, object(1));
}

TEST_F(RecoveryTest, WhatIsSetAsideIsSetAsideOnce) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  power_goes(false);
  damages_segment("000001.log", object(2).instance, 600);  // the last one
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->set_aside().size(), 1U);
  archive_.reset();
  std::filesystem::remove_all(options_.path / "set-aside");  // an operator has seen it
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(archive_->set_aside().empty());
  // The header of a segment: everything in it.
  stores(3, 6);
  power_goes(false);
  for (const char* name : {"000001.log", "000002.log"}) {
    std::fstream file(options_.path / "journal" / name,
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(10);
    file.put('x');
  }
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  const std::size_t aside = archive_->set_aside().size();
  EXPECT_GE(aside, 2U) << "the segment, and the large object that it named";
  EXPECT_TRUE(std::filesystem::is_empty(options_.path / "incoming"));
  archive_.reset();
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_EQ(archive_->set_aside().size(), aside);
}

TEST_F(RecoveryTest, DamageOfWhatLiesInItsPlaceAlreadyCostsNothing) {
  ArchiveTuning tuning = eager_;
  tuning.checkpoint.objects = 1'000'000;
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  stores(0, 3);
  ASSERT_TRUE(archive_->counts());             // everything is applied
  files_->fail_when(io_error_of("sync_all"));  // no checkpoint at the end
  archive_.reset();
  files_->fail_when({});
  damages_segment("000001.log", object(1).instance, 600);
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
  EXPECT_TRUE(archive_->set_aside().empty());
}

TEST_F(RecoveryTest, AnInstanceThatTheIndexRefusesIsSetAsideAndStopsNothing) {
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  index_refuses(object(1).instance);
  index_refuses(object(3).instance);  // a large one
  logs();
  archive_.reset();
  archive_ = open_archive(options_, eager_);
  stores(0, 6);
  EXPECT_EQ(acknowledged_.size(), 6U);
  EXPECT_EQ(archive_->counts()->instances, 4U);
  EXPECT_TRUE(archive_->ready());
  EXPECT_EQ(archive_->set_aside().size(), 2U);
  for (const std::size_t n : {1, 3}) {
    acknowledged_.erase(n);
    EXPECT_EQ(archive_->find_instance(object(n).instance).error().kind, ErrorKind::NotFound);
    EXPECT_NE(log_text().find(object(n).instance), std::string::npos) << log_text();
    bool kept = false;
    for (const std::string& name : archive_->set_aside()) {
      const Bytes sent = object(n).data_set();
      kept = kept || content_of(options_.path / "set-aside" / name).ends_with(as_text(sent));
    }
    EXPECT_TRUE(kept) << n;
  }
  EXPECT_NE(metrics_->exposition().find("pacs_storage_set_aside 2"), std::string::npos);
  expect_all_acknowledged();
  archive_.reset();
  archive_ = open_archive(options_, eager_);
  ASSERT_NE(archive_, nullptr);
  expect_all_acknowledged();
  stores(6, 8);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, AnInstanceThatTheIndexRefusesAtAStartStopsNothingEither) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  stores(0, 6);
  power_goes(false);
  index_refuses(object(1).instance);
  index_refuses(object(3).instance);
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  EXPECT_TRUE(archive_->ready());
  EXPECT_EQ(archive_->counts()->instances, 4U);
  EXPECT_EQ(archive_->set_aside().size(), 2U);
  acknowledged_.erase(1);
  acknowledged_.erase(3);
  expect_all_acknowledged();
}

TEST_F(RecoveryTest, ALargeObjectThatSomebodyTookStopsNothing) {
  archive_ = open_archive(options_, lazy_);
  ASSERT_NE(archive_, nullptr);
  logs();
  archive_.reset();
  ArchiveTuning tuning = lazy_;
  tuning.write_behind.delay = std::chrono::minutes(10);
  archive_ = open_archive(options_, tuning);
  ASSERT_NE(archive_, nullptr);
  stores(3, 4);
  for (const auto& entry : std::filesystem::directory_iterator(options_.path / "incoming")) {
    std::filesystem::remove(entry.path());
  }
  stores(4, 6);
  ASSERT_TRUE(archive_->counts());
  EXPECT_EQ(archive_->counts()->instances, 2U);
  EXPECT_TRUE(archive_->ready());
  acknowledged_.erase(3);
  expect_all_acknowledged();
  EXPECT_NE(log_text().find("missing"), std::string::npos) << log_text();
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
