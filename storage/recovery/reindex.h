// Reindex: rows for objects that the index has never seen, made from the objects themselves: the
// index was lost, or an older one was put in its place.
#pragma once

#include <cstdint>

#include "integration/logging.h"
#include "storage/index/index.h"
#include "storage/objects/object_header.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

struct ReindexOptions {
  std::uint64_t sequence = 0;  ///< of the journal, that the index has applied
  HeaderRules rules{};
};

/// Adds a row for each object that has none, reading each to its end for its
/// checksum. Objects that cannot be read are named in the log and left where they are. An instance
/// that the index has from a later object keeps that. Returns how many rows were added.
[[nodiscard]] Result<std::uint64_t> reindex(ObjectStore& store, Index& index,
                                            const ReindexOptions& options,
                                            const integration::Logger& logger);

}  // namespace pacs::storage
