#include "storage/objects/object_check.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encoding/data_sets/dicom_file.h"
#include "storage/find_archive.h"
#include "storage/objects/file_storage.h"
#include "storage/sql/sqlite_database.h"
#include "tests/storage/archive_language.h"
#include "tests/storage/disk/fault_file_system.h"

namespace pacs::storage::test {
namespace {

using testing::HasSubstr;

/// Flips one bit; from the end when `offset` is negative.
void damage(const std::filesystem::path& path, std::int64_t offset) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(offset, offset < 0 ? std::ios::end : std::ios::beg);
  const int byte = file.get();
  file.seekp(offset, offset < 0 ? std::ios::end : std::ios::beg);
  file.put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(file.good());
}

class ObjectCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    archive_ = open_archive(options_);
    ASSERT_NE(archive_, nullptr);
    ASSERT_TRUE(store(*archive_, object_));
    ASSERT_TRUE(archive_->counts());  // in its final place
  }
  std::filesystem::path file() {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(options_.path / "objects")) {
      if (entry.is_regular_file()) return entry.path();
    }
    ADD_FAILURE() << "no object is there";
    return {};
  }
  std::size_t problems() { return archive_->verify({})->problems.size(); }
  void expect_healed() {
    ASSERT_EQ(problems(), 1U);
    const auto again = store(*archive_, object_);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(again->outcome, StoreOutcome::Replaced);
    expect_stored(*archive_, object_);
    expect_sound(*archive_);
    EXPECT_EQ(store(*archive_, object_)->outcome, StoreOutcome::AlreadyStored);
    EXPECT_EQ(archive_->counts()->instances, 1U);
  }

  TemporaryFolder folder_;
  ArchiveOptions options_ = options_for(folder_ / "archive");
  TestObject object_;
  std::unique_ptr<LocalArchive> archive_;
};

TEST_F(ObjectCheckTest, AnObjectThatWasLostIsStoredAnewWhenItIsSentAgain) {
  ASSERT_TRUE(read_all(*archive_, object_.instance));  // it is held open: that must not hide it
  std::filesystem::remove(file());
  expect_healed();
}

TEST_F(ObjectCheckTest, AnObjectThatWasDamagedIsStoredAnewWhenItIsSentAgain) {
  damage(file(), -20);
  expect_healed();
}

TEST_F(ObjectCheckTest, AnObjectThatWasCutIsStoredAnewWhenItIsSentAgain) {
  std::filesystem::resize_file(file(), 700);
  expect_healed();
}

