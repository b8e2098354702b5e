// A language for rendering in tests: a data set, its pixels and the picture they make.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/dicom_dataset.h"
#include "encoding/rendering/render.h"
#include "tests/encoding/bytes_language.h"

namespace pacs::test {

/// Renders a frame given in hex digits.
inline Result<Image> picture(const DataSet& set, std::string_view pixels,
                             const RenderOptions& options = {}, std::uint32_t frame = 0,
                             Departures* departures = nullptr) {
  PACS_TRY(const PixelFormat format, pixel_format(set));
  const FramePixels what{format.frame, format.shift(), true, {}};
  Departures met;
  Result<Image> image = render_frame(set, format, what, b(pixels), frame, options, met);
  if (departures != nullptr) *departures = met;
  return image;
}

using Shades = std::vector<unsigned>;

/// The samples of an image one behind another; none where there is an error.
inline Shades shades(const Result<Image>& image) {
  Shades samples;
  if (!image) return samples;
  for (std::size_t i = 0; i < image->bytes.size(); i += image->bits / 8) {
    samples.push_back(image->bits == 8
                          ? std::to_integer<unsigned>(image->bytes[i])
                          : load<std::uint16_t>(image->bytes.data() + i, ByteOrder::Little));
  }
  return samples;
}

inline void set_window(DataSet& set, std::string_view center, std::string_view width) {
  set.set_text(Tag{0x0028, 0x1050}, VR::DS, center);
  set.set_text(Tag{0x0028, 0x1051}, VR::DS, width);
}

/// As `picture`: whether something of the data set could not be applied.
inline bool lacks_something(const DataSet& set, std::string_view pixels) {
  Departures met;
  return picture(set, pixels, {}, 0, &met) && met.contains(Departure::Display);
}

inline Tag tag_of(const Result<Image>& image) {
  return image ? Tag{} : image.error().tag.value_or(Tag{});
}

}  // namespace pacs::test
