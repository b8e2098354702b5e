#include "web/http/zip_writer.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/storage/temporary_folder.h"

namespace pacs::web {
namespace {

/// What Python's zipfile, which knows nothing of us, says of a file.
std::string python(const std::string& program, const std::filesystem::path& path) {
  const std::string command = fmt::format("python3 -c '{}' {} 2>&1", program, path.string());
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const auto count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  pclose(pipe);
  return output;
}

constexpr const char* kReadAll =
    "import sys, zipfile\n"
    "z = zipfile.ZipFile(sys.argv[1])\n"
    "assert z.testzip() is None\n"
    "for i in z.infolist(): print(i.filename, i.file_size, i.date_time, z.read(i)[:8])";
constexpr const char* kList =
    "import sys, zipfile\n"
    "z = zipfile.ZipFile(sys.argv[1])\n"
    "for i in z.infolist(): print(i.filename, i.file_size, i.header_offset, z.open(i).read(2))";

TEST(ZipWriter, APythonReadsWhatItWritesWithTheLengthThatWasTold) {
  const storage::test::TemporaryFolder folder;
  ZipWriter zip({{"1.2/3.dcm", 5, 784'111'777}, {"empty", 0, 0}, {"\xC3\xA4", 3, 1LL << 40}});
  std::string file;
  for (const std::string_view content : {"hello", "", "abc"}) {
    file += zip.entry_head();
    for (const char c : content) ASSERT_TRUE(zip.content(as_bytes({&c, 1})));
    file += content;
    const auto end = zip.entry_end();
    ASSERT_TRUE(end);
    file += *end;
  }
  for (auto piece = zip.directory(); !piece.empty(); piece = zip.directory()) file += piece;
  EXPECT_EQ(file.size(), zip.bytes());
  const auto path = folder.path() / "a.zip";
  std::ofstream(path, std::ios::binary) << file;
  EXPECT_EQ(python(kReadAll, path),
            "1.2/3.dcm 5 (1994, 11, 6, 8, 49, 36) b'hello'\n"
            "empty 0 (1980, 1, 1, 0, 0, 0) b''\n"
            "\xC3\xA4 3 (2107, 12, 31, 23, 59, 58) b'abc'\n");
}

/// The contents are holes: what is tested is what lies between them.
TEST(ZipWriter, BeyondFourGibibytesItIsZip64) {
  constexpr std::uint64_t kLarge = 5ULL << 30;
  const storage::test::TemporaryFolder folder;
  ZipWriter zip({{"small", 2, 0}, {"large", kLarge, 0}, {"behind", 2, 0}});
  const auto path = folder.path() / "large.zip";
  std::ofstream file(path, std::ios::binary);
  const Bytes zeros(16 << 20);
  for (const std::uint64_t bytes : {std::uint64_t{2}, kLarge, std::uint64_t{2}}) {
    file << zip.entry_head();
    file.seekp(static_cast<std::streamoff>(bytes), std::ios::cur);
    for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
      const auto count = std::min<std::uint64_t>(zeros.size(), bytes - at);
      ASSERT_TRUE(zip.content(ByteView(zeros).first(count)));
    }
    file << zip.entry_end().value();
  }
  for (auto piece = zip.directory(); !piece.empty(); piece = zip.directory()) file << piece;
  EXPECT_EQ(static_cast<std::uint64_t>(file.tellp()), zip.bytes());
  file.close();
  const std::uint64_t behind = 30 + 5 + 2 + 16 + 30 + 5 + 20 + kLarge + 24;
  EXPECT_EQ(python(kList, path), fmt::format("small 2 0 b'\\x00\\x00'\n"
                                             "large {} 53 b'\\x00\\x00'\n"
                                             "behind 2 {} b'\\x00\\x00'\n",
                                             kLarge, behind));
}

TEST(ZipWriter, MoreThanSixtyFiveThousandEntriesAreZip64Too) {
  const storage::test::TemporaryFolder folder;
  std::vector<ZipEntry> entries;
  for (int i = 0; i < 70'000; ++i) entries.push_back({fmt::format("{}", i), 0, 0});
  ZipWriter zip(entries);
  std::string file;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    file += zip.entry_head();
    file += *zip.entry_end();
  }
  std::size_t longest = 0;
  for (auto piece = zip.directory(); !piece.empty(); piece = zip.directory()) {
    longest = std::max(longest, piece.size());
    file += piece;
  }
  EXPECT_LT(longest, 66'000U);
  EXPECT_EQ(file.size(), zip.bytes());
  const auto path = folder.path() / "many.zip";
  std::ofstream(path, std::ios::binary) << file;
  EXPECT_EQ(python("import sys, zipfile\n"
                   "print(len(zipfile.ZipFile(sys.argv[1]).namelist()))",
                   path),
            "70000\n");
}

TEST(ZipWriter, NothingIsAZipAsWell) {
  ZipWriter zip({});
  EXPECT_EQ(zip.directory().size(), 22U);
  EXPECT_EQ(zip.directory(), "");
  EXPECT_EQ(zip.bytes(), 22U);
}

TEST(ZipWriter, ContentOfAnotherLengthIsAnError) {
  ZipWriter zip({{"a", 3, 0}, {"b", 3, 0}});
  (void)zip.entry_head();
  ASSERT_TRUE(zip.content(as_bytes("ab")));
  EXPECT_EQ(zip.entry_end().error().kind, ErrorKind::Corrupt);
  (void)zip.entry_head();
  EXPECT_EQ(zip.content(as_bytes("abcd")).error().kind, ErrorKind::Corrupt);
}

TEST(ZipWriter, NamesLeadNowhereElse) {
  EXPECT_EQ(zip_name("1.2/3.4/5.dcm"), "1.2/3.4/5.dcm");
  EXPECT_EQ(zip_name("/etc//passwd"), "etc/passwd");
  EXPECT_EQ(zip_name("../../a/./.."), "a");
  EXPECT_EQ(zip_name("C:\\a\r\n\x7F"), "C__a___");
  EXPECT_EQ(zip_name(""), "_");
  EXPECT_EQ(zip_name("../.."), "_");
  EXPECT_EQ(zip_name(std::string(300, 'a')).size(), 200U);
}

}  // namespace
}  // namespace pacs::web
