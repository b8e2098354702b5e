// The object store seam: where the bytes of instances lie. Few calls; a writer dropped without
// commit has stored nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::storage {

/// One object being written. Append as bytes come, then commit; destruction without commit leaves
/// nothing behind, also across a crash.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  [[nodiscard]] virtual Status append(ByteView bytes) = 0;
  /// Makes the object durable under its key (when `flush`) and visible.
  [[nodiscard]] virtual Status commit(bool flush) = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<ObjectWriter>> begin(std::string_view key) = 0;
  /// Reads up to to.size() bytes at `offset`; returns how many (fewer only at the end).
  [[nodiscard]] virtual Result<std::size_t> read(std::string_view key, std::uint64_t offset,
                                                 std::span<std::byte> to) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size(std::string_view key) = 0;
  [[nodiscard]] virtual Status remove(std::string_view key) = 0;
};

}  // namespace pacs::storage
