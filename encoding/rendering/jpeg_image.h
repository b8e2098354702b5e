// A picture as JPEG.
#pragma once

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/rendering/image.h"

namespace pacs {

/// Baseline, of 8 bits; `quality` 1 to 100. InvalidArgument for an image of 16 bits.
[[nodiscard]] Result<Bytes> write_jpeg(const Image& image, int quality = 90);

}  // namespace pacs
