#include "encoding/rendering/image.h"

#include <algorithm>

namespace pacs {

Image crop(const Image& image, const ImageRegion& region) {
  Image part{region.width, region.height, image.channels, image.bits};
  const std::size_t pixel = std::size_t{image.channels} * (image.bits / 8);
  for (std::uint32_t y = 0; y < region.height; ++y) {
    const std::uint32_t row = region.top + (region.upside_down ? region.height - 1 - y : y);
    const std::byte* from =
        image.bytes.data() + (std::size_t{row} * image.width + region.left) * pixel;
    std::byte* to = part.bytes.data() + std::size_t{y} * region.width * pixel;
    if (!region.mirrored) {
      std::copy_n(from, region.width * pixel, to);
      continue;
    }
    for (std::size_t x = 0; x < region.width; ++x) {
      std::copy_n(from + (region.width - 1 - x) * pixel, pixel, to + x * pixel);
    }
  }
  return part;
}

}  // namespace pacs
