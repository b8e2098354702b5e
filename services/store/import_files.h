// import_files: takes DICOM files on this machine into the archive without a network. What
// `pacs import` does, as a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace pacs::storage {
class Archive;
}

namespace pacs::services {

struct ImportOptions {
  std::size_t threads = 2;
  /// Objects of one thread whose commit is under way: enough to share flushes, and few enough that
  /// what they hold in memory does not matter.
  std::size_t commits_in_flight = 32;
};

enum class ImportOutcome : std::uint8_t {
  Stored,
  AlreadyStored,  ///< an earlier run, or another file with the same content
  Kept,           ///< another object with this UID is there, and policy keeps it
  Replaced,
  NoObject,  ///< not a DICOM file, or a DICOMDIR
  Failed,
};

struct ImportResult {
  std::filesystem::path path;
  ImportOutcome outcome = ImportOutcome::Failed;
  std::uint64_t bytes = 0;  ///< of the data set
  std::string reason;       ///< for Kept, NoObject and Failed
};

/// Imports every path that `next` gives and blocks until all are durable or have failed. `next` and
/// `on_result` are called from several threads, one call at a time. A run that was interrupted is
/// simply run again: what is there with the same content is compared and not written again.
void import_files(storage::Archive& archive,
                  const std::function<std::optional<std::filesystem::path>()>& next,
                  const ImportOptions& options,
                  const std::function<void(const ImportResult&)>& on_result);

}  // namespace pacs::services
