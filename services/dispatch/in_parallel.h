// in_parallel: the same work several times at once, on one strand.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "services/dispatch/event.h"

namespace pacs::services {

/// Runs so many coroutines that `make` gives, on the caller's strand, and waits until all have
/// ended.
template <typename Make>
network::Task<void> in_parallel(std::size_t count, Make make) {
  struct Running {
    explicit Running(const boost::asio::any_io_executor& strand) : ended(strand) {}
    Event ended;
    std::size_t count = 0;
  };
  const boost::asio::any_io_executor strand = co_await boost::asio::this_coro::executor;
  const auto running = std::make_shared<Running>(strand);
  running->count = count;
  for (std::size_t i = 0; i < count; ++i) {
    boost::asio::co_spawn(strand, make(), [running](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);  // our own bug
      --running->count;
      running->ended.notify_all();
    });
  }
  while (running->count != 0) co_await running->ended.wait();
}

}  // namespace pacs::services
