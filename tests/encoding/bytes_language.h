// A language for bytes in tests: hex digits and quoted text. b("0800 0500 'CS' 0200 'AB'").
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.h"

namespace pacs::test {

/// Pairs of hex digits and 'text', spaces between them; "00*5" repeats a byte.
Bytes b(std::string_view description);
std::string hex(ByteView bytes);

}  // namespace pacs::test
