// Encapsulated Uncompressed Explicit VR Little Endian (PS3.5 §A.4): the native frame, in a
// fragment.
#include <fmt/format.h>

#include <algorithm>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/halved_chroma.h"

namespace pacs::codecs {

/// What lies in the frame is the native one, in the planar configuration of the data set.
Result<DecodedFrame> decode_uncompressed(ByteView codestream, const FrameFormat& format,
                                         std::span<std::byte> pixels) {
  const bool is_422 = may_halve_chroma(format);
  const bool halved = is_422 && codestream.size() < format.bytes();
  const std::uint64_t size = halved ? halved_chroma_bytes(format) : format.bytes();
  if (codestream.size() < size) {
    return fail(ErrorKind::Truncated,
                fmt::format("the frame has {} bytes, of {}", codestream.size(), size));
  }
  // PS3.5 §A.4: fragments are of even length, so one byte may be padding.
  if (codestream.size() > size + size % 2) {
    return fail(ErrorKind::Mismatch,
                fmt::format("the frame has {} bytes; Rows, Columns, Samples per Pixel and Bits "
                            "Allocated make {}",
                            codestream.size(), size));
  }
  DecodedFrame frame{.colour = format.colour, .planar = format.planar, .departures = {}};
  if (is_422) frame.colour = Colour::YbrFull;
  if (halved) {
    PACS_TRY(double_chroma(format, codestream, pixels));
    frame.planar = false;
  } else {
    std::ranges::copy(codestream.first(size), pixels.begin());
  }
  return frame;
}

Result<Colour> encode_uncompressed(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                                   Bytes& out) {
  out.assign(pixels.begin(), pixels.end());
  if (out.size() % 2 != 0) out.push_back(std::byte{0});
  return format.colour;
}

}  // namespace pacs::codecs
