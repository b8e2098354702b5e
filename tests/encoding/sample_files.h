// The sample files of pydicom (python3-pydicom): real objects and such as are broken on purpose.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "encoding/data_sets/dicom_file.h"

namespace pacs::test {

inline const std::filesystem::path kSampleRoot = "/usr/lib/python3/dist-packages/pydicom/data";

/// Regular files below test_files and charset_files, in the order of their names.
std::vector<std::filesystem::path> sample_files();
/// Those of them that are DICOM and read without error.
std::vector<std::filesystem::path> good_sample_files();
inline std::filesystem::path sample(const std::string& name) {
  return kSampleRoot / "test_files" / name;
}

/// The data set's bytes of a file, and the transfer syntax they are in.
struct SampleDataSet {
  SharedBytes bytes;
  const TransferSyntax* syntax;
};
SampleDataSet sample_data_set(const std::filesystem::path& path);

}  // namespace pacs::test
