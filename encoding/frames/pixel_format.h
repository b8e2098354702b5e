// PixelFormat: what the pixel data of a data set holds, as one checked value (PS3.3 §C.7.6.3,
// §C.7.6.24, §C.7.6.25).
#pragma once

#include <cstdint>

#include "core/result.h"
#include "encoding/codecs/frame_format.h"
#include "encoding/scan/departure.h"

namespace pacs {

class DataSet;

struct PixelFormat {
  enum class Kind : std::uint8_t { Integer, Float, Double };

  FrameFormat frame;
  std::uint32_t frames = 1;
  std::uint16_t high_bit = 7;
  Kind kind = Kind::Integer;
  bool minimum_is_white = false;  ///< MONOCHROME1
  /// Photometric Interpretation says what the pixels look like. Without it those of one sample are
  /// numbers, which is enough for whoever decodes and writes them.
  bool has_meaning = true;
  Departures departures;  ///< PhotometricInterpretation, where it is so
  /// Bytes of what big endian turns around in native pixel data: by its VR, OW in cells above 16
  /// bits by these.
  std::uint8_t word_bytes = 2;

  /// How far the lowest bit of a pixel stands above the lowest of its cell, as natively stored.
  [[nodiscard]] constexpr unsigned shift() const { return high_bit + 1U - frame.bits_stored; }
  friend constexpr bool operator==(const PixelFormat&, const PixelFormat&) = default;
};

/// Reads and checks what the data set says; errors name the attribute. What scanners leave out is
/// read so: Number of Frames absent or empty is 1; Samples per Pixel as Photometric Interpretation
/// wants; Bits Stored is Bits Allocated; High Bit is Bits Stored - 1; Pixel Representation and
/// Planar Configuration are 0. The product of rows, columns, samples, bits and frames fits 64 bits.
[[nodiscard]] Result<PixelFormat> pixel_format(const DataSet& data_set);

}  // namespace pacs
