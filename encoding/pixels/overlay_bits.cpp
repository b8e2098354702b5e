#include "encoding/pixels/overlay_bits.h"

#include <utility>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/rendering/overlay.h"

namespace pacs {
namespace {

/// Overlay Data lies before the pixels and is held whole: of all planes and frames together.
constexpr std::uint64_t kOverlayBytesMax = 64ULL << 20;

struct MovedPlane {
  std::uint16_t plane = 0;
  std::uint32_t first_frame = 0;
  std::uint32_t frames = 0;
  std::uint64_t points = 0;
  Bytes data{};

  void add(const Overlay& overlay, std::uint32_t frame) {
    if (frames++ == 0) first_frame = frame;
    data.resize((points + overlay.points.size() + 7) / 8);
    for (const bool point : overlay.points) {
      if (point) data[points / 8] |= std::byte{1} << points % 8;
      ++points;
    }
  }
};

void describe(DataSet& data_set, MovedPlane plane, bool is_multi_frame) {
  const auto tag = [&](Tag in_first_group) { return overlay_tag(plane.plane, in_first_group); };
  data_set.set_integer(tag(tags::OverlayBitsAllocated), VR::US, 1);
  data_set.set_integer(tag(tags::OverlayBitPosition), VR::US, 0);
  if (is_multi_frame) {
    data_set.set_integer(tag(tags::NumberOfFramesInOverlay), VR::IS, plane.frames);
    data_set.set_integer(tag(tags::ImageFrameOrigin), VR::US, plane.first_frame + 1);
  }
  plane.data.resize((plane.data.size() + 1) / 2 * 2);
  data_set.set_bytes(tag(tags::OverlayData), VR::OW, std::move(plane.data));
}

/// Nearly no image has any: then no frame is looked at.
bool may_have_planes(const DataSet& data_set) {
  for (std::uint16_t plane = 0; plane < kOverlayPlanes; ++plane) {
    if (data_set.contains(overlay_tag(plane, tags::OverlayBitPosition)) &&
        !data_set.contains(overlay_tag(plane, tags::OverlayData))) {
      return true;
    }
  }
  return false;
}

Result<std::vector<MovedPlane>> find_planes(const DataSet& data_set, const PixelFormat& format,
                                            const FramePixels& first) {
  std::vector<MovedPlane> planes;
  for (const std::uint16_t plane : overlays_in_cells(data_set, first)) {
    planes.push_back({.plane = plane});
  }
  const std::uint64_t plane_bytes = format.frame.samples() / 8 * format.frames;
  if (!planes.empty() && plane_bytes > kOverlayBytesMax / planes.size()) {
    return fail(Error{ErrorKind::Unsupported, "overlays in the bits of too many pixels"}.on(
        overlay_tag(planes.front().plane, tags::OverlayBitPosition)));
  }
  return planes;
}

}  // namespace

Result<> move_overlays(DataSet& data_set, const StoredImage& image) {
  if (!may_have_planes(data_set)) return {};
  const PixelFormat& format = image.format();
  std::vector<MovedPlane> planes;
  Bytes pixels(static_cast<std::size_t>(format.frame.bytes()));
  for (std::uint32_t frame = 0; frame < format.frames; ++frame) {
    PACS_TRY(const FramePixels what, image.decode(frame, pixels));
    if (frame == 0) {
      PACS_TRY(planes, find_planes(data_set, format, what));
    }
    if (planes.empty()) return {};
    for (MovedPlane& plane : planes) {
      PACS_TRY(const auto overlay, read_overlay(data_set, plane.plane, what, pixels, frame));
      if (overlay) plane.add(*overlay, frame);
    }
  }
  for (MovedPlane& plane : planes) describe(data_set, std::move(plane), format.frames > 1);
  return {};
}

}  // namespace pacs
