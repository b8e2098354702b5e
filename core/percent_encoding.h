// Percent-encoding of URLs (RFC 3986 §2.1).
#pragma once

#include <string>
#include <string_view>

namespace pacs {

/// `text` as one segment of a path, or one name or value of a query: all but the unreserved
/// characters (RFC 3986 §2.3) encoded.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace pacs
