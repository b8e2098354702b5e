#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/disk/aligned_buffer.h"
#include "storage/disk/file_system.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::shared_ptr<FileSystem> files_ = make_file_system();
};

TEST_F(FileSystemTest, PartsAreWrittenOneBehindTheOther) {
  auto file = files_->open(folder_ / "a", OpenMode::Create);
  ASSERT_TRUE(file);
  // More parts than one system call takes, some empty.
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 1000; ++i) texts.push_back(std::string(static_cast<std::size_t>(i % 4), 'x'));
  std::vector<ByteView> parts;
  for (const std::string& text : texts) {
    parts.push_back(as_bytes(text));
    whole += text;
  }
  ASSERT_TRUE((*file)->write(parts, 3));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ((*file)->size(), whole.size() + 3);
  auto again = files_->open(folder_ / "a", OpenMode::Read);
  ASSERT_TRUE(again);
  Bytes to(whole.size() + 100);
  EXPECT_EQ((*again)->read(to, 3), whole.size());
  EXPECT_EQ(as_text(ByteView(to).first(whole.size())), whole);
  EXPECT_EQ((*again)->read(to, 100'000), 0U);
}

TEST_F(FileSystemTest, DirectFilesTakeWholeBlocksAndCanBeCut) {
  auto file = files_->open(folder_ / "a", OpenMode::CreateDirect);
  ASSERT_TRUE(file);
  AlignedBuffer buffer;
  const auto block = buffer.take(2 * kDirectAlignment);
  std::ranges::fill(block, std::byte{7});
  ASSERT_TRUE(write(**file, block, 0));
  ASSERT_TRUE((*file)->resize(5000));
  EXPECT_EQ((*file)->size(), 5000U);
}

TEST_F(FileSystemTest, ErrorsSayKindAndPath) {
  const auto missing = files_->open(folder_ / "none", OpenMode::Read);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(missing.error().where, (folder_ / "none").native());
  EXPECT_EQ(files_->rename(folder_ / "none", folder_ / "x").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(files_->open(folder_ / "no" / "dir", OpenMode::Create).error().kind,
            ErrorKind::NotFound);
  EXPECT_TRUE(files_->remove(folder_ / "none"));
  EXPECT_TRUE(files_->list(folder_ / "none")->empty());
}

TEST_F(FileSystemTest, AFileSizeLimitIsAMatterOfResources) {
  struct Limit {
    Limit() {
      ::getrlimit(RLIMIT_FSIZE, &before);
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit small{8192, before.rlim_max};
      ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~Limit() { ::setrlimit(RLIMIT_FSIZE, &before); }
    rlimit before{};
  };
  auto file = files_->open(folder_ / "a", OpenMode::Create);
  ASSERT_TRUE(file);
  const Bytes large(20'000);
  Result<> written;
  {
    const Limit limit;
    written = write(**file, large, 0);
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::OutOfResources);
}

TEST_F(FileSystemTest, DirectoriesAreMadeListedAndFlushed) {
  ASSERT_TRUE(files_->make_directories(folder_ / "a" / "b"));
  ASSERT_TRUE(files_->make_directories(folder_ / "a" / "b"));
  ASSERT_TRUE(files_->open(folder_ / "a" / "f", OpenMode::Create));
  auto names = files_->list(folder_ / "a");
  ASSERT_TRUE(names);
  std::ranges::sort(*names);
  EXPECT_EQ(*names, (std::vector<std::string>{"b", "f"}));
  EXPECT_TRUE(files_->sync_directory(folder_ / "a"));
  EXPECT_TRUE(files_->sync_all(folder_.path()));
  EXPECT_GT(files_->free_bytes(folder_.path()).value_or(0), 0U);
}

}  // namespace
}  // namespace pacs::storage::test
