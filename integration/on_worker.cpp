#include "integration/on_worker.h"

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::integration {

boost::asio::awaitable<void> until_done(
    const std::function<void(std::function<void()> done)>& begin) {
  const auto initiate = [&begin](auto handler) {
    // Tracked work keeps the executor running while nothing but the other thread works for us.
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
    // std::function copies, the handler only moves: it is shared.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    begin([shared, executor] { boost::asio::post(executor, [shared] { std::move (*shared)(); }); });
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      initiate, boost::asio::use_awaitable);
}

}  // namespace pacs::integration
