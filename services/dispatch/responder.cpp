#include "services/dispatch/responder.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/uid_registry.h"
#include "services/dispatch/measures.h"
#include "services/dispatch/requestor.h"

namespace pacs::services {
namespace {

using network::Command;
using network::CommandField;
using network::Message;
namespace status = network::status;

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

Answer answer_to(const Error& error, const Command& request) {
  Command response = network::failure_response(request, error);
  Answer answer;
  answer.status = response.status.value_or(status::kProcessingFailure);
  answer.error_comment = std::move(response.error_comment);
  answer.offending_elements = std::move(response.offending_elements);
  return answer;
}

/// What is wrong with a request before any service sees it: the answer to it.
std::optional<Answer> refusal(const Command& request, const network::PresentationContext& context,
                              const Service* service) {
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
                  .error_comment = "the SOP Instance UID is not a valid UID (PS3.5 9.1)",
                  .offending_elements = {instance_element(request.field)}};
  }
  return std::nullopt;
}

/// One association being served: the loop that receives messages, and the operations in flight.
/// Everything here runs on the association's strand.
///
/// Messages do not interleave on an association (PS3.7 §9.1 with PS3.8 §7.6), so while an operation
/// reads its data set the loop does not receive; as soon as the data set is consumed it does,
/// whether or not the operation has ended. That is how C-CANCEL, responses to our requests and, in
/// a window above 1, further requests come in beside operations in flight.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(const Responder& responder, Measures& measures,
               std::shared_ptr<ServedAssociation> served)
      : responder_(responder),
        measures_(measures),
        served_(std::move(served)),
        association_(*served_->association),
        requestor_(std::make_shared<Requestor>(served_)) {}

  Task<void> run() {
    co_await receive_messages();
    association_.abort();  // unless it has ended: nobody listens to it any more
    for (auto& [id, operation] : in_flight_) operation->cancel();
    requestor_->end();
    served_->changed.notify_all();
    while (performing_ != 0 || requestor_->is_waiting()) co_await served_->changed.wait();
  }

 private:
  using OperationPtr = std::shared_ptr<Operation>;

  Task<void> receive_messages() {
    for (;;) {
      Result<std::optional<Message>> received = co_await association_.receive();
      if (!received || !received->has_value()) co_return;  // aborted and gone, or released
      Message message = std::move(**received);
      if (network::is_response(message.command.field)) {
        co_await requestor_->take_response(std::move(message.command));
      } else if (message.command.field == CommandField::CCancelRq) {
        take_cancel(message.command);
      } else {
        co_await take_request(std::move(message));
      }
    }
  }

  // PS3.7 §9.3.2.3: C-CANCEL has no response of its own; one that comes too late is dropped.
  void take_cancel(const Command& cancel) {
    const auto entry = in_flight_.find(cancel.message_id);
    if (entry != in_flight_.end()) entry->second->cancel();
  }

  Task<void> take_request(Message message) {
    const network::PresentationContext* context =
        association_.negotiated().accepted(message.context_id);
    if (context == nullptr) {  // the network lets only accepted contexts through
      association_.abort();
      co_return;
    }
    Service* service = responder_.find(context->abstract_syntax);
    std::optional<Answer> refused = refusal(message.command, *context, service);
    const std::uint16_t id = message.command.message_id;
    if (!refused && in_flight_.contains(id)) {
      refused = Answer{.status = status::kDuplicateInvocation,
                       .error_comment = fmt::format("message id {} is in use", id)};
    }
    const auto operation =
        std::make_shared<Operation>(served_, requestor_, std::move(message.command), *context);
    if (refused) {
      co_await operation->drain();
      Result<Answer> answer = std::move(*refused);
      co_await finish(operation, std::move(answer));
      co_return;
    }
    // A peer that keeps to its window never waits here. One that does not waits before its data set
    // is read, so it fills no memory.
    while (in_flight_.size() >= window() || performing_ >= window() + kResponsesUnsentMax) {
      co_await served_->changed.wait();
    }
    in_flight_.emplace(id, operation);
    ++performing_;
    if (window() == 1 && is_single_exchange(operation->request().field)) {
      co_await perform(operation, service);
      co_return;
    }
    boost::asio::co_spawn(served_->strand, perform(operation, service), boost::asio::detached);
    while (!operation->consumed()) co_await served_->changed.wait();
  }

  Task<void> perform(OperationPtr operation, Service* service) {
    const auto self = shared_from_this();
    Result<Answer> answer = fail(ErrorKind::Internal, "the service threw an exception");
    try {
      Result<Answer> performed = co_await service->perform(*operation);
      answer = std::move(performed);
    } catch (const std::exception& error) {
      answer = fail(ErrorKind::Internal, error.what());
    }
    co_await operation->drain();
    // Before the response is on the wire: as soon as the peer has it, the message id and the place
    // in the window are the peer's to use again.
    in_flight_.erase(operation->request().message_id);
    served_->changed.notify_all();
    co_await finish(operation, std::move(answer));
    --performing_;
    served_->changed.notify_all();
  }

  /// Sends the final response, counts and logs.
  Task<void> finish(OperationPtr operation, Result<Answer> result) {
    const std::string why = result ? result->error_comment : result.error().to_string();
    const Answer answer =
        result ? std::move(*result) : answer_to(result.error(), operation->request());
    Result<> sent = co_await operation->send(answer);
    if (answer.when_sent) answer.when_sent();
    if (sent) {
      measures_.finished(*operation, answer.status, why);
    } else {
      measures_.abandoned(*operation, sent.error());
    }
  }

  /// Operations performed at once.
  [[nodiscard]] std::size_t window() const {
    // PS3.7 §D.3.3.3: the requestor's "invoked" is what we perform; 0 is no limit, so ours holds.
    const std::size_t negotiated = association_.negotiated().window().invoked;
    const std::size_t most = served_->limits.operations_in_flight_max;
    return negotiated == 0 ? most : std::min(negotiated, most);
  }

  const Responder& responder_;
  Measures& measures_;
  const std::shared_ptr<ServedAssociation> served_;
  network::Association& association_;
  const std::shared_ptr<Requestor> requestor_;
  /// By message id, until the final response is about to be sent.
  std::map<std::uint16_t, OperationPtr> in_flight_;
  std::size_t performing_ = 0;  ///< coroutines that perform operations, to their very end
};

}  // namespace

