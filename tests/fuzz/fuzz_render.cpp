// Invariant: a frame of any data set gives an image of as many bytes as its sides say, which can be
// written as PNG, or an error that names an attribute.
#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/rendering/png.h"
#include "encoding/rendering/render.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  if (size < 2) return 0;
  const ByteView bytes = std::as_bytes(std::span{data, size});
  const auto set =
      read_data_set(share(Bytes(bytes.begin() + 2, bytes.end())), explicit_vr_little_endian());
  if (!set) return 0;
  const auto format = pixel_format(*set);
  if (!format) {
    require(format.error().tag.has_value());
    return 0;
  }
  constexpr std::uint64_t kSmallFrame = 1 << 14;
  if (format->frame.samples() > kSmallFrame || format->frame.bytes() > kSmallFrame) return 0;
  Bytes pixels(format->frame.bytes());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = bytes[i * 7 % size];
  FramePixels what{format->frame, format->shift(), true, {}};
  RenderOptions options;
  options.bits = (data[0] & 1) != 0 ? 8 : 16;
  options.width_max = (data[0] & 2) != 0 ? 0 : 40;
  options.height_max = (data[0] & 4) != 0 ? 0 : 30;
  options.view = data[0] >> 6;
  Departures met;
  const auto image = render_frame(*set, *format, what, pixels, data[1], options, met);
  if (image) {
    require(image->bytes.size() == image->pixels() * image->channels * image->bits / 8);
    require(write_png(*image).has_value());
  } else {
    require(image.error().tag.has_value());
  }
  settle_pixels(what, pixels);
  return 0;
}
