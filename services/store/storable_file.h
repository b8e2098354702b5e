// StorableFile: a DICOM file on disk as an object to be stored: what it is and where its data set
// begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/data_sets/file_reader.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/scan/departure.h"
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

/// Whether a stored data set of this length goes out as it lies there. One that is odd as a whole
/// does not: PS3.8 §E.1 wants fragments of even length, and receivers abort over others. (A
/// deflated one is padded instead, PS3.5 §A.5.)
[[nodiscard]] bool can_go_unchanged(std::string_view transfer_syntax_uid,
                                    std::uint64_t data_set_bytes);

/// The data set piece by piece, as it lies in the file. Memory is bounded; a disk that fails or a
/// file that becomes shorter is an error that names the file.
[[nodiscard]] Result<Pieces> stored_pieces(const StorableFile& file);

/// The data set in a transfer syntax as it goes out: as it lies, or transcoded (Unsupported where
/// it cannot be). Always of even length (PS3.5 §A.5 for deflated ones, which some writers leave
/// odd; receivers abort when a fragment is). `departed` is told what decoded pixel data departs in,
/// of the same maybe often.
[[nodiscard]] Result<Pieces> sent_pieces(const StorableFile& file, std::string_view as,
                                         std::function<void(Departures)> departed = {});
/// The same, opened when its first piece is asked for: what waits for its turn to be sent keeps no
/// memory. `file` outlives it.
[[nodiscard]] network::DataSource data_set_when_sent(const StorableFile& file, std::string as,
                                                     std::function<void(Departures)> departed = {});

}  // namespace pacs::services
