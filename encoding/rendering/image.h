// Image: a picture as it is shown or written to a file: shades of grey or red, green and blue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"

namespace pacs {

struct Image {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  unsigned channels = 1;  ///< 1 or 3, those of a pixel beside each other
  unsigned bits = 8;      ///< of a sample, 8 or 16, all used; two bytes in the machine's order
  Bytes bytes;            ///< row by row from the top left, without padding

  Image() = default;
  Image(std::uint32_t columns, std::uint32_t rows, unsigned channel_count, unsigned sample_bits)
      : width(columns),
        height(rows),
        channels(channel_count),
        bits(sample_bits),
        bytes(std::size_t{rows} * columns * channel_count * (sample_bits / 8)) {}

  [[nodiscard]] std::size_t pixels() const { return std::size_t{width} * height; }
  [[nodiscard]] unsigned highest() const { return (1U << bits) - 1; }
  /// The samples, as std::uint8_t or std::uint16_t by `bits`.
  template <typename Sample>
  [[nodiscard]] std::span<Sample> samples() {
    return {reinterpret_cast<Sample*>(bytes.data()), bytes.size() / sizeof(Sample)};
  }
  template <typename Sample>
  [[nodiscard]] std::span<const Sample> samples() const {
    return {reinterpret_cast<const Sample*>(bytes.data()), bytes.size() / sizeof(Sample)};
  }
};

/// A part of an image, in pixels, and which way round it is shown.
struct ImageRegion {
  std::uint32_t left = 0;
  std::uint32_t top = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool mirrored = false;     ///< left for right
  bool upside_down = false;  ///< top for bottom
};

/// The region lies within the image.
[[nodiscard]] Image crop(const Image& image, const ImageRegion& region);

}  // namespace pacs
