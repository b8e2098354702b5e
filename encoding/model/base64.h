// Base64 (RFC 4648 §4), for InlineBinary.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace pacs {

void append_base64(std::string& to, ByteView bytes);
/// nullopt for what is not base64. Padding may be absent; line breaks may not be present.
[[nodiscard]] std::optional<Bytes> parse_base64(std::string_view text);

}  // namespace pacs
