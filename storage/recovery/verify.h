// Verify: re-reads everything and says what does not agree.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/result.h"
#include "encoding/limits.h"

namespace pacs::storage {

class Index;
class ObjectStore;

struct VerifyReport {
  std::uint64_t objects = 0, bytes = 0;
  std::vector<Error> problems;  ///< each names the object and what is wrong
};

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
