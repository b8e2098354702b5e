#include "integration/work_memory.h"

#include <condition_variable>
#include <utility>

#include <fmt/format.h>

namespace pacs::integration {

std::uint64_t WorkMemory::bytes() {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

std::size_t WorkMemory::waiting() {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

bool WorkMemory::has_room(std::uint64_t bytes) const {
  return bytes_ == 0 || (bytes <= bytes_max_ && bytes_ <= bytes_max_ - bytes);
}

/// Of bytes that are counted already.
WorkMemory::Held WorkMemory::held(std::uint64_t bytes) {
  return {static_cast<const void*>(this), [this, bytes](const void*) { give_back(bytes); }};
}

void WorkMemory::give_back(std::uint64_t bytes) {
  {
    const std::lock_guard lock{mutex_};
    bytes_ -= bytes;
  }
  grant();
}

std::optional<WorkMemory::Waiter> WorkMemory::next_with_room() {
  const std::lock_guard lock{mutex_};
  if (waiting_.empty() || !has_room(waiting_.front().bytes)) return std::nullopt;
  Waiter next = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ += next.bytes;
  return next;
}

void WorkMemory::grant() {
  while (const std::optional<Waiter> next = next_with_room()) next->granted(held(next->bytes));
}

Result<WorkMemory::Held> WorkMemory::hold(std::uint64_t bytes) {
  {
    const std::lock_guard lock{mutex_};
    if (!waiting_.empty() || !has_room(bytes)) {
      return fail(ErrorKind::OutOfResources,
                  fmt::format("{} = {} bytes are in use; try again later", name_, bytes_max_));
    }
    bytes_ += bytes;
  }
  return held(bytes);
}

void WorkMemory::hold_later(std::uint64_t bytes, std::function<void(Held)> granted) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({bytes, std::move(granted)});
  }
  grant();
}

Result<WorkMemory::Held> WorkMemory::hold_within(std::uint64_t bytes,
                                                 std::chrono::milliseconds time) {
  struct Turn {
    std::mutex mutex;
    std::condition_variable came;
    Held held;
    bool is_over = false;
  };
  const auto turn = std::make_shared<Turn>();
  hold_later(bytes, [turn](Held held) {
    const std::lock_guard lock{turn->mutex};
    if (turn->is_over) return;
    turn->held = std::move(held);
    turn->came.notify_one();
  });
  std::unique_lock lock{turn->mutex};
  turn->is_over = !turn->came.wait_for(lock, time, [&] { return turn->held != nullptr; });
  if (!turn->is_over) return std::move(turn->held);
  return fail(ErrorKind::OutOfResources,
              fmt::format("{} = {} bytes were in use for {} seconds; try again later", name_,
                          bytes_max_, std::chrono::duration<double>(time).count()));
}

}  // namespace pacs::integration
