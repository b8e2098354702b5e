// Overlays: planes of bits over an image, in their own data or in unused bits of its pixels (PS3.3
// §C.9.2, PS3.5 §8.1.2).
#pragma once

#include <cstdint>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/rendering/image.h"

namespace pacs {

/// The part of a plane that is of one frame.
struct Overlay {
  std::int32_t top = 0;  ///< of its first point in the image's rows and columns, counted from 0
  std::int32_t left = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::vector<bool> points;  ///< row by row
};

/// The overlays of a frame, counted from 0. Errors name the attribute: a plane larger than the
/// image, data shorter than its points, a bit within the pixels.
[[nodiscard]] Result<std::vector<Overlay>> read_overlays(const DataSet& data_set,
                                                         const FramePixels& what, ByteView pixels,
                                                         std::uint32_t frame);

/// Draws in white; points outside the image are left out.
void draw_overlay(const Overlay& overlay, Image& image);

}  // namespace pacs
