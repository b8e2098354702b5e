// Dates of HTTP (RFC 9110 §5.6.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pacs::web {

/// "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since 1970 from 0001 to 9999.
[[nodiscard]] std::string http_date(std::int64_t seconds);

/// Of that form, or of the two that were before it: "Sunday, 06-Nov-94 08:49:37 GMT" and
/// "Sun Nov  6 08:49:37 1994". nullopt for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace pacs::web
