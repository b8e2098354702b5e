// Invariant: a frame of at most 64 x 64 pixels is decoded or refused, within its own memory, and
// the same bytes always give the same pixels.
#include "encoding/codecs/jpeg_extended.h"
#include "tests/fuzz/jpeg_frame_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  if (const auto input = jpeg_frame_input(data, size))
    check_decodes(codecs::decode_jpeg_12_bit, *input);
  return 0;
}
