// Overlays: planes of bits over an image, in their own data or in unused bits of its pixels (PS3.3
// §C.9.2, PS3.5 §8.1.2).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/rendering/image.h"

namespace pacs {

/// Groups 6000 to 601E (PS3.5 §7.6).
inline constexpr std::uint16_t kOverlayPlanes = 16;

/// The part of a plane that is of one frame.
struct Overlay {
  std::int32_t top = 0;  ///< of its first point in the image's rows and columns, counted from 0
  std::int32_t left = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::vector<bool> points;  ///< row by row
};

/// The overlays of a frame, counted from 0, without those that `read_overlay` cannot read.
[[nodiscard]] std::vector<Overlay> read_overlays(const DataSet& data_set, const FramePixels& what,
                                                 ByteView pixels, std::uint32_t frame,
                                                 Departures& met);

/// Numbers of the planes, 0 for group 6000, 1 for 6002, that lie in bits of the pixels' cells.
[[nodiscard]] std::vector<std::uint16_t> overlays_in_cells(const DataSet& data_set,
                                                           const FramePixels& what);
/// One plane; nothing where it has no points for the frame. Errors name the attribute: a plane
/// larger than the image, data shorter than its points, a bit within the pixels.
[[nodiscard]] Result<std::optional<Overlay>> read_overlay(const DataSet& data_set,
                                                          std::uint16_t plane,
                                                          const FramePixels& what, ByteView pixels,
                                                          std::uint32_t frame);
/// The element of a plane that has this tag in group 6000.
[[nodiscard]] constexpr Tag overlay_tag(std::uint16_t plane, Tag in_first_group) {
  return {static_cast<std::uint16_t>(in_first_group.group() + 2 * plane), in_first_group.element()};
}

/// Draws in white; points outside the image are left out.
void draw_overlay(const Overlay& overlay, Image& image);

}  // namespace pacs
