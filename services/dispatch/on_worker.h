// on_worker: work that blocks, done on a worker thread while the coroutine waits.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "integration/thread_adapter.h"
#include "network/association.h"

namespace pacs::services {

/// Runs `work` on a thread of the pool and resumes on the caller's executor with what it returned.
/// What it refers to must live until then; it must not throw. The executor must outlive the pool's
/// work.
template <typename Work>
network::Task<std::invoke_result_t<Work>> on_worker(integration::WorkPool& pool, Work work) {
  using Outcome = std::invoke_result_t<Work>;
  const auto initiate = [&pool, &work](auto handler) {
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    pool.post([shared, executor, &work] {
      auto outcome = std::make_shared<std::optional<Outcome>>(work());
      boost::asio::post(executor, [shared, outcome] { std::move (*shared)(std::move(**outcome)); });
    });
  };
  Outcome outcome =
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Outcome)>(
          initiate, boost::asio::use_awaitable);
  co_return outcome;
}

}  // namespace pacs::services
