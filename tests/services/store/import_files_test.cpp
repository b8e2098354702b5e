#include "services/store/import_files.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/services/temporary_folder.h"

namespace pacs::services {
namespace {

class ImportFilesTest : public testing::Test {
 protected:
  std::map<std::string, ImportResult> import(std::size_t threads = 2) {
    std::map<std::string, ImportResult> results;
    auto entry = std::filesystem::directory_iterator{folder.path()};
    import_files(
        archive,
        [&]() -> std::optional<std::filesystem::path> {
          if (entry == std::filesystem::directory_iterator{}) return std::nullopt;
          const auto path = entry->path();
          ++entry;
          return path;
        },
        {.threads = threads, .commits_in_flight = 4},
        [&](const ImportResult& result) {
          EXPECT_TRUE(results.emplace(result.path.filename().string(), result).second);
        });
    return results;
  }
  TemporaryFolder folder;
  TestArchive archive;
};

TEST_F(ImportFilesTest, StoresEveryFileByteForByte) {
  for (int i = 0; i < 50; ++i) {
    folder.write(std::to_string(i), ct("1.2." + std::to_string(i), 3000));
  }
  const auto results = import();
  ASSERT_EQ(results.size(), 50U);
  for (const auto& [name, result] : results) {
    EXPECT_EQ(result.outcome, ImportOutcome::Stored) << result.reason;
  }
  EXPECT_EQ(archive.object("1.2.7")->data_set, ct("1.2.7", 3000).data_set);
}

TEST_F(ImportFilesTest, ASecondRunPassesOverWhatIsThereWithoutStoringItAgain) {
  for (int i = 0; i < 10; ++i) folder.write(std::to_string(i), ct("1.2." + std::to_string(i)));
  import();
  const std::size_t begun = archive.begun();
  folder.write("new", ct("1.2.99"));
  const auto results = import();
  EXPECT_EQ(results.at("3").outcome, ImportOutcome::AlreadyStored);
  EXPECT_EQ(results.at("new").outcome, ImportOutcome::Stored);
  EXPECT_EQ(archive.begun(), begun + 1);
}

TEST_F(ImportFilesTest, AnotherObjectOfTheSameUidAndLengthIsNotTakenForTheStoredOne) {
  TestObject object = ct("1.2.1", 3000);
  folder.write("a", object);
  EXPECT_EQ(import().at("a").outcome, ImportOutcome::Stored);
  object.data_set.back() ^= std::byte{1};
  folder.write("a", object);
  const ImportResult differs = import().at("a");
  EXPECT_EQ(differs.outcome, ImportOutcome::Kept);  // what the policy says, and it asks it
  EXPECT_THAT(differs.reason, testing::HasSubstr("1.2.1"));
}

TEST_F(ImportFilesTest, NamesWhatIsNoObjectAndWhatIsBroken) {
  folder.write("good", ct("1.2.1"));
  folder.write("notes.txt", as_bytes("not DICOM"));
  TestObject broken = ct("1.2.2");
  broken.data_set.resize(broken.data_set.size() - 100);
  folder.write("broken", broken);
  const auto results = import();
  EXPECT_EQ(results.at("good").outcome, ImportOutcome::Stored);
  EXPECT_EQ(results.at("notes.txt").outcome, ImportOutcome::NoObject);
  EXPECT_EQ(results.at("broken").outcome, ImportOutcome::Failed);
  EXPECT_FALSE(results.at("broken").reason.empty());
  EXPECT_EQ(archive.size(), 1U);
}

TEST_F(ImportFilesTest, CommitsOfOneThreadOverlapUpToTheLimit) {
  for (int i = 0; i < 20; ++i) folder.write(std::to_string(i), ct("1.2." + std::to_string(i)));
  archive.holds_commits();
  auto done = std::async(std::launch::async, [&] { return import(1); });
  EXPECT_TRUE(archive.waits_for_held(4));
  archive.release_commits();
  EXPECT_EQ(done.get().size(), 20U);
  EXPECT_LE(archive.most_at_once(), 4U);
}

TEST_F(ImportFilesTest, AFullDiskFailsTheFilesItMeets) {
  folder.write("a", ct("1.2.1"));
  archive.fails("commit", Error{ErrorKind::OutOfResources, "the disk is full"});
  EXPECT_EQ(import().at("a").outcome, ImportOutcome::Failed);
  archive.fails("commit", std::nullopt);
  EXPECT_EQ(import().at("a").outcome, ImportOutcome::Stored);
}

}  // namespace
}  // namespace pacs::services
