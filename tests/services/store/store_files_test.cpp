#include "services/store/store_files.h"

#include <gmock/gmock.h>

#include "tests/services/temporary_folder.h"

namespace pacs::services {
namespace {

using testing::HasSubstr;

class StoreFilesTest : public testing::Test {
 protected:
  std::vector<FileResult> store(std::size_t associations = 1, std::uint16_t window = 1,
                                std::size_t retries = 2) {
    StoreOptions options;
    options.peer.port = pacs.port();
    options.peer.called_ae = "PACS";
    options.peer.user.operations_window = {window, 1};
    options.associations = associations;
    options.retries = retries;
    if (!offer_conversion) options.conversions.clear();
    options.retry_delay = std::chrono::milliseconds{1};
    std::vector<FileResult> results(files.size());
    std::vector<int> reported(files.size());
    store_files(files, options, {}, [&](const FileResult& result) {
      results[result.file] = result;
      ++reported[result.file];
    });
    EXPECT_THAT(reported, testing::Each(1));
    return results;
  }
  void adds(const TestObject& object) {
    const auto path = folder.write(std::to_string(files.size()), object);
    auto file = inspect_file(path);
    ASSERT_TRUE(file);
    files.push_back(std::move(*file));
  }

  TemporaryFolder folder;
  std::vector<StorableFile> files;
  Pacs pacs;
  bool offer_conversion = true;
};

TEST_F(StoreFilesTest, SendsEveryFileInItsStoredTransferSyntax) {
  pacs.starts();
  const std::vector<TestObject> objects{
      ct("1.2.1"),
      ct("1.2.2", 300'000, uids::JPEG2000Lossless),
      ct("1.2.3", 600'000, uids::ImplicitVRLittleEndian),
      ct("1.2.4", 10, uids::ExplicitVRBigEndian),
      ct("1.2.5", 10, uids::DeflatedExplicitVRLittleEndian),
      ct("1.2.6", 10, uids::ExplicitVRLittleEndian, uids::MRImageStorage)};
  for (const TestObject& object : objects) adds(object);
  for (const FileResult& result : store()) {
    EXPECT_EQ(result.outcome, FileOutcome::Stored) << result.reason;
  }
  for (const TestObject& object : objects) {
    const auto stored = pacs.archive().object(object.sop_instance_uid);
    ASSERT_TRUE(stored) << object.sop_instance_uid;
    EXPECT_EQ(stored->data_set, object.data_set);
    EXPECT_EQ(stored->transfer_syntax_uid, object.transfer_syntax_uid);
  }
}

TEST_F(StoreFilesTest, KeepsTheWindowFull) {
  pacs.starts();
  for (int i = 0; i < 8; ++i) adds(ct("1.2." + std::to_string(i)));
  pacs.archive().holds_commits();
  auto stored = std::async(std::launch::async, [&] { return store(1, 8); });
  EXPECT_TRUE(pacs.archive().waits_for_held(8));
  pacs.archive().release_commits();
  for (const FileResult& result : stored.get()) EXPECT_EQ(result.outcome, FileOutcome::Stored);
}

TEST_F(StoreFilesTest, SeveralAssociationsShareTheFiles) {
  pacs.starts();
  for (int i = 0; i < 40; ++i) adds(ct("1.2." + std::to_string(i), 20'000));
  pacs.archive().holds_commits();
  auto stored = std::async(std::launch::async, [&] { return store(4); });
  EXPECT_TRUE(pacs.archive().waits_for_held(4));  // each with a window of one
  pacs.archive().release_commits();
  for (const FileResult& result : stored.get()) EXPECT_EQ(result.outcome, FileOutcome::Stored);
  EXPECT_EQ(pacs.archive().size(), 40U);
}

TEST_F(StoreFilesTest, ConvertsForAPeerThatTakesOnlyTheDefaultTransferSyntax) {
  pacs.takes_only(uids::ImplicitVRLittleEndian);
  pacs.starts();
  adds(ct("1.2.1"));
  adds(ct("1.2.2", 64, uids::ExplicitVRBigEndian));
  adds(ct("1.2.3", 64, uids::MPEG2MPML));
  const auto results = store();
  EXPECT_EQ(results[0].outcome, FileOutcome::Stored);
  EXPECT_EQ(results[0].transfer_syntax_uid, uids::ImplicitVRLittleEndian);
  EXPECT_EQ(results[1].outcome, FileOutcome::Stored);
  EXPECT_EQ(results[2].outcome, FileOutcome::Failed);
  EXPECT_THAT(results[2].reason, HasSubstr("takes no MPEG2 Main Profile"));
  const auto expected = ct("1.2.1", 512, uids::ImplicitVRLittleEndian);
  EXPECT_EQ(pacs.archive().object("1.2.1")->data_set, expected.data_set);
}

TEST_F(StoreFilesTest, DoesNotConvertWhenToldNotTo) {
  offer_conversion = false;
  pacs.takes_only(uids::ImplicitVRLittleEndian);
  pacs.starts();
  adds(ct("1.2.1"));
  EXPECT_EQ(store()[0].outcome, FileOutcome::Failed);
}

TEST_F(StoreFilesTest, AFailureStatusIsTheFilesAndTheRestGoesOn) {
  pacs.starts();
  adds(ct("1.2.1"));
  TestObject unserved = ct("1.2.2", 10, uids::ExplicitVRLittleEndian, "1.2.3.4.5");
  adds(unserved);
  adds(ct("1.2.3"));
  const auto results = store();
  EXPECT_EQ(results[0].outcome, FileOutcome::Stored);
  EXPECT_EQ(results[1].outcome, FileOutcome::Failed);
  EXPECT_THAT(results[1].reason, HasSubstr("does not take 1.2.3.4.5"));
  EXPECT_EQ(results[2].outcome, FileOutcome::Stored);
}

TEST_F(StoreFilesTest, AFullPeerIsAFailureWithItsStatusAndComment) {
  pacs.archive().fails("commit", Error{ErrorKind::OutOfResources, "the disk is full"});
  pacs.starts();
  adds(ct("1.2.1"));
  const auto results = store();
  EXPECT_EQ(results[0].status, network::status::kOutOfResources);
  EXPECT_THAT(results[0].reason, HasSubstr("A700: the disk is full"));
}

TEST_F(StoreFilesTest, APeerThatHasTheInstanceIsAWarningAndNoProofThatItIsTheSame) {
  pacs.archive().fails("commit", Error{ErrorKind::Duplicate, "it is here"});
  pacs.starts();
  adds(ct("1.2.1"));
  const auto results = store();
  EXPECT_EQ(results[0].outcome, FileOutcome::Warning);
  EXPECT_EQ(results[0].status, network::status::kDuplicateSopInstance);
  EXPECT_THAT(results[0].reason, HasSubstr("0111: it is here"));
  EXPECT_THAT(results[0].reason, HasSubstr("does not say whether it is the same"));
}

TEST_F(StoreFilesTest, FilesOfABrokenAssociationAreSentAgain) {
  pacs.drops_associations(1);
  pacs.starts();
  for (int i = 0; i < 5; ++i) adds(ct("1.2." + std::to_string(i)));
  for (const FileResult& result : store()) {
    EXPECT_EQ(result.outcome, FileOutcome::Stored) << result.reason;
  }
}

TEST_F(StoreFilesTest, APeerThatKeepsBreakingOffIsGivenUp) {
  pacs.drops_associations(1000);
  pacs.starts();
  for (int i = 0; i < 5; ++i) adds(ct("1.2." + std::to_string(i)));
  for (const FileResult& result : store()) EXPECT_EQ(result.outcome, FileOutcome::Failed);
}

TEST_F(StoreFilesTest, NobodyListeningFailsEveryFileWithTheReason) {
  pacs.starts();
  adds(ct("1.2.1"));
  adds(ct("1.2.2"));
  pacs.server().shut_down(std::chrono::milliseconds{0});
  for (const FileResult& result : store(1, 1, 0)) {
    EXPECT_EQ(result.outcome, FileOutcome::Failed);
    EXPECT_FALSE(result.reason.empty());
  }
}

}  // namespace
}  // namespace pacs::services
