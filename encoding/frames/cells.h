// Cells: the numbers that pixels in memory are, whatever their bits, sign and place in the cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/bytes.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/frames/pixel_format.h"

namespace pacs {

/// The pixel of a cell as a number of the cell's type, signed or not, without bits that are not
/// its own.
template <typename Integer>
class CellReader {
 public:
  using Number = Integer;
  explicit CellReader(const FramePixels& what)
      : shift_(what.shift),
        mask_(static_cast<Unsigned>(std::numeric_limits<Unsigned>::max() >>
                                    (sizeof(Number) * 8U - what.format.bits_stored))),
        sign_(std::is_signed_v<Number> ? static_cast<Unsigned>(mask_ - mask_ / 2) : Unsigned{0}) {}
  Number operator()(const std::byte* cell) const {
    Unsigned raw;
    std::memcpy(&raw, cell, sizeof raw);
    const auto bits = static_cast<Unsigned>(static_cast<Unsigned>(raw >> shift_) & mask_);
    // Two's complement: what the sign bit counts is taken off.
    return static_cast<Number>(static_cast<Unsigned>((bits ^ sign_) - sign_));
  }

 private:
  using Unsigned = std::make_unsigned_t<Integer>;
  unsigned shift_;
  Unsigned mask_;
  Unsigned sign_;
};

template <typename Float>
struct FloatReader {
  using Number = Float;
  Number operator()(const std::byte* cell) const { return load<Number>(cell, ByteOrder::Little); }
};

/// Calls act(reader) with the reader of these cells, which have 8 bits or more.
template <typename Act>
void with_reader(const FramePixels& what, PixelFormat::Kind kind, Act&& act) {
  if (kind == PixelFormat::Kind::Float) return act(FloatReader<float>{});
  if (kind == PixelFormat::Kind::Double) return act(FloatReader<double>{});
  const bool is_signed = what.format.is_signed;
  switch (what.format.bits_allocated) {
    case 8:
      return is_signed ? act(CellReader<std::int8_t>{what}) : act(CellReader<std::uint8_t>{what});
    case 16:
      return is_signed ? act(CellReader<std::int16_t>{what}) : act(CellReader<std::uint16_t>{what});
    case 32:
      return is_signed ? act(CellReader<std::int32_t>{what}) : act(CellReader<std::uint32_t>{what});
    case 64:
      return is_signed ? act(CellReader<std::int64_t>{what}) : act(CellReader<std::uint64_t>{what});
    default:
      return;
  }
}

/// Calls visitor(index, number) for each sample, in the order of memory.
template <typename Visitor>
void visit_cells(const FramePixels& what, PixelFormat::Kind kind, ByteView pixels,
                 Visitor&& visitor) {
  if (what.format.bits_allocated == 1) {
    for (std::size_t i = 0; i < what.format.samples(); ++i) {
      const auto byte = std::to_integer<unsigned>(pixels[i / 8]);
      visitor(i, static_cast<std::uint8_t>(byte >> i % 8 & 1));
    }
    return;
  }
  with_reader(what, kind, [&](auto read) {
    constexpr std::size_t kCell = sizeof(typename decltype(read)::Number);
    const std::size_t count = pixels.size() / kCell;
    for (std::size_t i = 0; i < count; ++i) visitor(i, read(pixels.data() + i * kCell));
  });
}

}  // namespace pacs
