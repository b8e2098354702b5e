// Trace ids: one short, unique name for each association and each HTTP request, carried by every
// log line and event that belongs to it.
#pragma once

#include <string>

namespace pacs::integration {

/// "a1b2c3d4-17": random for each process, then counted. Thread-safe.
[[nodiscard]] std::string next_trace_id();

}  // namespace pacs::integration
