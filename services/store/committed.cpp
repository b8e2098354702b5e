#include "services/store/committed.h"

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::services {

network::Task<Result<storage::StoredInstance>> committed(storage::Ingest& ingest) {
  using Outcome = Result<storage::StoredInstance>;
  const auto initiate = [&ingest](auto handler) {
    // std::function copies, the handler only moves: it is shared. Tracked work keeps the executor
    // running while nothing but the archive works for us.
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    ingest.commit([shared, executor](Outcome outcome) {
      boost::asio::post(executor, [shared, outcome = std::move(outcome)]() mutable {
        std::move (*shared)(std::move(outcome));
      });
    });
  };
  Outcome outcome =
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Outcome)>(
          initiate, boost::asio::use_awaitable);
  co_return outcome;
}

}  // namespace pacs::services
