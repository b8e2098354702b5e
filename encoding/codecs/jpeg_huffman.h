// Entropy-coded data of JPEG (ITU-T T.81 Annex F.2.2): bits out of bytes, symbols out of bits.
#pragma once

#include <array>
#include <cstdint>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/jpeg_header.h"

namespace pacs::codecs {

/// Bits from the most significant on, out of memory that can be read 8 bytes past what is used.
/// A value that loops copy into registers; EntropyReader says how far it may go.
struct BitCursor {
  const std::byte* at = nullptr;  ///< the next byte of which no bit counts yet
  std::uint64_t bits = 0;         ///< the next bits, the first on top
  unsigned count = 0;             ///< how many of them count
  bool broken = false;            ///< a code came that no table has

  /// Afterwards at least 56 bits are there. Without branches: bits beyond `count` are read again.
  void refill() {
    bits |= load<std::uint64_t>(at, ByteOrder::Big) >> count;
    at += (63 - count) >> 3;
    count |= 56;
  }
  void skip(unsigned n) {
    bits <<= n;
    count -= n;
  }
};

/// A code's symbol, whose lower half is how many bits follow it (T.81 §F.1.2.1.1, §F.1.2.2.1),
/// found by its first bits.
class HuffmanTable {
 public:
  static constexpr unsigned kLookupBits = 12;  // 16 KiB: half of the first-level cache

  struct Entry {
    std::uint8_t code_bits = 0;   ///< 0: longer than the lookup, or no code
    std::uint8_t total_bits = 0;  ///< with those that follow
    std::uint8_t symbol = kNotFound;
    std::uint8_t unused = 0;
  };
  /// Of an entry without code: a category that lossless JPEG has to look at apart anyway.
  static constexpr std::uint8_t kNotFound = 16;

  /// Malformed where codes of one length are more than there are, or a symbol is over `symbol_max`.
  static Result<HuffmanTable> create(const HuffmanSpec& spec, std::uint8_t symbol_max);

  [[nodiscard]] Entry find(const BitCursor& cursor) const {
    return entries_[cursor.bits >> (64 - kLookupBits)];
  }
  /// For what `find` does not hold. Marks the cursor broken where no code begins with its bits.
  [[nodiscard]] Entry find_long(BitCursor& cursor) const;

 private:
  std::array<Entry, std::size_t{1} << kLookupBits> entries_{};
  /// The first 16-bit pattern that is behind all codes of a length, and what to add to the code for
  /// the place of its symbol (T.81 §F.2.2.3).
  std::array<std::uint32_t, 17> limit_{};
  std::array<std::int32_t, 17> offset_{};
  std::array<std::uint8_t, 256> symbols_{};
};

/// The signed number of an entry's category (T.81 §F.2.2.1 EXTEND), of bits that stand at the top
/// of `cursor` behind the code.
[[nodiscard]] inline std::int32_t extend(const BitCursor& cursor, HuffmanTable::Entry entry,
                                         unsigned category) {
  const std::uint64_t body = cursor.bits << entry.code_bits;
  const auto raw = static_cast<std::int32_t>(body >> 1 >> (63 - category));
  const auto positive = static_cast<std::int32_t>(static_cast<std::int64_t>(body) >> 63);
  return raw + (~positive & (1 - (std::int32_t{1} << category)));
}

/// The entropy-coded data of a scan, from which stuffed zero bytes (T.81 §B.1.1.5) are taken piece
/// by piece, and its restart intervals.
class EntropyReader {
 public:
  /// `step_bytes_max`: at most how many bytes are used between two calls of `prepare`.
  EntropyReader(ByteView coded, std::size_t step_bytes_max);

  BitCursor cursor;

  /// Makes the next step_bytes_max bytes readable; behind the last byte stand zeros.
  void prepare();
  /// Truncated where more bits were used than are there, Malformed after a broken code.
  [[nodiscard]] Result<> check() const;
  /// Passes over restart marker `number` modulo 8 (T.81 §E.2.4), at which the data has to end.
  Result<> restart(std::uint32_t number);
  /// From the marker on that ends the data. Padding before it is passed over.
  ByteView finish();
  [[nodiscard]] bool passed_padding() const { return passed_padding_; }

 private:
  void fill();
  void unstuff();
  void skip_to_marker();

  ByteView input_;
  std::size_t step_bytes_max_;
  Bytes buffer_;
  std::size_t end_ = 0;       ///< of the bytes in buffer_ that came
  std::size_t readable_ = 0;  ///< the same, or with the zeros behind the last
  bool ended_ = false;        ///< input_ begins with a marker, or is empty
  bool passed_padding_ = false;
};

}  // namespace pacs::codecs
