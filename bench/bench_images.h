// Images for benchmarks: a disc of soft waves and noise in a dark field, as images are, neither
// flat nor random; the same each time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

#include "core/bytes.h"
#include "encoding/byte_order.h"
#include "encoding/codecs/frame_format.h"

namespace pacs::bench {

inline constexpr FrameFormat kCt{
    .rows = 512, .columns = 512, .bits_allocated = 16, .bits_stored = 12};
inline constexpr FrameFormat kMammogram{
    .rows = 3000, .columns = 4000, .bits_allocated = 16, .bits_stored = 16};
inline constexpr FrameFormat kUltrasound{.rows = 512, .columns = 512};
inline constexpr FrameFormat kPhotograph{
    .rows = 3000, .columns = 4000, .samples_per_pixel = 3, .colour = Colour::Rgb};

/// A native frame of 8 or 16 bits allocated, by pixel; `seed` decides the noise.
inline Bytes pixels_of(const FrameFormat& format, unsigned seed = 1) {
  std::mt19937 random(seed);
  const double top = (1 << format.bits_stored) - 1;
  std::normal_distribution<double> noise(0, std::max(top / 500, 1.0));
  Bytes pixels(format.bytes());
  std::byte* to = pixels.data();
  for (std::uint64_t i = 0; i < format.samples(); ++i) {
    const std::uint64_t pixel = i / format.samples_per_pixel;
    const double hue = 0.1 * static_cast<double>(i % format.samples_per_pixel);
    const double u = 2.0 * static_cast<double>(pixel % format.columns) / format.columns - 1;
    const double v = 2.0 * static_cast<double>(pixel / format.columns) / format.rows - 1;
    const bool inside = u * u + v * v < 0.8;
    const double wave = inside ? 0.5 + hue + 0.2 * std::sin(9 * u) * std::cos(7 * v) : 0;
    const double value = std::clamp(inside ? wave * top + noise(random) : 0, 0.0, top);
    if (format.bits_allocated == 8) {
      *to++ = static_cast<std::byte>(value);
    } else {
      store(to, static_cast<std::uint16_t>(value), ByteOrder::Little);
      to += 2;
    }
  }
  return pixels;
}

}  // namespace pacs::bench
