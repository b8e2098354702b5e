// FrameFormat: what the samples of one frame are, as a codec needs to know it (PS3.3 §C.7.6.3).
#pragma once

#include <cstdint>

namespace pacs {

/// What the samples of a pixel mean: Photometric Interpretation (0028,0004), as far as a codec
/// depends on it.
enum class Colour : std::uint8_t {
  Monochrome,  ///< MONOCHROME1 and 2
  Palette,
  Rgb,
  YbrFull,
  YbrFull422,
  YbrRct,
  YbrIct,
};

/// A frame in memory, native (PS3.5 §8.2): samples in little endian, the pixel in the low bits of
/// each, row by row from the top left, without padding behind rows; for 1 bit allocated packed, the
/// first pixel in the lowest bit.
struct FrameFormat {
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::uint16_t samples_per_pixel = 1;
  std::uint16_t bits_allocated = 8;  ///< 1, 8, 16, 32 or 64
  std::uint16_t bits_stored = 8;
  bool is_signed = false;  ///< Pixel Representation 1: two's complement, extended to all bits
  bool planar = false;     ///< Planar Configuration 1: first all samples of the first colour
  Colour colour = Colour::Monochrome;

  [[nodiscard]] constexpr std::uint64_t samples() const {
    return std::uint64_t{rows} * columns * samples_per_pixel;
  }
  [[nodiscard]] constexpr std::uint64_t bytes() const {
    return (samples() * bits_allocated + 7) / 8;
  }

  friend constexpr bool operator==(const FrameFormat&, const FrameFormat&) = default;
};

}  // namespace pacs
