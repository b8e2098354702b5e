#include "services/dispatch/in_parallel.h"

#include <exception>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "services/dispatch/event.h"

namespace pacs::services {
namespace {

struct Running {
  explicit Running(const boost::asio::any_io_executor& strand) : ended(strand) {}
  Event ended;
  std::size_t count = 0;
};

}  // namespace

network::Task<void> in_parallel(std::size_t count, std::function<network::Task<void>()> make) {
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
