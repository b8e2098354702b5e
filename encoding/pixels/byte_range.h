// Ranges of a data set's bytes, and the seam by which they are read from wherever it lies.
#pragma once

#include <cstdint>
#include <functional>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs {

/// Bytes of a data set as stored (of a deflated one: as inflated).
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// Gives all bytes of the range, or an error. Called on the thread of whoever wants the bytes.
using ReadRange = std::function<Result<Bytes>(ByteRange)>;

}  // namespace pacs
