// IoPool: one Boost.Asio io_context on a fixed number of threads.
#include "integration/thread_adapter.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace pacs::integration {

struct IoPool::Impl {
  explicit Impl(std::size_t count)
      : context(static_cast<int>(count)), work(boost::asio::make_work_guard(context)) {}

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::mutex stopping;
  std::vector<std::thread> threads;
};

IoPool::IoPool(std::size_t threads)
    : impl_(std::make_unique<Impl>(std::max<std::size_t>(threads, 1))) {
  const std::size_t count = std::max<std::size_t>(threads, 1);
  impl_->threads.reserve(count);
  // An exception that reaches run() is our own bug: it leaves the thread and ends the process.
  for (std::size_t i = 0; i < count; ++i) {
    impl_->threads.emplace_back([this] { impl_->context.run(); });
  }
}

IoPool::~IoPool() {
  stop();
}

boost::asio::io_context& IoPool::context() {
  return impl_->context;
}

void IoPool::stop() {
  const std::lock_guard lock(impl_->stopping);
  impl_->work.reset();
  impl_->context.stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace pacs::integration
