// Scaling: an image in another size.
#pragma once

#include <cstdint>

#include "encoding/rendering/image.h"

namespace pacs {

/// By Lanczos' filter of three lobes, rows and columns one after the other; where it shrinks, the
/// lobes are widened so that each pixel counts. Sides are at least 1.
[[nodiscard]] Image scale(const Image& image, std::uint32_t width, std::uint32_t height);

}  // namespace pacs
