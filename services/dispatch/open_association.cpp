#include "services/dispatch/open_association.h"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::services {

namespace {

/// How often the caller is asked whether it still wants the association.
constexpr std::chrono::milliseconds kLook{100};

/// An association being opened. Whoever waits may leave: it is then aborted when it comes.
struct Opening {
  explicit Opening(const boost::asio::any_io_executor& executor) : look(executor) {}
  boost::asio::steady_timer look;
  std::optional<Opened> opened;
};

Error not_wanted() {
  return {ErrorKind::Cancelled, "the work was stopped before the association was open"};
}

}  // namespace

network::Task<Opened> open_association(network::RequestOptions peer, integration::Logger log,
                                       std::function<bool()> unwanted) {
  if (unwanted()) co_return fail(not_wanted());
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto opening = std::make_shared<Opening>(executor);
  boost::asio::co_spawn(executor, network::request_association(std::move(peer), std::move(log)),
                        [opening](const std::exception_ptr& thrown, Opened opened) {
                          if (thrown) std::rethrow_exception(thrown);  // our own bug
                          opening->opened = std::move(opened);
                          opening->look.cancel();
                        });
  while (!opening->opened) {
    opening->look.expires_after(kLook);
    boost::system::error_code opened_or_ticked;
    co_await opening->look.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, opened_or_ticked));
    if (!opening->opened && unwanted()) co_return fail(not_wanted());
  }
  Opened opened = std::move(*opening->opened);
  co_return opened;
}

}  // namespace pacs::services
