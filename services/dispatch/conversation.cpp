#include "services/dispatch/conversation.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

#include "core/uid_registry.h"
#include "encoding/data_set_codec.h"
#include "services/dispatch/data_source.h"
#include "services/dispatch/operation.h"

namespace pacs::services {

using network::Command;
using network::CommandField;
using network::Message;
namespace status = network::status;

namespace {

/// Responses that wait to be sent while further requests are taken. A peer that reads what it gets
/// never has more than its window of them; one that does not read is not read from any more.
constexpr std::size_t kResponsesUnsentMax = 16;

/// One request, one response, no cancel and no sub-operations: with a window of one nothing may
/// come in between, so these are performed in place, which saves changes of thread for each object.
bool is_single_exchange(CommandField request) {
  return request == CommandField::CStoreRq || request == CommandField::CEchoRq;
}

/// Affected or Requested SOP Instance UID (PS3.7 §10.3).
Tag instance_element(CommandField n_service) {
  const bool affected =
      n_service == CommandField::NCreateRq || n_service == CommandField::NEventReportRq;
  return affected ? Tag{0x0000, 0x1000} : Tag{0x0000, 0x1001};
}

}  // namespace

Conversation::Conversation(Responder& responder, std::shared_ptr<network::Association> association,
                           boost::asio::any_io_executor strand)
    : responder_(responder),
      association_(std::move(association)),
      strand_(std::move(strand)),
      changed_(strand_) {}

std::size_t Conversation::window() const {
  // PS3.7 §D.3.3.3: the requestor's "invoked" is what we perform; 0 is no limit, so ours holds.
  const std::size_t negotiated = association_->negotiated().window().invoked;
  const std::size_t most = responder_.limits_.operations_in_flight_max;
  return negotiated == 0 ? most : std::min(negotiated, most);
}

Task<void> Conversation::run() {
  co_await receive_messages();
  connection_ended();
  while (performing_ != 0 || !invoked_.empty()) co_await changed_.wait();
}

Task<void> Conversation::receive_messages() {
  while (connected_) {
    Result<std::optional<Message>> received = co_await association_->receive();
    if (!received || !received->has_value()) co_return;  // aborted and gone, or released
    Message message = std::move(**received);
    if (network::is_response(message.command.field)) {
      co_await take_response(std::move(message));
    } else if (message.command.field == CommandField::CCancelRq) {
      take_cancel(message.command);
    } else {
      co_await take_request(std::move(message));
    }
  }
}

void Conversation::connection_ended() {
  connected_ = false;
  for (auto& [id, operation] : in_flight_) operation->cancel();
  for (auto& [id, invocation] : invoked_) {
    // It may be here, and who waits for it not awake yet: the peer released right behind it.
    if (invocation->response) continue;
    invocation->response = fail(ErrorKind::ConnectionClosed, "the association ended");
    invocation->answered.cancel();
  }
  changed_.notify_all();
}

std::optional<Answer> Conversation::refusal(const Message& message,
                                            const network::PresentationContext& context,
                                            const Service* service) const {
  const Command& request = message.command;
  const bool composite = static_cast<std::uint16_t>(request.field) < 0x0100;  // C-, not N-
  if (service == nullptr || !service->performs(request.field)) {
    return Answer{.status = status::kUnrecognizedOperation,
                  .error_comment = fmt::format("{} is not performed for this SOP class",
                                               operation_name(request.field))};
  }
  // PS3.7 §9.1.1.1.9: "Refused: SOP class not supported"; N-services say "no such SOP class"
  // (PS3.7 §10.1.1.1.8). A C-service's SOP class is its context's (PS3.4 §B.2.1).
  if (!service->serves(request.sop_class_uid) ||
      (composite && request.sop_class_uid != context.abstract_syntax)) {
    return Answer{.status = composite ? status::kSopClassNotSupported : status::kNoSuchSopClass,
                  .error_comment = "the SOP class is not the presentation context's",
                  .offending_elements = {composite ? Tag{0x0000, 0x0002} : Tag{0x0000, 0x0003}}};
  }
  // PS3.7 §D.3.3.4: who has given up the role of SCU invokes no operations. (N-EVENT-REPORT is the
  // SCP's.)
  if (!context.scu_role && request.field != CommandField::NEventReportRq) {
    return Answer{.status = status::kNotAuthorized,
                  .error_comment = "the role of SCU was negotiated away"};
  }
  if (!composite && !request.sop_instance_uid.empty() && !is_usable_uid(request.sop_instance_uid)) {
    return Answer{.status = status::kInvalidSopInstance,
                  .error_comment = "the SOP Instance UID is none (PS3.5 9.1)",
                  .offending_elements = {instance_element(request.field)}};
  }
  if (in_flight_.contains(request.message_id)) {
    return Answer{.status = status::kDuplicateInvocation,
                  .error_comment = fmt::format("message id {} is in use", request.message_id)};
  }
  return std::nullopt;
}

void Conversation::take_cancel(const Command& cancel) {
  // PS3.7 §9.3.2.3: C-CANCEL has no response of its own; one that comes too late is dropped.
  const auto entry = in_flight_.find(cancel.message_id);
  if (entry != in_flight_.end()) entry->second->cancel();
}

Task<void> Conversation::take_request(Message message) {
  const network::PresentationContext* context =
      association_->negotiated().accepted(message.context_id);
  if (context == nullptr) {  // the network lets only accepted contexts through
    association_->abort();
    co_return;
  }
  Service* service = responder_.find(context->abstract_syntax);
  std::optional<Answer> refused = refusal(message, *context, service);
  auto operation =
      std::make_shared<OngoingOperation>(shared_from_this(), std::move(message), *context);
  if (refused) {
    co_await operation->drain();
    Result<Answer> answer = std::move(*refused);
    co_await finish(operation, std::move(answer));
    co_return;
  }
  // A peer that keeps to its window never waits here. One that does not waits before its data set
  // is read, so it fills no memory.
  while (connected_ &&
         (in_flight_.size() >= window() || performing_ >= window() + kResponsesUnsentMax)) {
    co_await changed_.wait();
  }
  in_flight_.emplace(operation->request().message_id, operation);
  ++performing_;
  if (window() == 1 && is_single_exchange(operation->request().field)) {
    co_await perform(operation, service);
    co_return;
  }
  boost::asio::co_spawn(strand_, perform(operation, service), boost::asio::detached);
  while (!operation->consumed()) co_await changed_.wait();
}

Task<void> Conversation::perform(OperationPtr operation, Service* service) {
  const auto self = shared_from_this();
  Result<Answer> answer = fail(ErrorKind::Internal, "the service threw an exception");
  try {
    Result<Answer> performed = co_await service->perform(*operation);
    answer = std::move(performed);
  } catch (const std::exception& error) {
    answer = fail(ErrorKind::Internal, error.what());
  }
  co_await operation->drain();
  // Before the response is on the wire: as soon as the peer has it, the message id and the place in
  // the window are the peer's to use again.
  in_flight_.erase(operation->request().message_id);
  changed_.notify_all();
  co_await finish(operation, std::move(answer));
  --performing_;
  changed_.notify_all();
}

Task<void> Conversation::finish(OperationPtr operation, Result<Answer> answer) {
  const Command& request = operation->request();
  Command response;
  std::optional<DataSet> data_set;
  if (answer) {
    data_set = std::move(answer->data_set);
    response = operation->response_with(*answer);
  } else {
    response = network::failure_response(request, answer.error());
  }
  const std::uint16_t code = response.status.value_or(status::kProcessingFailure);
  Result<> sent = co_await operation->send(std::move(response), data_set);
  if (answer && answer->when_sent) answer->when_sent();

  const auto took = std::chrono::steady_clock::now() - operation->started();
  const std::string name = operation_name(request.field);
  const std::string error = !answer ? answer.error().to_string() : answer->error_comment;
  if (!sent) {
    responder_.measures_->abandoned(request.field);
    responder_.log_.warning(
        negotiated().id, name + " ended without a response",
        {{"sop_instance", request.sop_instance_uid}, {"why", sent.error().to_string()}});
    co_return;
  }
  responder_.measures_->finished(request.field, code, took);
  const bool failed = network::status_class(code) == network::StatusClass::Failure;
  const std::string status_text = fmt::format("{:04X}", code);
  const std::string milliseconds =
      fmt::format("{:.2f}", std::chrono::duration<double, std::milli>(took).count());
  if (failed) {
    responder_.log_.warning(negotiated().id, name,
                            {{"status", status_text},
                             {"sop_instance", request.sop_instance_uid},
                             {"milliseconds", milliseconds},
                             {"why", error}});
  } else {
    responder_.log_.info(negotiated().id, name,
                         {{"status", status_text},
                          {"sop_instance", request.sop_instance_uid},
                          {"milliseconds", milliseconds}});
  }
}

std::uint16_t Conversation::free_message_id() {
  do {
    ++last_message_id_;
  } while (last_message_id_ == 0 || invoked_.contains(last_message_id_));
  return last_message_id_;
}

Task<Result<Response>> Conversation::invoke(std::uint8_t context_id, Command request,
                                            network::DataSource data_set) {
  const auto self = shared_from_this();
  const std::size_t performed_at_once = negotiated().window().performed;  // 0: no limit
  while (performed_at_once != 0 && invoked_.size() >= performed_at_once && connected_) {
    co_await changed_.wait();
  }
  if (!connected_) co_return fail(ErrorKind::ConnectionClosed, "the association ended");
  auto invocation = std::make_shared<Invocation>(strand_);
  request.message_id = free_message_id();
  const std::uint16_t id = request.message_id;
  invoked_.emplace(id, invocation);
  Result<> sent = co_await association_->send(context_id, std::move(request), std::move(data_set));
  if (!sent) {
    invocation->response = fail(std::move(sent.error()));
  } else if (!invocation->response) {
    invocation->answered.expires_after(responder_.limits_.invoke_timeout);
    boost::system::error_code cancelled;
    co_await invocation->answered.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
  invoked_.erase(id);
  changed_.notify_all();
  if (!invocation->response) {
    co_return fail(ErrorKind::Timeout, "the peer did not answer our request in time");
  }
  co_return std::move(*invocation->response);
}

void Conversation::give_up() {
  for (auto& [id, invocation] : invoked_) {
    if (!invocation->response) invocation->answered.cancel();
  }
}

Task<void> Conversation::take_response(Message message) {
  const auto entry = invoked_.find(message.command.message_id);
  const std::shared_ptr<Invocation> invocation = entry == invoked_.end() ? nullptr : entry->second;
  Response response{.command = std::move(message.command), .data_set = {}};
  if (response.command.has_data_set) {
    Result<Bytes> data_set = co_await read_whole([this] { return association_->read_data_set(); },
                                                 responder_.limits_.response_bytes_max);
    if (!data_set && invocation != nullptr) {
      invocation->response = fail(std::move(data_set.error()));
      invocation->answered.cancel();
      co_return;
    }
    if (data_set) response.data_set = std::move(*data_set);
  }
  // A response to nothing of ours, or one that came after its time: nobody waits for it.
  if (invocation == nullptr) co_return;
  const std::uint16_t code = response.command.status.value_or(status::kSuccess);
  if (network::status_class(code) == network::StatusClass::Pending) co_return;
  invocation->response = std::move(response);
  invocation->answered.cancel();
}

}  // namespace pacs::services
