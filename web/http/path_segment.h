// Any text as one segment of one of our paths, where "/", "." and ".." are not possible.
#pragma once

#include <string>
#include <string_view>

namespace pacs::web {

/// "/" as "~1" and "~" as "~0" (as RFC 6901 §3 does), the first dot of "." and ".." as "~2"; then
/// percent-encoded.
[[nodiscard]] std::string segment_of(std::string_view text);
/// The text of a segment that is already percent-decoded.
[[nodiscard]] std::string text_of_segment(std::string_view segment);

}  // namespace pacs::web
