#include "services/dispatch/responder.h"

#include <boost/asio/this_coro.hpp>

#include "services/dispatch/conversation.h"
#include "services/dispatch/measures.h"

namespace pacs::services {

Responder::Responder(integration::Logger log, integration::Metrics* metrics, ResponderLimits limits)
    : log_(std::move(log)), limits_(limits), measures_(std::make_unique<Measures>(metrics)) {}

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
  base.choose = [this](const network::PresentationContextProposal& proposed,
                       const network::AssociateRq&) -> Choice {
    const Service* service = find(proposed.abstract_syntax);
    if (service == nullptr)
      return {.accepted = false, .index = 0, .reason = 3};  // PS3.8 Table 9-18
    const std::optional<std::size_t> index = service->choose_transfer_syntax(proposed);
    if (!index) return {.accepted = false, .index = 0, .reason = 4};
    return {.accepted = true, .index = *index, .reason = 0};
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
  const auto conversation = std::make_shared<Conversation>(*this, std::move(association), strand);
  co_await conversation->run();
}

}  // namespace pacs::services
