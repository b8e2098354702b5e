#include "encoding/dicom_file.h"

#include <gtest/gtest.h>

#include <map>

#include "core/dicom_tags.h"
#include "encoding/inflate.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using testing::sample;
using testing::sample_files;

// What is no DICOM file, or broken on purpose, and what we answer.
const std::map<std::string, ErrorKind> kRefused{
    {"FileInfo.txt", ErrorKind::Malformed},
    {"README.txt", ErrorKind::Malformed},
    {"README", ErrorKind::Malformed},
    {"rtplan.dump", ErrorKind::Malformed},
    {"rtstruct.dump", ErrorKind::Malformed},
    {"test1.json", ErrorKind::Malformed},
    {"test_PN.json", ErrorKind::Malformed},
    {"zipMR.gz", ErrorKind::Malformed},
    {"MR_truncated.dcm", ErrorKind::Truncated},
    {"rtplan_truncated.dcm", ErrorKind::Truncated},
    {"DICOMDIR-nooffset", ErrorKind::Malformed},  // its last item is longer than its sequence
    {"no_meta.dcm", ErrorKind::Malformed},        // a stray byte before its first element
};

TEST(DicomFile, EverySampleIsReadOrRefusedAsExpected) {
  std::size_t read = 0;
  for (const auto& path : sample_files()) {
    const auto file = read_file(path);
    const auto refused = kRefused.find(path.filename());
    if (refused == kRefused.end()) {
      EXPECT_TRUE(file) << file.error().to_string();
      ++read;
    } else {
      ASSERT_FALSE(file) << path;
      EXPECT_EQ(file.error().kind, refused->second) << file.error().to_string();
      EXPECT_EQ(file.error().where, path.string());
    }
  }
  EXPECT_GT(read, 150U);
}

TEST(DicomFile, WritingWhatWasReadGivesTheSameBytes) {
  for (const auto& path : testing::good_sample_files()) {
    const auto content = map_file(path);
    ASSERT_TRUE(content);
    const auto file = read_file(*content);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto written = write_file(*file);
    ASSERT_TRUE(written) << path << written.error().to_string();
    if (!file->header.syntax->deflated) {
      EXPECT_EQ(as_text(*written), as_text(content->view)) << path;
      continue;
    }
    const auto offset = file->header.data_set_offset;
    EXPECT_EQ(as_text(ByteView{*written}.first(offset)), as_text(content->view.first(offset)));
    const auto before = inflate_all(content->view.subspan(offset), {});
    const auto after = inflate_all(ByteView{*written}.subspan(offset), {});
    ASSERT_TRUE(before && after);
    EXPECT_EQ(*before, *after) << path;
  }
}

}  // namespace
}  // namespace pacs
