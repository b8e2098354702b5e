// StorableFile: a DICOM file on disk as an object to be stored: what it is and where its data set
// begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::services {

struct StorableFile {
  std::filesystem::path path;
  std::string sop_class_uid, sop_instance_uid;
  std::string transfer_syntax_uid;
  std::uint64_t data_set_offset = 0;
  std::uint64_t data_set_bytes = 0;
};

/// Reads the front of a file. Identity is what the data set says, the meta group's where it says
/// nothing: the receiver compares command and data set. Errors: Unsupported for what is not an
/// object to be stored (no DICOM file, a DICOMDIR), others for DICOM files that are damaged.
[[nodiscard]] Result<StorableFile> inspect_file(const std::filesystem::path& path);

/// The data set in the transfer syntax `as`, which may differ from the stored one only between
/// uncompressed ones (Unsupported else). Unchanged it is the mapped file; converted it is built in
/// memory, so objects above convert_bytes_max are refused.
[[nodiscard]] Result<SharedBytes> data_set_of(const StorableFile& file, std::string_view as);
inline constexpr std::uint64_t kConvertBytesMax = 1ULL << 30;

/// Whether write_data_set turns the one into the other without touching pixels.
[[nodiscard]] bool is_convertible(std::string_view from, std::string_view to);

}  // namespace pacs::services
