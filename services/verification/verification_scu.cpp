#include "services/verification/verification_scu.h"

#include "core/uids.h"
#include "services/dispatch/requestor.h"
#include "services/dispatch/scu.h"

namespace pacs::services {

network::PresentationContextProposal verification_context() {
  return proposal(uids::Verification, {std::string{uids::ImplicitVRLittleEndian}});
}

Task<Result<std::uint16_t>> echo(network::Association& association, std::uint16_t message_id) {
  const network::PresentationContext* context =
      association.negotiated().accepted_for(uids::Verification);
  if (context == nullptr) {
    co_return fail(ErrorKind::Rejected, "the peer did not accept Verification");
  }
  network::Command command;
  command.field = network::CommandField::CEchoRq;
  command.message_id = message_id;
  command.sop_class_uid = uids::Verification;
  PACS_CO_TRY(const Response response,
              co_await invoke(association, context->id, std::move(command)));
  if (!response.command.status) co_return fail(ErrorKind::Malformed, "C-ECHO-RSP without status");
  co_return *response.command.status;
}

}  // namespace pacs::services
