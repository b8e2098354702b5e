#include "encoding/rendering/scale.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pacs {
namespace {

Image filled(std::uint32_t width, std::uint32_t height, unsigned channels, unsigned bits,
             std::byte byte) {
  Image image{width, height, channels, bits};
  std::ranges::fill(image.bytes, byte);
  return image;
}

TEST(Scale, KeepsWhatIsEvenInEverySize) {
  for (const unsigned bits : {8U, 16U}) {
    const Image image = filled(7, 5, 3, bits, std::byte{0xC3});
    for (const std::uint32_t width : {1U, 3U, 7U, 20U}) {
      for (const std::uint32_t height : {1U, 5U, 11U}) {
        const Image scaled = scale(image, width, height);
        EXPECT_EQ(scaled.bytes, filled(width, height, 3, bits, std::byte{0xC3}).bytes);
      }
    }
  }
}

TEST(Scale, CountsEachPixelWhereItShrinks) {
  // A column in 16 of white, found again in the mean.
  Image image{160, 1, 1, 8};
  for (std::size_t i = 0; i < 160; i += 16) image.bytes[i] = std::byte{255};
  const Image scaled = scale(image, 10, 1);
  unsigned sum = 0;
  for (const std::byte byte : scaled.bytes) sum += std::to_integer<unsigned>(byte);
  EXPECT_NEAR(sum / 10.0, 255.0 / 16, 1.5);
}

TEST(Scale, KeepsSidesAndOrderWhereItEnlarges) {
  Image image{2, 2, 1, 8};
  image.bytes = {std::byte{0}, std::byte{200}, std::byte{50}, std::byte{250}};
  const Image scaled = scale(image, 8, 8);
  const auto at = [&](std::size_t x, std::size_t y) {
    return std::to_integer<int>(scaled.bytes[y * 8 + x]);
  };
  EXPECT_LT(at(0, 0), 30);
  EXPECT_GT(at(7, 0), 180);
  EXPECT_GT(at(7, 7), 240);
  EXPECT_LT(at(0, 7), 60);
  for (std::size_t x = 1; x < 8; ++x) EXPECT_GE(at(x, 3), at(x - 1, 3) - 12);
}

TEST(Scale, GivesTheImageItselfInItsOwnSize) {
  Image image{3, 1, 1, 8};
  image.bytes = {std::byte{1}, std::byte{200}, std::byte{3}};
  EXPECT_EQ(scale(image, 3, 1).bytes, image.bytes);
}

}  // namespace
}  // namespace pacs
