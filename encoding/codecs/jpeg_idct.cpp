#include "encoding/codecs/jpeg_idct.h"

#include <cstddef>

namespace pacs::codecs {
namespace {

// C. Loeffler, A. Ligtenberg, G. Moschytz, "Practical fast 1-D DCT algorithms with 11
// multiplications", ICASSP 1989, figure 1, in fixed point: each output is 8 times too large after
// both passes, and the constants have 13 bits of fraction.
constexpr int kFraction = 13;
constexpr std::int64_t fixed(double constant) {
  return static_cast<std::int64_t>(constant * (1 << kFraction) + 0.5);
}

std::int32_t round_shift(std::int64_t value, int shift) {
  return static_cast<std::int32_t>((value + (std::int64_t{1} << (shift - 1))) >> shift);
}

/// Eight values, `step` apart, in place; shifted right by `shift` at the end.
void inverse_dct_line(std::int32_t* line, std::size_t step, int shift) {
  const auto at = [&](std::size_t i) { return std::int64_t{line[i * step]}; };
  // The even part.
  const std::int64_t turned = (at(2) + at(6)) * fixed(0.541196100);
  const std::int64_t even_low = turned - at(6) * fixed(1.847759065);
  const std::int64_t even_high = turned + at(2) * fixed(0.765366865);
  const std::int64_t sum = (at(0) + at(4)) * (1 << kFraction);
  const std::int64_t difference = (at(0) - at(4)) * (1 << kFraction);
  const std::array<std::int64_t, 4> even{sum + even_high, difference + even_low,
                                         difference - even_low, sum - even_high};
  // The odd part.
  const std::int64_t all = (at(7) + at(3) + at(5) + at(1)) * fixed(1.175875602);
  const std::int64_t z1 = (at(7) + at(1)) * -fixed(0.899976223);
  const std::int64_t z2 = (at(5) + at(3)) * -fixed(2.562915447);
  const std::int64_t z3 = (at(7) + at(3)) * -fixed(1.961570560) + all;
  const std::int64_t z4 = (at(5) + at(1)) * -fixed(0.390180644) + all;
  const std::array<std::int64_t, 4> odd{
      at(1) * fixed(1.501321110) + z1 + z4, at(3) * fixed(3.072711026) + z2 + z3,
      at(5) * fixed(2.053119869) + z2 + z4, at(7) * fixed(0.298631336) + z1 + z3};
  for (std::size_t i = 0; i < 4; ++i) {
    line[i * step] = round_shift(even[i] + odd[i], shift);
    line[(7 - i) * step] = round_shift(even[i] - odd[i], shift);
  }
}

}  // namespace

void inverse_dct(JpegBlock& block, unsigned precision) {
  // Bits of fraction kept between the passes: what 32 bits had room for.
  const int kept = precision > 8 ? 1 : 2;
  for (std::size_t x = 0; x < 8; ++x) {
    std::int32_t* const column = block.data() + x;
    bool flat = true;
    for (std::size_t y = 1; y < 8; ++y) flat = flat && column[8 * y] == 0;
    if (flat) {  // most columns of most images: the same outcome
      for (std::size_t y = 8; y-- > 0;) column[8 * y] = column[0] * (1 << kept);
    } else {
      inverse_dct_line(column, 8, kFraction - kept);
    }
  }
  for (std::size_t y = 0; y < 8; ++y) {
    inverse_dct_line(block.data() + 8 * y, 1, kFraction + kept + 3);
  }
}

}  // namespace pacs::codecs