TEST_F(ObjectCheckTest, ALargeObjectHealsToo) {
  TestObject large = TestObject::number(7);
  large.pixel_bytes = 500'000;
  ASSERT_TRUE(store(*archive_, large, 16'384));
  ASSERT_TRUE(archive_->counts());
  const auto record = archive_->find_instance(large.instance);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(options_.path / "objects")) {
    if (entry.path().stem() == record->object_key) damage(entry.path(), 300'000);
  }
  EXPECT_EQ(problems(), 1U);
  EXPECT_EQ(store(*archive_, large, 16'384)->outcome, StoreOutcome::Replaced);
  expect_stored(*archive_, large);
  expect_sound(*archive_);
}

TEST_F(ObjectCheckTest, EveryBitBeforeTheDataSetIsLookedAtButThoseOfFreeText) {
  const auto record = archive_->find_instance(object_.instance);
  auto whole = read_all(*archive_, object_.instance);
  ASSERT_TRUE(record && whole);
  Bytes front(whole->begin(),
              whole->begin() + static_cast<std::ptrdiff_t>(record->data_set_offset));
  EXPECT_TRUE(check_front(*record, front));
  std::size_t unseen = 0;
  for (std::byte& byte : front) {
    for (int bit = 0; bit < 8; ++bit) {
      byte ^= std::byte{1} << bit;
      unseen += check_front(*record, front).has_value() ? 1 : 0;
      byte ^= std::byte{1} << bit;
    }
  }
  // (0002,0013) Implementation Version Name and (0002,0016) Source AE Title.
  EXPECT_LE(unseen, 8U * 32U);
  for (std::size_t length = 0; length < front.size(); ++length) {
    EXPECT_FALSE(check_front(*record, ByteView(front).first(length))) << length;
  }
}

TEST_F(ObjectCheckTest, AMetaGroupOfAnEarlierReleaseIsWhole) {
  const auto record = archive_->find_instance(object_.instance);
  ASSERT_TRUE(record);
  auto file = read_file(share(*read_all(*archive_, object_.instance)));
  ASSERT_TRUE(file);
  file->header.meta.set_text(Tag{0x0002, 0x0013}, VR::SH, "PACS_0_0_1");
  file->data_set = DataSet{};
  const auto front = write_file(*file);
  ASSERT_TRUE(front);
  EXPECT_TRUE(check_front(*record, *front));
}

TEST_F(ObjectCheckTest, VerifySeesDamageBeforeTheDataSet) {
  damage(file(), 5);
  const auto report = archive_->verify({});
  ASSERT_EQ(report->problems.size(), 1U);
  EXPECT_THAT(report->problems.front().message, HasSubstr("preamble"));
}

TEST_F(ObjectCheckTest, VerifySeesWhatTheIndexSaysWrongly) {
  struct Case {
    std::string_view sql, message;
  };
  for (const Case& wrong : {
           Case{"UPDATE instance SET header = x'00'", "header in the index that cannot be read"},
           Case{"DELETE FROM header_base", "header in the index that cannot be read"},
           Case{"UPDATE instance SET instance_number = '77'", "instance_number"},
           Case{"UPDATE series SET series_instance_uid = '1.2.9'", "a different study or series"},
           Case{"UPDATE series SET instance_count = 9", "series 1.2.3.4 has a wrong count"},
           Case{"UPDATE study SET series_count = 9", "study 1.2.3 has a wrong count"},
           Case{"UPDATE study SET modalities = 'MR'", "does not list the modality CT"},
           Case{"UPDATE patient SET study_count = 9", "patient 1 has a wrong count"},
           Case{"UPDATE archive_state SET instances = 9", "the archive has a wrong count"},
       }) {
    SCOPED_TRACE(wrong.sql);
    const TemporaryFolder folder;
    options_.path = folder / "archive";
    archive_ = open_archive(options_);
    ASSERT_TRUE(store(*archive_, object_));
    expect_sound(*archive_);
    {
      auto database = open_sqlite(options_.path / "index.sqlite", {});
      ASSERT_TRUE(database) << database.error().to_string();
      ASSERT_TRUE((*database)->execute(wrong.sql));
    }
    const auto report = archive_->verify({});
    ASSERT_TRUE(report) << report.error().to_string();
    ASSERT_FALSE(report->problems.empty());
    EXPECT_THAT(report->problems.front().message, HasSubstr(std::string(wrong.message)));
    archive_.reset();
  }
}

TEST(FindArchive, AFolderWithoutOneIsNotFoundAndStaysAsItIs) {
  const TemporaryFolder folder;
  EXPECT_EQ(find_archive(folder / "nowhere").error().kind, ErrorKind::NotFound);
  EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
  ASSERT_NE(open_archive(options_for(folder / "archive")), nullptr);
  EXPECT_TRUE(find_archive(folder / "archive"));
}

TEST(FullDisk, AStartThatFailsForItSaysSo) {
  const TemporaryFolder folder;
  const auto files = FaultFileSystem::create();
  files->set_free_bytes(100 << 10);
  files->fail_from(3, ErrorKind::Io);
  ArchiveOptions options = options_for(folder / "archive");
  options.file_system = files;
  const auto opened = LocalArchive::open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::OutOfResources);
  EXPECT_THAT(opened.error().message, HasSubstr("the disk is full (100 KiB are free)"));
  EXPECT_THAT(opened.error().message, HasSubstr("make room and start again"));
}

TEST(FullDisk, WhoeverIsRefusedForItFindsTheArchiveNotReadyAtOnce) {
  const TemporaryFolder folder;
  const auto files = FaultFileSystem::create();
  ArchiveOptions options = options_for(folder / "archive");
  options.file_system = files;
  options.free_bytes_min = 1 << 20;
  files->set_free_bytes(2 << 20);
  const auto archive = open_archive(options);
  ASSERT_NE(archive, nullptr);
  TestObject large;
  large.pixel_bytes = 500'000;
  auto ingest = archive->begin_ingest(large.context());  // now it is known that there is room
  ASSERT_TRUE(ingest);
  files->set_free_bytes(0);
  files->fail_when([](const FaultFileSystem::Operation& operation) -> std::optional<Error> {
    if (operation.name != "write") return std::nullopt;
    return Error{ErrorKind::OutOfResources, "no space"};
  });
  const auto refused = (*ingest)->append(large.data_set());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfResources);
  EXPECT_FALSE(archive->ready());
  files->fail_when({});
  files->set_free_bytes(2 << 20);
  EXPECT_TRUE(archive->ready()) << "and ready as soon as there is room";
}

}  // namespace
}  // namespace pacs::storage::test
