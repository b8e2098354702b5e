// Invariant: whatever the codestream, it is an error, or every sample of the frame comes from it;
// what is encoded comes back.
#include "tests/fuzz/frame_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  const FrameInput input = frame_input(data, size);
  check_decodes(codecs::decode_jpeg_2000, input);
  check_comes_back(codecs::encode_jpeg_2000, codecs::decode_jpeg_2000, input, false);
  return 0;
}
