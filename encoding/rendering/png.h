// PNG (ISO/IEC 15948): grey and colour, 8 and 16 bits, nothing lost.
#pragma once

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/rendering/image.h"

namespace pacs {

/// InvalidArgument for an image whose bytes are not those of its size.
[[nodiscard]] Result<Bytes> write_png(const Image& image);

}  // namespace pacs
