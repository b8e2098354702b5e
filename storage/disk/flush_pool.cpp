#include "storage/disk/flush_pool.h"

#include <utility>

#include "storage/disk/platform.h"

namespace pacs::storage {

FlushPool::FlushPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

FlushPool::~FlushPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void FlushPool::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wakeup_.notify_one();
}

void FlushPool::run() {
  platform::name_thread("pacs-flush");
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wakeup_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace pacs::storage
