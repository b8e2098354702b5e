#include "encoding/rendering/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/dicom_tags.h"
#include "encoding/frames/optional_values.h"

namespace pacs {
namespace {

tl::unexpected<Error> wrong_overlay(Tag tag, std::string message) {
  return fail(Error{ErrorKind::Mismatch, std::move(message)}.on(tag));
}

Result<std::uint32_t> overlay_side(const DataSet& data_set, Tag tag, std::uint32_t image_side) {
  PACS_TRY(const std::int64_t side, data_set.integer(tag));
  if (side >= 1 && side <= image_side) return static_cast<std::uint32_t>(side);
  return wrong_overlay(tag, fmt::format("an overlay of {} on an image of {}", side, image_side));
}

/// §C.9.3: which frame of an overlay of several lies over a frame of the image; nothing for none.
Result<std::optional<std::uint64_t>> overlay_frame(const DataSet& data_set, std::uint16_t plane,
                                                   std::uint32_t frame) {
  PACS_TRY(const auto count,
           optional_integer(data_set, overlay_tag(plane, tags::NumberOfFramesInOverlay)));
  if (!count) return std::optional<std::uint64_t>{0};
  PACS_TRY(const auto origin,
           optional_integer(data_set, overlay_tag(plane, tags::ImageFrameOrigin)));
  const std::int64_t first = std::clamp<std::int64_t>(origin.value_or(1), 1, INT32_MAX) - 1;
  const std::int64_t own = std::int64_t{frame} - first;
  if (own < 0 || own >= *count) return std::optional<std::uint64_t>{};
  return std::optional{static_cast<std::uint64_t>(own)};
}

/// Overlay Data: a bit for each point, the first in the lowest of a byte (PS3.5 §8.1.2, as for
/// pixels of one bit).
Result<> read_own_points(const Element& data, std::uint64_t frame, Overlay& overlay) {
  if (data.form() != Element::Form::Value) {
    return fail(Error{ErrorKind::InvalidArgument, "the value is not in memory: load it first"}.on(
        data.tag()));
  }
  const std::uint64_t points = std::uint64_t{overlay.rows} * overlay.columns;
  const ByteView bytes = data.value();
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  if (bits < points || (bits - points) / points < frame) {
    return fail(
        Error{ErrorKind::Truncated, fmt::format("{} bytes are too few for {} points of frame {}",
                                                bytes.size(), points, frame + 1)}
            .on(data.tag()));
  }
  const bool turned = data.byte_order() == ByteOrder::Big && info(data.vr()).unit_bytes == 2;
  overlay.points.resize(points);
  for (std::uint64_t i = 0; i < points; ++i) {
    const std::uint64_t bit = frame * points + i;
    const std::uint64_t at = turned ? bit / 8 ^ 1U : bit / 8;
    overlay.points[i] =
        at < bytes.size() && (std::to_integer<unsigned>(bytes[at]) >> bit % 8 & 1) != 0;
  }
  return {};
}

bool is_beside_pixel(std::int64_t position, const FramePixels& what) {
  const FrameFormat& format = what.format;
  return position >= 0 && position < format.bits_allocated &&
         (position < what.shift || position >= what.shift + format.bits_stored);
}

/// PS3.5 §8.1.2, until 2004: a bit of each pixel's cell that the pixel does not use.
Result<> read_unused_bits(const DataSet& data_set, std::uint16_t plane, const FramePixels& what,
                          ByteView pixels, Overlay& overlay) {
  const FrameFormat& format = what.format;
  const Tag tag = overlay_tag(plane, tags::OverlayBitPosition);
  PACS_TRY(const std::int64_t position, data_set.integer(tag));
  if (!is_beside_pixel(position, what)) {
    return wrong_overlay(tag,
                         fmt::format("bit {} of a pixel is not free for an overlay", position));
  }
  if (overlay.rows != format.rows || overlay.columns != format.columns) {
    return wrong_overlay(overlay_tag(plane, tags::OverlayRows),
                         "an overlay in the pixels' bits has not the image's size");
  }
  const std::size_t cell_bytes = format.bits_allocated / 8;
  overlay.points.resize(format.samples());
  for (std::size_t i = 0; i < overlay.points.size(); ++i) {
    const std::byte byte = pixels[i * cell_bytes + static_cast<std::size_t>(position) / 8];
    overlay.points[i] = (std::to_integer<unsigned>(byte) >> position % 8 & 1) != 0;
  }
  return {};
}

/// Without Overlay Data, and not of one bit allocated: that is a plane without points.
Result<bool> lies_in_cells(const DataSet& data_set, std::uint16_t plane, const FramePixels& what) {
  PACS_TRY(const auto allocated,
           optional_integer(data_set, overlay_tag(plane, tags::OverlayBitsAllocated)));
  return !data_set.contains(overlay_tag(plane, tags::OverlayData)) && what.unused_bits &&
         allocated.value_or(1) > 1 && what.format.samples_per_pixel == 1 &&
         what.format.bits_allocated >= 8;
}

template <typename Sample>
void draw_points(const Overlay& overlay, Image& image) {
  const auto white = static_cast<Sample>(image.highest());
  const auto samples = image.samples<Sample>();
  for (std::uint32_t row = 0; row < overlay.rows; ++row) {
    const std::int64_t y = std::int64_t{overlay.top} + row;
    if (y < 0 || y >= image.height) continue;
    for (std::uint32_t column = 0; column < overlay.columns; ++column) {
      const std::int64_t x = std::int64_t{overlay.left} + column;
      if (x < 0 || x >= image.width) continue;
      if (!overlay.points[std::size_t{row} * overlay.columns + column]) continue;
      const std::size_t pixel =
          static_cast<std::size_t>(y) * image.width + static_cast<std::size_t>(x);
      std::fill_n(samples.begin() + static_cast<std::ptrdiff_t>(pixel * image.channels),
                  image.channels, white);
    }
  }
}

}  // namespace

Result<std::optional<Overlay>> read_overlay(const DataSet& data_set, std::uint16_t plane,
                                            const FramePixels& what, ByteView pixels,
                                            std::uint32_t frame) {
  const Element* data = data_set.find(overlay_tag(plane, tags::OverlayData));
  PACS_TRY(const bool in_cells, lies_in_cells(data_set, plane, what));
  if (data == nullptr && !in_cells) return std::optional<Overlay>{};
  PACS_TRY(const auto own_frame, overlay_frame(data_set, plane, frame));
  if (!own_frame) return std::optional<Overlay>{};
  Overlay overlay;
  PACS_TRY(overlay.rows,
           overlay_side(data_set, overlay_tag(plane, tags::OverlayRows), what.format.rows));
  PACS_TRY(overlay.columns,
           overlay_side(data_set, overlay_tag(plane, tags::OverlayColumns), what.format.columns));
  const Tag origin = overlay_tag(plane, tags::OverlayOrigin);
  PACS_TRY(const auto top, optional_integer(data_set, origin, 0));
  PACS_TRY(const auto left, optional_integer(data_set, origin, 1));
  // SS: 1\1 is the upper left pixel.
  overlay.top = static_cast<std::int16_t>(top.value_or(1)) - 1;
  overlay.left = static_cast<std::int16_t>(left.value_or(1)) - 1;
  if (data != nullptr) {
    PACS_TRY(read_own_points(*data, *own_frame, overlay));
  } else {
    PACS_TRY(read_unused_bits(data_set, plane, what, pixels, overlay));
  }
  return std::optional{std::move(overlay)};
}

std::vector<Overlay> read_overlays(const DataSet& data_set, const FramePixels& what,
                                   ByteView pixels, std::uint32_t frame, Departures& met) {
  std::vector<Overlay> overlays;
  for (std::uint16_t plane = 0; plane < kOverlayPlanes; ++plane) {
    if (!data_set.contains(overlay_tag(plane, tags::OverlayRows))) continue;
    auto overlay = shown_with(read_overlay(data_set, plane, what, pixels, frame), {}, met);
    if (overlay) overlays.push_back(*std::move(overlay));
  }
  return overlays;
}

std::vector<std::uint16_t> overlays_in_cells(const DataSet& data_set, const FramePixels& what) {
  std::vector<std::uint16_t> planes;
  for (std::uint16_t plane = 0; plane < kOverlayPlanes; ++plane) {
    if (!data_set.contains(overlay_tag(plane, tags::OverlayRows))) continue;
    const auto position = data_set.integer(overlay_tag(plane, tags::OverlayBitPosition));
    if (lies_in_cells(data_set, plane, what).value_or(false) && position &&
        is_beside_pixel(*position, what)) {
      planes.push_back(plane);
    }
  }
  return planes;
}

void draw_overlay(const Overlay& overlay, Image& image) {
  if (image.bits == 8) return draw_points<std::uint8_t>(overlay, image);
  draw_points<std::uint16_t>(overlay, image);
}

}  // namespace pacs
