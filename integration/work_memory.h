// WorkMemory: what large work under way may take in memory together. Who finds no room waits for
// its turn.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/result.h"

namespace pacs::integration {

/// Thread-safe. Work takes all that it needs at once, before it begins, and never waits for more
/// while it holds some: so whoever waits gets its turn. Outlives what is held.
class WorkMemory {
 public:
  /// Given back when the last copy goes.
  using Held = std::shared_ptr<const void>;

  /// `name`: of the limit, for who has to raise it.
  WorkMemory(std::string name, std::uint64_t bytes_max)
      : name_(std::move(name)), bytes_max_(bytes_max) {}
  WorkMemory(const WorkMemory&) = delete;
  WorkMemory& operator=(const WorkMemory&) = delete;

  /// Held by all now.
  [[nodiscard]] std::uint64_t bytes();
  /// Who waits for memory.
  [[nodiscard]] std::size_t waiting();

  /// At once, or OutOfResources; passes nobody who waits. What is more than all there is is given
  /// while nobody holds anything.
  [[nodiscard]] Result<Held> hold(std::uint64_t bytes);
  /// When its turn comes, in the order of asking: calls `granted` on the thread that asks or on one
  /// that gives back. What it lets go of at once goes to the next.
  void hold_later(std::uint64_t bytes, std::function<void(Held)> granted);
  /// Waits on this thread: OutOfResources when its turn does not come in time.
  [[nodiscard]] Result<Held> hold_within(std::uint64_t bytes, std::chrono::milliseconds time);

 private:
  struct Waiter {
    std::uint64_t bytes;
    std::function<void(Held)> granted;
  };
  [[nodiscard]] bool has_room(std::uint64_t bytes) const;
  [[nodiscard]] Held held(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);
  [[nodiscard]] std::optional<Waiter> next_with_room();
  void grant();

  const std::string name_;
  const std::uint64_t bytes_max_;
  std::mutex mutex_;  // guards what follows
  std::uint64_t bytes_ = 0;
  std::deque<Waiter> waiting_;
};

}  // namespace pacs::integration
