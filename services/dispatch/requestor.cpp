#include "services/dispatch/requestor.h"

#include <optional>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "network/dimse/status.h"
#include "services/dispatch/data_pieces.h"
#include "services/dispatch/scu.h"
#include "services/dispatch/served_association.h"

namespace pacs::services {
namespace {

using network::Command;

constexpr std::size_t kResponseBytesMax = 32U << 20;  // N-GET of a large instance stays far below

/// A response with its data set, if it has one.
Task<Result<Response>> read_response(network::Association& association, Command command,
                                     std::size_t data_set_bytes_max,
                                     integration::MemoryBudget::Share* share = nullptr) {
  Response response{.command = std::move(command), .data_set = {}};
  if (response.command.has_data_set) {
    PACS_CO_TRY(response.data_set, co_await read_whole([&] { return association.read_data_set(); },
                                                       data_set_bytes_max, share));
  }
  co_return response;
}

bool is_pending(const Response& response) {
  return network::status_class(response.command.status.value_or(network::status::kSuccess)) ==
         network::StatusClass::Pending;
}

}  // namespace

/// A request of ours that waits for its response.
struct Requestor::Invocation {
  explicit Invocation(const boost::asio::any_io_executor& strand) : answered(strand) {}

  void set_response(Result<Response> received) {
    response = std::move(received);
    answered.cancel();
  }

  boost::asio::steady_timer answered;  ///< expires when the peer took too long
  std::optional<Result<Response>> response;
};

const network::Negotiated& Requestor::negotiated() const {
  return served_->association->negotiated();
}

boost::asio::any_io_executor Requestor::executor() const {
  return served_->strand;
}

Task<Result<Response>> Requestor::invoke(std::uint8_t context_id, Command request,
                                         network::DataSource data_set) {
  const auto self = shared_from_this();
  network::Association& association = *served_->association;
  const std::size_t performed_at_once = negotiated().window().performed;  // 0: no limit
  while (performed_at_once != 0 && invoked_.size() >= performed_at_once && !association.ended()) {
    co_await served_->changed.wait();
  }
  if (association.ended()) co_return fail(ErrorKind::ConnectionClosed, "the association ended");
  do {
    ++last_message_id_;
  } while (last_message_id_ == 0 || invoked_.contains(last_message_id_));
  const std::uint16_t id = last_message_id_;
  request.message_id = id;
  const auto invocation = std::make_shared<Invocation>(served_->strand);
  invoked_.emplace(id, invocation);
  Result<> sent = co_await association.send(context_id, std::move(request), std::move(data_set));
  if (!sent) {
    invocation->response = fail(std::move(sent.error()));
  } else if (!invocation->response) {
    invocation->answered.expires_after(served_->limits.invoke_timeout);
    boost::system::error_code cancelled;
    co_await invocation->answered.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
  invoked_.erase(id);
  served_->changed.notify_all();
  if (!invocation->response) {
    co_return fail(ErrorKind::Timeout, "the peer did not answer our request in time");
  }
  co_return std::move(*invocation->response);
}

void Requestor::give_up() {
  for (auto& [id, invocation] : invoked_) {
    if (!invocation->response) invocation->answered.cancel();
  }
}

void Requestor::end() {
  for (auto& [id, invocation] : invoked_) {
    // The response may be here, and who waits for it not awake yet: the peer released right behind
    // it.
    if (invocation->response) continue;
    invocation->set_response(fail(ErrorKind::ConnectionClosed, "the association ended"));
  }
}

Task<void> Requestor::take_response(Command command) {
  const auto entry = invoked_.find(command.message_id);
  const std::shared_ptr<Invocation> invocation = entry == invoked_.end() ? nullptr : entry->second;
  // A response to nothing of ours, or one that came after its time: nobody waits for it.
  const std::size_t bytes_max = invocation == nullptr ? 0 : served_->limits.response_bytes_max;
  integration::MemoryBudget::Share share(served_->budget);
  Result<Response> response =
      co_await read_response(*served_->association, std::move(command), bytes_max, &share);
  if (invocation == nullptr || (response && is_pending(*response))) co_return;
  invocation->set_response(std::move(response));
}

Task<Result<Response>> invoke(network::Association& association, std::uint8_t context_id,
                              Command request, network::DataSource data_set) {
  const std::uint16_t message_id = request.message_id;
  PACS_CO_TRY(co_await association.send(context_id, std::move(request), std::move(data_set)));
  for (;;) {
    PACS_CO_TRY(network::Message message, co_await receive_message(association));
    PACS_CO_TRY(Response response,
                co_await read_response(association, std::move(message.command), kResponseBytesMax));
    if (!network::is_response(response.command.field) ||
        response.command.message_id != message_id) {
      co_return fail(unasked_answer(association));
    }
    if (!is_pending(response)) co_return response;
  }
}

}  // namespace pacs::services
