// Colour images: three samples of each pixel, or one that a palette turns into three (PS3.3
// §C.7.6.3.1.2). Colour profiles are left to whoever shows the image.
#pragma once

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/rendering/image.h"
#include "encoding/rendering/palette.h"

namespace pacs {

/// Draws RGB or YBR_FULL pixels in either planar configuration into an image of three channels and
/// the same size. Samples are unsigned, whatever Pixel Representation says.
[[nodiscard]] Result<> draw_colour(const FramePixels& what, ByteView pixels, Image& image);

/// Draws the pixels that are at least `from` through the palette; others stay.
void draw_palette(const Palette& palette, std::int64_t from, const FramePixels& what,
                  ByteView pixels, Image& image);

}  // namespace pacs
