// MemoryBudget: what many may hold in memory together of what comes from outside.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/result.h"

namespace pacs::integration {

/// Thread-safe. Outlives its shares.
class MemoryBudget {
 public:
  /// `name`: of the limit, for who has to raise it.
  MemoryBudget(std::string name, std::uint64_t bytes_max)
      : name_(std::move(name)), bytes_max_(bytes_max) {}

  /// Held by all shares now.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// What one holds of it, given back at its end. Not for use from two threads at once.
  class Share {
   public:
    explicit Share(MemoryBudget& budget) : budget_(budget) {}
    ~Share() { budget_.bytes_ -= held_; }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// Holds so many bytes in all. OutOfResources when the budget does not have them: then it holds
    /// what it held.
    [[nodiscard]] Result<> hold(std::uint64_t bytes) {
      if (bytes > held_ && (budget_.bytes_ += bytes - held_) > budget_.bytes_max_) {
        budget_.bytes_ -= bytes - held_;
        return fail(ErrorKind::OutOfResources,
                    fmt::format("{} = {} bytes are in use; try again later", budget_.name_,
                                budget_.bytes_max_));
      }
      if (bytes < held_) budget_.bytes_ -= held_ - bytes;
      held_ = bytes;
      return {};
    }

   private:
    MemoryBudget& budget_;
    std::uint64_t held_ = 0;
  };

 private:
  const std::string name_;
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace pacs::integration
