// Headers of one series are nearly equal: each is compressed against the series' first one, which
// is kept once beside it. What is left of a CT header is some 200 bytes.
#pragma once

#include <memory>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::storage {

/// A base longer than this is not used: headers that large (enhanced multi-frame objects) are alone
/// in their series. Bytes.
inline constexpr std::size_t kHeaderBaseBytesMax = 256 << 10;

/// Not for use from two threads at once. Compressed form: one byte, 0 plain or 1 against the base,
/// then a zstd frame, which carries a checksum of the header (RFC 8878 §3.1.1; those of programs
/// before this one have none).
class HeaderCompressor {
 public:
  HeaderCompressor();
  ~HeaderCompressor();
  HeaderCompressor(HeaderCompressor&&) noexcept;
  HeaderCompressor& operator=(HeaderCompressor&&) noexcept;

  [[nodiscard]] Bytes compress(ByteView header, ByteView base = {});
  /// Corrupt when it cannot be, or is not what was compressed: `base` must be the one that was
  /// given then.
  [[nodiscard]] Result<Bytes> decompress(ByteView compressed, ByteView base = {});

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace pacs::storage
