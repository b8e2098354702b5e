// Rendering: a frame's native pixels and what the data set says of them, as a picture (PS3.4 §N.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/result.h"
#include "encoding/frames/frame_reader.h"
#include "encoding/frames/pixel_format.h"
#include "encoding/rendering/image.h"
#include "encoding/rendering/window.h"

namespace pacs {

class DataSet;

struct RenderOptions {
  std::optional<Window> window{};       ///< instead of the data set's VOI LUTs and windows
  std::size_t view = 0;                 ///< which of these, VOI LUTs first
  unsigned bits = 8;                    ///< of a sample: 8 or 16
  std::optional<ImageRegion> region{};  ///< only this part, in pixels of the frame
  std::uint32_t width_max = 0;          ///< the image is scaled, up or down, to fit; 0: any
  std::uint32_t height_max = 0;
  bool overlays = true;
  bool square_pixels = true;  ///< scaled where pixels are not (see pixel_shape.h)
  bool inverse = false;       ///< black for white, grey images only
};

/// Sides of a picture, and its pixels: what a viewer may ask for is bounded.
inline constexpr std::uint32_t kImageSideMax = 65535;
inline constexpr std::uint64_t kScaledPixelsMax = 1ULL << 28;

/// One frame, counted from 0, whose pixels decode_frame gave. Grey without VOI LUT or window is
/// spread from the lowest to the highest value of the frame, padding left out. The data set holds
/// its LUTs and overlays in memory (see bulk_values.h). What cannot be applied is left out, which
/// is added to `met` (Departure::Display); errors name the attribute without which there is no
/// picture. Not done: ICC profiles, Enhanced Palette Color LUT Sequence, palettes known by their
/// UID alone.
[[nodiscard]] Result<Image> render_frame(const DataSet& data_set, const PixelFormat& format,
                                         const FramePixels& what, ByteView pixels,
                                         std::uint32_t frame, const RenderOptions& options,
                                         Departures& met);

}  // namespace pacs
