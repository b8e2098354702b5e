#include "services/verification/verification_scu.h"

#include "core/uids.h"
#include "services/dispatch/request.h"

namespace pacs::services {

network::PresentationContextProposal verification_context() {
  network::PresentationContextProposal context;
  context.abstract_syntax = uids::Verification;
  context.transfer_syntaxes = {std::string{uids::ImplicitVRLittleEndian}};
  return context;
}

Task<Result<std::uint16_t>> echo(network::Association& association, std::uint16_t message_id) {
  const network::PresentationContext* context =
      association.negotiated().accepted_for(uids::Verification);
  if (context == nullptr) {
    co_return fail(ErrorKind::Rejected, "the peer took no presentation context for Verification");
  }
  network::Command command;
  command.field = network::CommandField::CEchoRq;
  command.message_id = message_id;
  command.sop_class_uid = uids::Verification;
  Result<Response> response = co_await request(association, context->id, std::move(command));
  if (!response) co_return fail(std::move(response.error()));
  if (!response->command.status) co_return fail(ErrorKind::Malformed, "C-ECHO-RSP without status");
  co_return *response->command.status;
}

}  // namespace pacs::services
