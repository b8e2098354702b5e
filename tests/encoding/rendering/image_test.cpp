#include "encoding/rendering/image.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

/// Shades 0 to 11 in three rows of four.
Image numbered(unsigned channels) {
  Image image{4, 3, channels, 8};
  for (std::size_t i = 0; i < image.bytes.size(); ++i) image.bytes[i] = static_cast<std::byte>(i);
  return image;
}
std::vector<int> numbers(const Image& image) {
  std::vector<int> numbers;
  for (const std::byte byte : image.bytes) numbers.push_back(std::to_integer<int>(byte));
  return numbers;
}

TEST(Crop, TakesAPartAndTurnsItAround) {
  const Image image = numbered(1);
  EXPECT_EQ(numbers(crop(image, {1, 1, 2, 2})), (std::vector<int>{5, 6, 9, 10}));
  EXPECT_EQ(numbers(crop(image, {1, 1, 2, 2, true})), (std::vector<int>{6, 5, 10, 9}));
  EXPECT_EQ(numbers(crop(image, {1, 1, 2, 2, false, true})), (std::vector<int>{9, 10, 5, 6}));
  EXPECT_EQ(numbers(crop(image, {0, 0, 4, 3})), numbers(image));
}

TEST(Crop, KeepsTheSamplesOfAPixelTogether) {
  EXPECT_EQ(numbers(crop(numbered(3), {2, 2, 2, 1, true})),
            (std::vector<int>{33, 34, 35, 30, 31, 32}));
}

}  // namespace
}  // namespace pacs
