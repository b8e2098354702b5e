#include "apps/commands/commit_options.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/storage/temporary_folder.h"

namespace pacs::apps {
namespace {

TEST(CommitOptions, AListenPlaceIsAPortWithOrWithoutAnAddress) {
  EXPECT_EQ(parse_listen("11190")->port, 11190);
  EXPECT_EQ(parse_listen("11190")->address, "127.0.0.1");
  EXPECT_EQ(parse_listen("0.0.0.0:104")->address, "0.0.0.0");
  EXPECT_EQ(parse_listen("0.0.0.0:104")->port, 104);
  for (const char* wrong : {"", "x", ":104", "1.2.3.4:", "70000", "104x"}) {
    EXPECT_FALSE(parse_listen(wrong)) << wrong;
  }
}

TEST(CommitOptions, InstancesAreNamedByUidWithTheirSopClass) {
  const auto references = collect_references({"1.2.3", "1.2.4"}, "CTImageStorage");
  ASSERT_TRUE(references);
  ASSERT_EQ(references->size(), 2U);
  EXPECT_EQ(references->front().sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_EQ(references->back().sop_instance_uid, "1.2.4");
  EXPECT_EQ(collect_references({"1.2.3"}, "1.2.99")->front().sop_class_uid, "1.2.99");
  EXPECT_FALSE(collect_references({"1.2.3"}, ""));
  EXPECT_FALSE(collect_references({"1.2.3"}, "NoSuchStorage"));
  EXPECT_FALSE(collect_references({"nothing.dcm"}, "CTImageStorage"));
}

TEST(CommitOptions, AFolderWithoutObjectsNamesNone) {
  const storage::test::TemporaryFolder folder;
  std::ofstream(folder.path() / "readme.txt") << "hello";
  EXPECT_FALSE(collect_references({folder.path().string()}, ""));
}

}  // namespace
}  // namespace pacs::apps
