// Invariant: a frame is decoded completely or not at all, and what was decoded comes back from our
// own encoder.
#include "encoding/codecs/codecs.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  if (size < 4) return 0;
  FrameFormat format;
  format.rows = data[0] % 32U;
  format.columns = data[1] % 32U;
  format.samples_per_pixel = static_cast<std::uint16_t>(1 + data[2] % 4);
  format.bits_allocated = static_cast<std::uint16_t>(8 << data[3] % 4);
  const ByteView codestream = std::as_bytes(std::span{data + 4, size - 4});
  Bytes pixels(format.bytes());
  const auto decoded = codecs::decode_rle(codestream, format, pixels);
  if (!decoded) {
    require(!decoded.error().message.empty());
    return 0;
  }
  Bytes encoded;
  require(codecs::encode_rle(pixels, format, {}, encoded).has_value());
  require(encoded.size() % 2 == 0);
  Bytes again(format.bytes());
  require(codecs::decode_rle(encoded, format, again).has_value());
  require(again == pixels);
  return 0;
}
