#include "storage/objects/file_storage.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {
namespace {

class FileStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = FileStorage::open(make_file_system(), folder_.path());
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = std::move(*opened);
  }
  Result<> put(std::string_view key, std::string_view text) {
    // In two parts, as meta group and data set come.
    const ByteView all = as_bytes(text);
    const ByteView parts[] = {all.first(all.size() / 2), all.subspan(all.size() / 2)};
    return store_->put(key, parts);
  }
  std::string get(std::string_view key, std::uint64_t offset = 0, std::size_t length = 1 << 20) {
    Bytes to(length);
    const auto got = store_->read(key, offset, to);
    if (!got) return "error: " + std::string(to_string(got.error().kind));
    return std::string(as_text(ByteView(to).first(*got)));
  }

  TemporaryFolder folder_;
  std::unique_ptr<FileStorage> store_;
};

TEST_F(FileStorageTest, AnObjectPutIsReadFromAnyOffset) {
  for (const std::size_t size : {1U, 100U, 4096U, 65'536U, 70'001U, 200'000U}) {
    std::string text(size, 'a');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    const std::string key = object_key(size);
    ASSERT_TRUE(put(key, text));
    EXPECT_EQ(get(key), text) << size;
    EXPECT_EQ(store_->size(key), size);
    EXPECT_EQ(get(key, size / 2), text.substr(size / 2));
    EXPECT_EQ(get(key, size), "");
    EXPECT_EQ(std::filesystem::file_size(store_->path_of(key)), size);
  }
}

TEST_F(FileStorageTest, PuttingAgainReplacesWhatACrashLeft) {
  const std::string key = object_key(1);
  ASSERT_TRUE(put(key, std::string(100'000, 'x')));
  ASSERT_TRUE(put(key, "short"));
  EXPECT_EQ(get(key), "short");
}

TEST_F(FileStorageTest, AWriterDroppedWithoutFlushHasStoredNothing) {
  const std::string key = object_key(1);
  {
    auto writer = store_->begin(key);
    ASSERT_TRUE(writer);
    const ByteView part = as_bytes("half");
    ASSERT_TRUE((*writer)->append({&part, 1}));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "incoming"));
  EXPECT_EQ(store_->finish(key).error().kind, ErrorKind::NotFound);
}

TEST_F(FileStorageTest, AFlushedObjectIsReadableAtOnceAndFinishedTwiceWithoutHarm) {
  const std::string key = object_key(1);
  auto writer = store_->begin(key);
  ASSERT_TRUE(writer);
  const ByteView parts[] = {as_bytes("one "), as_bytes("two")};
  ASSERT_TRUE((*writer)->append(parts));
  ASSERT_TRUE((*writer)->flush(true));
  writer->reset();
  EXPECT_EQ(get(key), "one two");
  ASSERT_TRUE(store_->finish(key));
  ASSERT_TRUE(store_->finish(key));
  EXPECT_EQ(get(key), "one two");
  EXPECT_TRUE(std::filesystem::exists(store_->path_of(key)));
}

TEST_F(FileStorageTest, DiscardForgetsWhatWasNotFinished) {
  for (const std::uint64_t number : {1U, 2U, 3U}) {
    auto writer = store_->begin(object_key(number));
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->flush(false));
  }
  ASSERT_TRUE(store_->discard(object_key(1)));
  EXPECT_EQ(get(object_key(1)), "error: not found");
  ASSERT_TRUE(store_->finish(object_key(2)));
  ASSERT_TRUE(store_->discard_all());
  EXPECT_EQ(get(object_key(2)), "");
  EXPECT_EQ(get(object_key(3)), "error: not found");
}

TEST_F(FileStorageTest, ARemovedObjectIsGoneAlsoForThoseWhoReadIt) {
  const std::string key = object_key(1);
  ASSERT_TRUE(put(key, "text"));
  EXPECT_EQ(get(key), "text");
  ASSERT_TRUE(store_->remove(key));
  EXPECT_EQ(get(key), "error: not found");
  EXPECT_TRUE(store_->remove(key));
}

TEST_F(FileStorageTest, KeysThatCouldLeaveTheFolderAreRefused) {
  for (const std::string_view key :
       {"", "short", "../../etc/passwd", "0000000000/1", "00000000000.", "ABCDEFABCDEF"}) {
    EXPECT_EQ(put(key, "x").error().kind, ErrorKind::InvalidArgument) << key;
    EXPECT_EQ(store_->begin(key).error().kind, ErrorKind::InvalidArgument) << key;
    EXPECT_EQ(store_->finish(key).error().kind, ErrorKind::InvalidArgument) << key;
    EXPECT_EQ(store_->discard(key).error().kind, ErrorKind::InvalidArgument) << key;
    EXPECT_EQ(store_->remove(key).error().kind, ErrorKind::InvalidArgument) << key;
    EXPECT_EQ(get(key), "error: invalid argument") << key;
  }
}

TEST_F(FileStorageTest, NoDirectoryHoldsMoreThan4096Files) {
  EXPECT_EQ(store_->path_of(object_key(0x30e8)), folder_ / "objects/000000/003/0000000030e8.dcm");
  EXPECT_EQ(store_->path_of(object_key(0x1000)).parent_path(), folder_ / "objects/000000/001");
  EXPECT_EQ(store_->path_of(object_key(0xFFFFFFFFFFFF)),
            folder_ / "objects/ffffff/fff/ffffffffffff.dcm");
}

TEST_F(FileStorageTest, ListNamesObjectsAndStrangers) {
  ASSERT_TRUE(put(object_key(1), "a"));
  ASSERT_TRUE(put(object_key(0x5001), "b"));
  std::ofstream(folder_ / "objects/000000/000/readme.txt") << "x";
  std::ofstream(folder_ / "objects/000000/000/000000009999.dcm") << "in the wrong folder";
  std::ofstream(folder_ / "objects/stray") << "x";
  std::vector<std::string> keys;
  std::size_t strangers = 0;
  ASSERT_TRUE(store_->list([&](std::string_view key, const std::string&) {
    if (key.empty()) {
      ++strangers;
    } else {
      keys.emplace_back(key);
    }
    return true;
  }));
  std::ranges::sort(keys);
  EXPECT_EQ(keys, (std::vector<std::string>{object_key(1), object_key(0x5001)}));
  EXPECT_EQ(strangers, 3U);
}

TEST_F(FileStorageTest, ManyObjectsCanBeReadInTurn) {
  for (std::uint64_t n = 1; n <= 100; ++n) ASSERT_TRUE(put(object_key(n), std::to_string(n)));
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t n = 1; n <= 100; ++n) EXPECT_EQ(get(object_key(n)), std::to_string(n));
  }
}

}  // namespace
}  // namespace pacs::storage::test
