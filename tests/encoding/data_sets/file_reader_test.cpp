#include "encoding/data_sets/file_reader.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "encoding/data_sets/dicom_file.h"

namespace pacs {
namespace {

class FileReaderTest : public testing::Test {
 protected:
  FileReaderTest() { std::ofstream{path_, std::ios::binary} << std::string(300'000, 'x') << "end"; }
  ~FileReaderTest() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("pacs_file_reader_" + std::to_string(::getpid()));
};

TEST_F(FileReaderTest, ReadsByPositionUpToTheEnd) {
  const auto file = FileReader::open(path_);
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(file->size(), 300'003U);
  EXPECT_EQ(as_text(file->read(300'000, 100)->view), "end");
  EXPECT_TRUE(file->read(400'000, 100)->view.empty());
  Bytes piece(4);
  EXPECT_EQ(*file->read(piece, 299'999), 4U);
  EXPECT_EQ(as_text(piece), "xend");
}

TEST_F(FileReaderTest, AFileThatIsCutAfterItWasReadIsStillWhole) {
  const auto content = map_file(path_);
  ASSERT_TRUE(content);
  std::filesystem::resize_file(path_, 10);  // a mapping would end the program here
  EXPECT_EQ(as_text(content->view).substr(300'000), "end");
}

TEST_F(FileReaderTest, ErrorsNameTheFile) {
  EXPECT_EQ(FileReader::open("/nowhere/x").error().kind, ErrorKind::NotFound);
  const auto folder = FileReader::open("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().kind, ErrorKind::Io);
  EXPECT_EQ(folder.error().where, "/tmp");
}

}  // namespace
}  // namespace pacs
