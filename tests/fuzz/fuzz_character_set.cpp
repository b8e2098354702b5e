// Invariant: whatever the bytes and the character set, the text is UTF-8; text that a set can hold
// comes back from its bytes.
#include <algorithm>

#include "encoding/character_sets/character_set.h"
#include "tests/fuzz/require.h"

/// Up to the first newline the value of Specific Character Set, then the value to decode.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pacs;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::size_t end = std::min(input.find('\n'), input.size());
  const CharacterSet set{input.substr(0, end)};
  const CharacterSet utf8{"ISO_IR 192"};
  for (const VR vr : {VR::PN, VR::LO, VR::LT, VR::CS}) {
    const std::string_view stored = input.substr(std::min(end + 1, size));
    const std::string text = set.to_utf8(stored, vr);
    require(utf8.to_utf8(text, vr) == text);
    // What was decoded, and the same bytes read as UTF-8: letters of sets that are not named too.
    for (const std::string& letters : {text, utf8.to_utf8(stored, vr)}) {
      const auto encoded = set.from_utf8(letters, vr);
      if (encoded) require(set.to_utf8(*encoded, vr) == letters);
    }
  }
  return 0;
}
