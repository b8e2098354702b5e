// Verify: re-reads everything and says what does not agree.
#pragma once

#include <cstdint>
#include <functional>

#include "core/result.h"
#include "storage/archive.h"
#include "storage/index/index.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

struct VerifyOptions {
  /// Objects numbered above it are younger than the call and left out.
  std::uint64_t last_object = 0;
  Limits limits{};  ///< of the headers that are read again
  /// Waits until everything acknowledged so far lies in its final place.
  std::function<Result<>()> settle;
  std::function<bool(std::uint64_t, std::uint64_t)> progress;  ///< see Archive::verify
};

/// Holds every object against its checksum and length, and against what the index says of it: its
/// place in the hierarchy, its own row, its stored header. Holds every file against the index, and
/// the index against itself: structure, references, counts. While others store. What stands in the
/// rows of patient, study and series is the first or a later instance's: it is not compared.
[[nodiscard]] Result<VerifyReport> verify(ObjectStore& store, Index& index,
                                          const VerifyOptions& options);

}  // namespace pacs::storage
