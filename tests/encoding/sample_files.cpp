#include "tests/encoding/sample_files.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pacs::test {

std::vector<std::filesystem::path> sample_files() {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"test_files", "charset_files"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kSampleRoot / folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::filesystem::path> good_sample_files() {
  std::vector<std::filesystem::path> good;
  for (const auto& path : sample_files()) {
    if (read_file(path)) good.push_back(path);
  }
  return good;
}

SampleDataSet sample_data_set(const std::filesystem::path& path) {
  auto bytes = map_file(path);
  EXPECT_TRUE(bytes) << path;
  const auto header = read_file_header(*bytes);
  EXPECT_TRUE(header) << path;
  bytes->view = bytes->view.subspan(header->data_set_offset);
  return {*bytes, header->syntax};
}

}  // namespace pacs::test
