// Recovery: finishes at start what a crash interrupted, from the journal alone: no object is read
// that the journal does not name.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/result.h"
#include "integration/logging.h"
#include "storage/disk/file_system.h"
#include "storage/index/index.h"
#include "storage/objects/object_header.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

struct RecoveryOptions {
  std::filesystem::path journal_directory;
  HeaderRules rules;
  bool durable = true;
};

struct Recovered {
  std::uint64_t last_sequence = 0, last_object = 0;
  std::uint64_t records = 0;  ///< that were replayed
};

/// Replays what the journal holds behind the last checkpoint, in order: puts objects to their final
/// place, brings the index up to date, forgets objects that were begun and never acknowledged, and
/// makes a checkpoint. Where the journal has lost something nothing is removed: what may have been
/// acknowledged is set aside and named. Doing it twice does no harm, so a crash in between does
/// none.
[[nodiscard]] Result<Recovered> recover(FileSystem& files, ObjectStore& store, Index& index,
                                        const RecoveryOptions& options,
                                        const integration::Logger& logger);

}  // namespace pacs::storage
