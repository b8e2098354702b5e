// on_worker: work that blocks, done on another thread while the coroutine waits.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "integration/thread_adapter.h"

namespace pacs::integration {

/// Calls `begin`, and resumes on the caller's executor when what was begun has called `done`, once
/// and on whatever thread. The caller's coroutine lives until then, and its executor must.
boost::asio::awaitable<void> until_done(
    const std::function<void(std::function<void()> done)>& begin);

/// Runs `work` on a thread of the pool and resumes on the caller's executor with what it returned.
/// What it refers to must live until then; it must not throw.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work>> on_worker(WorkPool& pool, Work work) {
  std::optional<std::invoke_result_t<Work>> result;
  const std::function<void(std::function<void()>)> begin = [&](std::function<void()> done) {
    pool.post([&work, &result, done = std::move(done)] {
      result.emplace(work());
      done();
    });
  };
  co_await until_done(begin);
  co_return *std::move(result);
}

}  // namespace pacs::integration
