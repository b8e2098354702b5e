// StorableFile: a DICOM file on disk as an object to be stored: what it is and where its data set
// begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/data_sets/file_reader.h"
#include "encoding/transfer_syntax.h"
#include "network/association.h"

namespace pacs::services {

struct StorableFile {
  std::filesystem::path path;
  std::string sop_class_uid, sop_instance_uid;
  /// As named: one whose bytes are encoded otherwise goes out as it came all the same.
  std::string transfer_syntax_uid;
  std::uint64_t data_set_offset = 0;
  std::uint64_t data_set_bytes = 0;
};

/// Reads the front of a file. Identity is what the data set says, the meta group's where it says
/// nothing: the receiver compares command and data set. Errors: Unsupported for what is not an
/// object to be stored (no DICOM file, a DICOMDIR), others for DICOM files that are damaged.
[[nodiscard]] Result<StorableFile> inspect_file(const std::filesystem::path& path);

/// Whether a data set can be given in another transfer syntax: the same one, and between
/// uncompressed ones (services/dispatch/service.h) any.
[[nodiscard]] bool is_convertible(std::string_view from, std::string_view to);
/// A stored data set in another uncompressed transfer syntax, or in the same one. Values of odd
/// length come out even (PS3.5 §7.1.1) and group lengths are left out. Errors: Unsupported, or what
/// is wrong with the data set.
[[nodiscard]] Result<SharedBytes> convert_data_set(SharedBytes data_set, std::string_view from,
                                                   std::string_view to);

/// Whether a stored data set of this length goes out as it lies there. One that is odd as a whole
/// does not: PS3.8 §E.1 wants fragments of even length, and receivers abort over others. (A
/// deflated one is padded instead, PS3.5 §A.5.)
[[nodiscard]] bool can_go_unchanged(std::string_view transfer_syntax_uid,
                                    std::uint64_t data_set_bytes);

/// Whether data_set_of can give the data set in this transfer syntax: the file's own, and between
/// uncompressed ones any.
[[nodiscard]] bool is_convertible(const StorableFile& file, std::string_view to);

/// The data set in a transfer syntax (Unsupported when it is not convertible). It lies in
/// memory: objects above kConvertBytesMax are refused.
[[nodiscard]] Result<SharedBytes> data_set_of(const StorableFile& file, std::string_view as);
inline constexpr std::uint64_t kConvertBytesMax = 1ULL << 30;

/// The same piece by piece. Unchanged it is read from the file as it is asked for: memory is
/// bounded, and a disk that fails or a file that becomes shorter is an error.
class DataSetPieces {
 public:
  [[nodiscard]] static Result<DataSetPieces> open(const StorableFile& file, std::string_view as);
  /// Empty at the end. Valid until the next call.
  [[nodiscard]] Result<ByteView> next();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  DataSetPieces() = default;
  std::optional<FileReader> file_;  // or
  SharedBytes converted_;
  Bytes buffer_;
  std::uint64_t size_ = 0, begin_ = 0, given_ = 0;
};

/// The same as a stream to be sent: always of even length (PS3.5 §A.5 for deflated ones, which some
/// writers leave odd; receivers abort when a fragment is).
[[nodiscard]] Result<network::DataSource> open_data_set(const StorableFile& file,
                                                        std::string_view as);
/// The same, opened when its first piece is asked for: what waits for its turn to be sent keeps no
/// memory. `file` outlives it.
[[nodiscard]] network::DataSource data_set_when_sent(const StorableFile& file, std::string as);

}  // namespace pacs::services
