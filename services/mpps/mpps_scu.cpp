#include "services/mpps/mpps_scu.h"

#include <utility>

#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "services/dispatch/data_pieces.h"
#include "services/dispatch/requestor.h"
#include "services/dispatch/scu.h"

namespace pacs::services {
namespace {

using network::Command;
using network::CommandField;

Result<MppsReply> reply_of(Response response, const TransferSyntax& syntax) {
  Command& command = response.command;
  if (!command.status) return fail(ErrorKind::Malformed, "the response has no status");
  MppsReply reply;
  reply.status = *command.status;
  reply.sop_instance_uid = std::move(command.sop_instance_uid);
  reply.error_comment = std::move(command.error_comment);
  reply.error_id = command.error_id;
  reply.offending_elements = std::move(command.offending_elements);
  reply.attribute_identifiers = std::move(command.attribute_identifiers);
  if (response.data_set.empty()) return reply;
  PACS_TRY(reply.data_set, read_data_set(share(std::move(response.data_set)), syntax));
  return reply;
}

/// `data_set` is null for a request without.
Task<Result<MppsReply>> ask(network::Association& association, Command command,
                            const DataSet* data_set) {
  const auto* context = association.negotiated().accepted_for(command.sop_class_uid);
  if (context == nullptr) {
    co_return fail(ErrorKind::Rejected, "the peer did not accept this SOP class");
  }
  const TransferSyntax* syntax = find_transfer_syntax(context->transfer_syntax);
  if (syntax == nullptr) co_return fail(ErrorKind::Unsupported, "unknown transfer syntax");
  network::DataSource source;
  if (data_set != nullptr) {
    PACS_CO_TRY(Bytes bytes, write_data_set(*data_set, *syntax, {.conforming = true}));
    source = data_source(share(std::move(bytes)));
  }
  PACS_CO_TRY(Response response,
              co_await invoke(association, context->id, std::move(command), std::move(source)));
  co_return reply_of(std::move(response), *syntax);
}

Command command_of(CommandField field, std::string_view sop_class_uid, std::string instance,
                   std::uint16_t message_id) {
  Command command;
  command.field = field;
  command.message_id = message_id;
  command.sop_class_uid = sop_class_uid;
  command.sop_instance_uid = std::move(instance);
  return command;
}

}  // namespace

network::PresentationContextProposal mpps_context() {
  return proposal(uids::ModalityPerformedProcedureStep);
}
network::PresentationContextProposal mpps_retrieve_context() {
  return proposal(uids::ModalityPerformedProcedureStepRetrieve);
}

Task<Result<MppsReply>> create_step(network::Association& association, std::string sop_instance_uid,
                                    const DataSet& attributes, std::uint16_t message_id) {
  Command command = command_of(CommandField::NCreateRq, uids::ModalityPerformedProcedureStep,
                               std::move(sop_instance_uid), message_id);
  Result<MppsReply> reply = co_await ask(association, std::move(command), &attributes);
  co_return reply;
}

Task<Result<MppsReply>> set_step(network::Association& association, std::string sop_instance_uid,
                                 const DataSet& modifications, std::uint16_t message_id) {
  Command command = command_of(CommandField::NSetRq, uids::ModalityPerformedProcedureStep,
                               std::move(sop_instance_uid), message_id);
  Result<MppsReply> reply = co_await ask(association, std::move(command), &modifications);
  co_return reply;
}

Task<Result<MppsReply>> get_step(network::Association& association, std::string sop_instance_uid,
                                 std::vector<Tag> attributes, std::uint16_t message_id) {
  Command command = command_of(CommandField::NGetRq, uids::ModalityPerformedProcedureStepRetrieve,
                               std::move(sop_instance_uid), message_id);
  command.attribute_identifiers = std::move(attributes);
  Result<MppsReply> reply = co_await ask(association, std::move(command), nullptr);
  co_return reply;
}

}  // namespace pacs::services
