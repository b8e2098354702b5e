// The wall clock, as the database keeps it.
#pragma once

#include <chrono>
#include <cstdint>

namespace pacs::integration {

/// Milliseconds since 1970-01-01 00:00 UTC.
[[nodiscard]] inline std::int64_t now_ms() {
  using std::chrono::milliseconds, std::chrono::system_clock;
  const auto since_1970 = system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(since_1970).count();
}

}  // namespace pacs::integration
