#include "apps/options/file_walk.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

namespace pacs::apps {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class FileWalkTest : public testing::Test {
 protected:
  FileWalkTest() {
    std::string name = (fs::temp_directory_path() / "pacs-walk-XXXXXX").string();
    root = mkdtemp(name.data());
  }
  ~FileWalkTest() override { fs::remove_all(root); }
  void adds(const std::string& name) const {
    fs::create_directories((root / name).parent_path());
    std::ofstream{root / name} << "x";
  }
  [[nodiscard]] std::vector<std::string> walk(const std::vector<fs::path>& roots) const {
    FileWalk walk{roots};
    std::vector<std::string> found;
    while (const auto path = walk.next()) found.push_back(path->lexically_relative(root).string());
    return found;
  }
  fs::path root;
};

TEST_F(FileWalkTest, GivesEveryFileOnceInTheOrderOfNames) {
  adds("b/2");
  adds("b/1");
  adds("a");
  adds("c/d/e/f");
  EXPECT_THAT(walk({root}), ElementsAre("a", "b/1", "b/2", "c/d/e/f"));
}

TEST_F(FileWalkTest, FilesAndFoldersMayBeMixedAndKeepTheirOrder) {
  adds("z");
  adds("folder/1");
  EXPECT_THAT(walk({root / "z", root / "folder"}), ElementsAre("z", "folder/1"));
}

TEST_F(FileWalkTest, FollowsLinksToFilesButNotIntoLoops) {
  adds("folder/file");
  fs::create_directory_symlink(root, root / "folder" / "loop");
  fs::create_symlink(root / "folder" / "file", root / "link");
  EXPECT_THAT(walk({root}), ElementsAre("folder/file", "link"));
}

TEST_F(FileWalkTest, ALinkToAFolderIsEnteredWhenItIsNamed) {
  adds("folder/file");
  fs::create_directory_symlink(root / "folder", root / "link");
  EXPECT_EQ(walk({root / "link"}).size(), 1U);
}

TEST_F(FileWalkTest, WhatIsNotThereIsAProblemThatIsNamed) {
  FileWalk walk{{root / "nowhere"}};
  EXPECT_FALSE(walk.next());
  ASSERT_EQ(walk.problems().size(), 1U);
  EXPECT_EQ(walk.problems()[0].path, root / "nowhere");
  EXPECT_EQ(walk.problems()[0].reason, "No such file or directory");
  EXPECT_THAT(walk.problems()[0].to_string(), EndsWith("/nowhere: No such file or directory"));
}

TEST_F(FileWalkTest, WhatIsNoFileInAFolderIsNoFileAndNamed) {
  adds("folder/file");
  fs::create_symlink("nowhere", root / "folder" / "dangling");
  fs::create_symlink("loop", root / "folder" / "loop");
  fs::create_directory_symlink(root, root / "folder" / "up");
  ASSERT_EQ(mkfifo((root / "folder" / "pipe").c_str(), 0600), 0);
  FileWalk walk{{root}};
  ASSERT_TRUE(walk.next());
  EXPECT_FALSE(walk.next());
  EXPECT_TRUE(walk.problems().empty());
  std::vector<std::string> named;
  for (const NoFile& entry : walk.passed_over()) {
    named.push_back(entry.path.filename().string() + ": " + entry.reason);
  }
  EXPECT_THAT(named, ElementsAre("dangling: a link that leads nowhere: No such file or directory",
                                 HasSubstr("loop: a link that leads nowhere: Too many levels"),
                                 "pipe: neither a file nor a folder",
                                 "up: a link to a folder: name it to go into it"));
}

TEST_F(FileWalkTest, AnEmptyFolderGivesNothing) {
  EXPECT_TRUE(walk({root}).empty());
  EXPECT_TRUE(walk({}).empty());
}

}  // namespace
}  // namespace pacs::apps
