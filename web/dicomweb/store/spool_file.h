// SpoolFile: bytes of a request that wait until others have come: a file without a name, gone with
// its owner or its process.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::web {

/// Errors are OutOfResources (no room, no descriptor) and Io.
class SpoolFile {
 public:
  /// `folder`: empty for the system's.
  [[nodiscard]] static Result<SpoolFile> create(const std::string& folder);
  ~SpoolFile();
  SpoolFile(SpoolFile&& other) noexcept;
  SpoolFile& operator=(SpoolFile&&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Result<> append(ByteView bytes);
  /// Over what is there.
  [[nodiscard]] Result<> put(std::uint64_t offset, ByteView bytes) const;
  [[nodiscard]] Result<> read(std::uint64_t offset, std::span<std::byte> into) const;

 private:
  explicit SpoolFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace pacs::web
