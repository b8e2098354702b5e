// The threads and contexts of IoPool, the threads of WorkPool.
#include "integration/thread_adapter.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace pacs::integration {

namespace {

/// An io_context that lets go of its handlers before it is destroyed itself.
struct IoContext : boost::asio::io_context {
  using boost::asio::execution_context::shutdown;
  using boost::asio::io_context::io_context;
};

// A handler let go of may hand another one to a context that has let go of its own already:
// coroutines are destroyed on their executor, and the one awaited before the one that awaits it.
constexpr int kRoundsOfLettingGo = 8;

}  // namespace

struct IoPool::Impl {
  struct Worker {
    IoContext context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(context);
    std::thread thread;
  };

  // Handlers own sockets and strands of other contexts: all go while every context still stands.
  ~Impl() {
    for (int round = 0; round < kRoundsOfLettingGo; ++round) {
      for (const auto& worker : workers) worker->context.shutdown();
    }
  }

  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<std::size_t> next{0};
  std::mutex stopping;
};

IoPool::IoPool(std::size_t threads) : impl_(std::make_unique<Impl>()) {
  const std::size_t count = std::max<std::size_t>(threads, 1);
  for (std::size_t i = 0; i < count; ++i) {
    Impl::Worker& worker = *impl_->workers.emplace_back(std::make_unique<Impl::Worker>());
    // An exception that reaches run() is our own bug: it leaves the thread and ends the process.
    worker.thread = std::thread([&worker] { worker.context.run(); });
  }
}

IoPool::~IoPool() {
  stop();
}

boost::asio::io_context& IoPool::context() {
  return impl_->workers[impl_->next++ % impl_->workers.size()]->context;
}

void IoPool::stop() {
  const std::lock_guard lock(impl_->stopping);
  for (const auto& worker : impl_->workers) {
    worker->work.reset();
    worker->context.stop();
  }
  for (const auto& worker : impl_->workers) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

struct WorkPool::Impl {
  explicit Impl(std::size_t threads) : pool(threads) {}
  boost::asio::thread_pool pool;
};

WorkPool::WorkPool(std::size_t threads)
    : impl_(std::make_unique<Impl>(std::max<std::size_t>(threads, 1))) {}

WorkPool::~WorkPool() {
  impl_->pool.join();
}

void WorkPool::post(std::function<void()> work) {
  boost::asio::post(impl_->pool, std::move(work));
}

void WorkPool::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
  // Who comes late finds nothing left, and no longer looks at `work`.
  struct Shared {
    std::atomic<std::size_t> next{0}, done{0};
  };
  const auto shared = std::make_shared<Shared>();
  const auto take = [shared, count, &work] {
    for (std::size_t i = shared->next++; i < count; i = shared->next++) {
      work(i);
      ++shared->done;
      shared->done.notify_one();
    }
  };
  for (std::size_t i = 1; i < count; ++i) post(take);
  take();
  for (std::size_t done = shared->done; done < count; done = shared->done) shared->done.wait(done);
}

}  // namespace pacs::integration
