// Times in the answers of /api.
#pragma once

#include <cstdint>
#include <string>

namespace pacs::web {

/// Milliseconds since 1970 as RFC 3339 writes them, "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string instant(std::int64_t milliseconds);

}  // namespace pacs::web
