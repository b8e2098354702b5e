#include "integration/trace_id.h"

#include <atomic>
#include <cstdint>
#include <random>

#include <fmt/format.h>

namespace pacs::integration {

std::string next_trace_id() {
  static const std::uint32_t process = std::random_device{}();
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("{:08x}-{}", process, count.fetch_add(1, std::memory_order_relaxed) + 1);
}

}  // namespace pacs::integration
