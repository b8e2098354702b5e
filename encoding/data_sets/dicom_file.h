// Part 10 files (PS3.10 §7): preamble, file meta information, data set.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

inline constexpr std::size_t kPreambleBytes = 128;

/// What a file says before its data set, and where that begins. A file without preamble or without
/// meta group is read too (a bare data set: its transfer syntax is found by looking).
struct FileHeader {
  bool has_preamble = false;  ///< and the prefix behind it
  bool has_prefix = false;    ///< "DICM", which some files begin with
  std::array<std::byte, kPreambleBytes> preamble{};
  DataSet meta;  ///< group 0002; empty for a bare data set
  /// What the data set is said to be in, never null in a result. What it is in is seen when it is
  /// read.
  TransferSyntax const* syntax = nullptr;
  std::string transfer_syntax_uid;  ///< as named in the file, or found where it names none
  std::uint64_t data_set_offset = 0;
};

/// Reads the front of a file; needs at most the first 1 MiB (all of a shorter file). Malformed when
/// it is not a DICOM file, Truncated when its meta group is cut short.
[[nodiscard]] Result<FileHeader> read_file_header(SharedBytes front);

struct DicomFile {
  FileHeader header;
  DataSet data_set;
};
/// Reads a whole file; it is mapped, not copied, so values of any size cost no memory until read.
[[nodiscard]] Result<DicomFile> read_file(const std::filesystem::path& path,
                                          const ReadOptions& options = {});
[[nodiscard]] Result<DicomFile> read_file(SharedBytes content, const ReadOptions& options = {});

/// Preamble, "DICM" and meta group for an object: what storage writes before a data set as received
/// (PS3.10 Table 7.1-1). `source_ae` may be empty.
[[nodiscard]] Bytes make_file_meta(std::string_view sop_class_uid,
                                   std::string_view sop_instance_uid,
                                   std::string_view transfer_syntax_uid,
                                   std::string_view source_ae);

/// Writes preamble, meta group and data set as they were read: those that were not there are not
/// made up, and (0002,0000) is set right.
[[nodiscard]] Result<Bytes> write_file(const DicomFile& file);

/// The bytes of a file: mapped when it is large, read when it is small or cannot be mapped. When
/// somebody truncates a mapped file, its readers are killed (SIGBUS): not for files that others may
/// write.
[[nodiscard]] Result<SharedBytes> map_file(const std::filesystem::path& path);

}  // namespace pacs
