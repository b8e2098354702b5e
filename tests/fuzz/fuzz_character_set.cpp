// Invariant: whatever the bytes and the character set, the text is UTF-8.
#include <algorithm>

#include "encoding/character_set.h"
#include "tests/fuzz/require.h"

/// Up to the first newline the value of Specific Character Set, then the value to decode.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::size_t end = std::min(input.find('\n'), input.size());
  const CharacterSet set{input.substr(0, end)};
  const CharacterSet utf8{"ISO_IR 192"};
  for (const VR vr : {VR::PN, VR::LO, VR::LT}) {
    const std::string text = set.to_utf8(input.substr(std::min(end + 1, size)), vr);
    require(utf8.to_utf8(text, vr) == text);
  }
  return 0;
}
