// Linux only: reads /proc/self. Elsewhere the numbers are 0.
#include "integration/process_metrics.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "integration/metrics.h"

namespace pacs::integration {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double entries(const char* directory) {
  std::error_code error;
  const std::filesystem::directory_iterator all(directory, error);
  return error ? 0 : static_cast<double>(std::distance(begin(all), end(all)));
}

}  // namespace

std::uint64_t resident_memory_bytes() {
  // proc(5): statm holds sizes in pages, the second is the resident set.
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void observe_process(Metrics& metrics) {
  const double started =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  metrics.observe_gauge("process_start_time_seconds", "When the process started, since 1970.",
                        [started] { return started; });
  metrics.observe_gauge("process_resident_memory_bytes", "Resident memory.",
                        [] { return static_cast<double>(resident_memory_bytes()); });
  metrics.observe_counter("process_cpu_seconds_total", "User and system CPU time.", cpu_seconds);
  metrics.observe_gauge("process_open_fds", "Open file descriptors.",
                        [] { return entries("/proc/self/fd"); });
  metrics.observe_gauge("process_threads", "Threads.", [] { return entries("/proc/self/task"); });
}

}  // namespace pacs::integration
