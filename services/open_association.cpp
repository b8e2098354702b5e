#include "services/open_association.h"

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "services/event.h"

namespace pacs::services {

namespace {

/// What is shared with the coroutine that opens: whoever waits may leave before it ends, and drops
/// the association then when it comes.
struct Opening {
  explicit Opening(const boost::asio::any_io_executor& executor) : changed(executor) {}
  std::optional<Opened> opened;
  Event changed;
};

network::Task<void> open(std::shared_ptr<Opening> opening, network::RequestOptions peer,
                         integration::Logger log) {
  Opened opened = co_await network::request_association(std::move(peer), std::move(log));
  opening->opened = std::move(opened);
  opening->changed.notify_all();
}

}  // namespace

network::Task<Opened> open_association(network::RequestOptions peer, integration::Logger log,
                                       std::stop_token stop) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto opening = std::make_shared<Opening>(executor);
  boost::asio::co_spawn(executor, open(opening, std::move(peer), std::move(log)),
                        [](const std::exception_ptr& thrown) {
                          if (thrown) std::rethrow_exception(thrown);  // our own bug
                        });
  const std::stop_callback leave(stop, [opening] { opening->changed.notify_all(); });
  while (!opening->opened && !stop.stop_requested()) co_await opening->changed.wait();
  if (stop.stop_requested())
    co_return fail(ErrorKind::Cancelled, "the work stops before there is an association");
  Opened opened = std::move(*opening->opened);
  co_return opened;
}

}  // namespace pacs::services
