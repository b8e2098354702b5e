#include "encoding/codecs/jpeg_upsampling.h"

#include <algorithm>

namespace pacs::codecs {

void JpegUpsampler::take_row(std::size_t y, std::span<std::uint16_t> to) {
  // libjpeg interpolates along rows, and between them only where it does along them too.
  constexpr std::size_t kColumnsMin = 3;
  if (plane_.across == 2 && plane_.columns >= kColumnsMin) return interpolate(y, to);
  const std::uint16_t* const from = row(y / plane_.down);
  for (std::size_t x = 0; x < to.size(); ++x) to[x] = from[x / plane_.across];
}

/// libjpeg's h2v1_fancy_upsample and h2v2_fancy_upsample. What it adds before a division differs
/// from pixel to pixel, so that no brightness creeps in.
void JpegUpsampler::interpolate(std::size_t y, std::span<std::uint16_t> to) {
  const bool between_rows = plane_.down == 2;
  const std::size_t near = y / plane_.down;
  std::size_t far = near;
  if (between_rows && y % 2 == 0) far = near - std::min<std::size_t>(near, 1);
  if (between_rows && y % 2 != 0) far = std::min(near + 1, plane_.rows - 1);
  sums_.resize(plane_.columns);
  for (std::size_t x = 0; x < plane_.columns; ++x) {
    const std::uint32_t sample = row(near)[x];
    sums_[x] = between_rows ? 3 * sample + row(far)[x] : sample;
  }
  const unsigned shift = between_rows ? 4 : 2;
  const std::uint32_t left_rounding = between_rows ? 8 : 1;
  const std::uint32_t right_rounding = between_rows ? 7 : 2;
  for (std::size_t x = 0; x < to.size(); ++x) {
    const std::size_t i = x / 2;
    const bool is_left = x % 2 == 0;
    const std::size_t other =
        is_left ? i - std::min<std::size_t>(i, 1) : std::min(i + 1, plane_.columns - 1);
    const std::uint32_t sum = 3 * sums_[i] + sums_[other];
    to[x] = static_cast<std::uint16_t>((sum + (is_left ? left_rounding : right_rounding)) >> shift);
  }
}

}  // namespace pacs::codecs
