// What the operating system says of this process, under the names every Prometheus client uses.
#pragma once

#include <cstdint>

namespace pacs::integration {

class Metrics;

/// Resident memory now, in bytes; 0 where the system does not tell.
[[nodiscard]] std::uint64_t resident_memory_bytes();

/// Adds process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, process_threads
/// and process_start_time_seconds.
void observe_process(Metrics& metrics);

}  // namespace pacs::integration
