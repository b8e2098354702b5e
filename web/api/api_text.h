// Numbers in the parameters of /api, and times in its answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace pacs::web {

/// The parameter `name` as a number; InvalidArgument names it.
[[nodiscard]] Result<std::int64_t> read_number(std::string_view name, std::string_view text,
                                               std::int64_t min, std::int64_t max);

/// Milliseconds since 1970 as RFC 3339 writes them, "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string instant(std::int64_t milliseconds);

}  // namespace pacs::web
