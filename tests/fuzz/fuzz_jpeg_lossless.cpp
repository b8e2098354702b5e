// Invariant: a frame of at most 64 x 64 pixels is decoded or refused, within its own memory, and
// the same bytes always give the same pixels.
#include "encoding/codecs/codecs.h"
#include "encoding/codecs/jpeg_header.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  if (size < 1) return 0;
  const ByteView codestream = std::as_bytes(std::span{data + 1, size - 1});
  const auto frame = codecs::read_jpeg_header(codestream);
  if (frame && (frame->rows > 64 || frame->columns > 64)) return 0;
  FrameFormat format{.rows = 1, .columns = 1};
  if (frame) {
    format.rows = frame->rows;
    format.columns = frame->columns;
    format.samples_per_pixel = static_cast<std::uint16_t>(frame->component_count);
  }
  format.bits_allocated = static_cast<std::uint16_t>(8 << data[0] % 3);
  format.bits_stored = static_cast<std::uint16_t>(1 + data[0] / 4 % format.bits_allocated);
  format.is_signed = data[0] / 128 != 0;
  Bytes pixels(format.bytes());
  const auto decoded = codecs::decode_jpeg_lossless(codestream, format, pixels);
  if (!decoded) {
    require(!decoded.error().message.empty());
    return 0;
  }
  require(frame.has_value());
  Bytes again(format.bytes(), std::byte{0xA5});
  require(codecs::decode_jpeg_lossless(codestream, format, again).has_value());
  require(again == pixels);
  return 0;
}