Responder::Responder(integration::Logger log, integration::Metrics* metrics, ResponderLimits limits)
    : limits_(std::move(limits)),
      measures_(std::make_unique<Measures>(std::move(log), metrics)),
      budget_("dicom.data_sets_bytes_max", limits_.data_sets_bytes_max) {}

Responder::~Responder() = default;

void Responder::add(std::unique_ptr<Service> service) {
  services_.push_back(std::move(service));
}

Service* Responder::find(std::string_view sop_class_uid) const {
  for (const auto& service : services_) {
    if (service->serves(sop_class_uid)) return service.get();
  }
  return nullptr;
}

network::AcceptorPolicy Responder::policy(network::AcceptorPolicy base) const {
  using Choice = network::AcceptorPolicy::Choice;
  base.choose = [this](const network::PresentationContextProposal& proposed) -> Choice {
    const Service* service = find(proposed.abstract_syntax);
    if (service == nullptr)
      return {.accepted = false, .index = 0, .reason = 3};  // PS3.8 Table 9-18
    const std::optional<std::size_t> index = service->choose_transfer_syntax(proposed);
    if (!index) return {.accepted = false, .index = 0, .reason = 4};
    return {.accepted = true, .index = *index, .reason = 0};
  };
  // Every object can be sent uncompressed; single ones have no form that a codec takes.
  base.choose_to_send = [choose =
                             base.choose](const network::PresentationContextProposal& proposed) {
    Choice choice = choose(proposed);
    const auto uncompressed = best_uncompressed(proposed.transfer_syntaxes);
    if (choice.accepted && uncompressed) choice.index = *uncompressed;
    return choice;
  };
  base.grant_roles = [this](const network::RoleSelection& proposed) {
    const Service* service = find(proposed.sop_class_uid);
    return service == nullptr ? network::RoleSelection{proposed.sop_class_uid, true, false}
                              : service->grant_roles(proposed);
  };
  base.answer_extended = [this](const network::ExtendedNegotiation& proposed) {
    const Service* service = find(proposed.sop_class_uid);
    return service == nullptr ? std::nullopt : service->answer_extended(proposed);
  };
  return base;
}

Task<void> Responder::serve(std::shared_ptr<network::Association> association) {
  const auto strand = co_await boost::asio::this_coro::executor;
  const auto served =
      std::make_shared<ServedAssociation>(std::move(association), strand, limits_, budget_);
  const auto conversation = std::make_shared<Conversation>(*this, *measures_, served);
  co_await conversation->run();
}

}  // namespace pacs::services
