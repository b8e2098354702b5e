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

/// Codes, and the numbers behind them: the lower half of a symbol is the category of a number, the
/// bits that tell it from others of its category (T.81 §F.1.2.1.1, §F.1.2.2.1). A code is found by
/// its first bits together with the first bit behind it, which is the number's sign.
class HuffmanTable {
 public:
  static constexpr unsigned kSymbolBitsMax = 31;  ///< a code of 16 and a number of 15
  static constexpr std::uint8_t kLosslessCategoryMax = 16;

  struct Entry {
    std::uint8_t bits = 0;  ///< of code and number; 0: too long for the lookup
    std::uint8_t symbol = 0;
    std::uint16_t addend = 0;  ///< what makes the number of those bits, modulo 2^16

    /// EXTEND (T.81 §F.2.2.1), modulo 2^16: where the first bit is 0 2^category - 1 is subtracted.
    [[nodiscard]] std::uint16_t number(const BitCursor& cursor) const {
      return static_cast<std::uint16_t>((cursor.bits >> ((64U - bits) & 63U)) + addend);
    }
  };

  /// One symbol of a short code, many times over: what the bits of a flat part look like.
  struct Repeated {
    std::uint64_t pattern = ~std::uint64_t{0};  ///< never found, if not set
    unsigned shift = 1;
    unsigned bits = 0, symbols = 0;

    [[nodiscard]] bool follows(const BitCursor& cursor) const {
      return cursor.bits >> shift == pattern;
    }
  };
  /// Of differences of 0, which have no bits behind their code.
  [[nodiscard]] const Repeated& zeros() const { return zeros_; }

  /// Malformed where codes of one length are more than there are, or a symbol is over `symbol_max`.
  static Result<HuffmanTable> create(const HuffmanSpec& spec, std::uint8_t symbol_max);

  /// The entry of the code that the cursor's bits begin with. Of these kSymbolBitsMax count.
  [[nodiscard]] Entry find(BitCursor& cursor) const {
    const Entry entry = entries_[cursor.bits >> (64 - kLookupBits)];
    if (entry.bits != 0) [[likely]]
      return entry;
    Entry found = find_long(cursor.bits);  // not of the cursor, which would leave the registers
    if (found.bits == kNoCode) {
      cursor.broken = true;
      found.bits = 1;
    }
    return found;
  }

 private:
  static constexpr unsigned kLookupBits = 12;  // 16 KiB: half of the first-level cache
  static constexpr std::uint8_t kNoCode = 32;

  [[nodiscard]] Entry find_long(std::uint64_t bits) const;
  void set_zeros(std::uint32_t code, unsigned code_bits);

  std::array<Entry, std::size_t{1} << kLookupBits> entries_{};
  /// The first 16 bits that are behind all codes of a length, and what to add to a code for the
  /// place of its symbol (T.81 §F.2.2.3).
  std::array<std::uint32_t, 17> limit_{};
  std::array<std::int32_t, 17> offset_{};
  std::array<std::uint8_t, 256> symbols_{};
  Repeated zeros_;
};

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
