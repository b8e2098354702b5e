// The target of a request line (RFC 9112 §3.2): origin-form or absolute-form, checked and decoded.
#pragma once

#include <string_view>

#include "core/result.h"
#include "web/http/http_message.h"

namespace pacs::web {

struct RequestTarget {
  std::vector<std::string> segments;  ///< decoded, without empty ones
  Fields query;
};

/// Errors: Malformed for what is not a URL, for segments that are or decode to "." or "..", and for
/// decoded NULs, control characters, slashes and backslashes: no handler ever sees a path that
/// means something else to a file system.
[[nodiscard]] Result<RequestTarget> parse_target(std::string_view as_sent);

}  // namespace pacs::web
