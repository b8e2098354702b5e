// The composed part of a log line: trace id, message and fields, safe whatever they contain.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "integration/logging.h"

namespace pacs::integration {

using LineBuffer = fmt::basic_memory_buffer<char, 500>;

/// A message or field value from outside is cut here, so that a line stays a line.
inline constexpr std::size_t kLogValueBytesMax = 1024;

/// `[id] message key=value key="value with spaces"`: control characters and bytes that are not
/// UTF-8 become \xNN, so that nobody forges lines or drives a terminal.
void compose_text(LineBuffer& to, std::string_view trace_id, std::string_view message,
                  std::initializer_list<LogField> fields);
/// `"id":"...","message":"...","key":"value"` (RFC 8259; bytes that are not UTF-8 become U+FFFD).
void compose_json(LineBuffer& to, std::string_view trace_id, std::string_view message,
                  std::initializer_list<LogField> fields);

}  // namespace pacs::integration
