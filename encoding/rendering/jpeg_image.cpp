#include "encoding/rendering/jpeg_image.h"

#include "encoding/codecs/frame_codec.h"

namespace pacs {

Result<Bytes> write_jpeg(const Image& image, int quality) {
  if (image.bits != 8) return fail(ErrorKind::InvalidArgument, "a JPEG has 8 bits: ask for those");
  const FrameFormat format{.rows = image.height,
                           .columns = image.width,
                           .samples_per_pixel = static_cast<std::uint16_t>(image.channels),
                           .colour = image.channels == 3 ? Colour::Rgb : Colour::Monochrome};
  Bytes jpeg;
  PACS_TRY(find_frame_codec(Codec::Jpeg)->encode(image.bytes, format, {quality}, jpeg));
  return jpeg;
}

}  // namespace pacs
