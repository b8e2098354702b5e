// Executors: the pool of I/O threads that runs associations and HTTP, over Boost.Asio.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pacs::integration {

/// `threads` io_contexts (at least one), each run by one thread until stopped. What begins on a
/// context stays there: no thread wakes another for a handler, which costs more than a small
/// C-STORE does, and an io_context is as good as a strand. Nothing on it may block for long.
class IoPool {
 public:
  explicit IoPool(std::size_t threads);
  ~IoPool();  ///< stops and joins
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;
  /// Each context in turn, for each new connection the next.
  [[nodiscard]] boost::asio::io_context& context();
  /// Stops at once, whatever is queued, and joins the threads: owners of work shut it down first.
  /// Not for a thread of the pool itself. May be called again.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Threads for what blocks: database, disk. Ends what is queued before it goes.
class WorkPool {
 public:
  explicit WorkPool(std::size_t threads);
  ~WorkPool();  ///< waits for what was posted
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;
  void post(std::function<void()> work);
  /// Calls `work` for 0 to count - 1, on the caller's thread and on those of the pool that are
  /// free, and returns when all calls have: also within work of the pool.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pacs::integration
