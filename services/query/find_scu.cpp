#include "services/query/find_scu.h"

#include <utility>

#include "services/dispatch/scu.h"

namespace pacs::services {

namespace {

using network::Command;
using network::CommandField;

constexpr std::size_t kAnswerBytesMax = 16U << 20;  // real ones are below 64 KiB

Command find_command(const network::PresentationContext& context, std::uint16_t message_id) {
  Command command;
  command.field = CommandField::CFindRq;
  command.message_id = message_id;
  command.sop_class_uid = context.abstract_syntax;
  command.priority = 0;  // medium, PS3.7 Table 9.3-3
  return command;
}

/// A response and its identifier, if it has one.
struct FindResponse {
  Command command;
  DataSet identifier{};
};

Task<Result<FindResponse>> receive_response(network::Association& association,
                                            const network::PresentationContext& context) {
  PACS_CO_TRY(network::Message message, co_await receive_message(association));
  FindResponse response{.command = std::move(message.command)};
  if (!response.command.has_data_set) co_return response;
  PACS_CO_TRY(response.identifier,
              co_await receive_data_set(association, context, kAnswerBytesMax));
  co_return response;
}

}  // namespace

network::PresentationContextProposal find_context(std::string_view sop_class_uid) {
  return proposal(sop_class_uid);
}

Task<Result<FindResult>> find(network::Association& association,
                              const network::PresentationContext& context, FindRequest request,
                              std::function<void(DataSet)> on_answer) {
  PACS_CO_TRY(network::DataSource source, encode(request.identifier, context));
  Command command = find_command(context, request.message_id);
  PACS_CO_TRY(co_await association.send(context.id, std::move(command), std::move(source)));

  FindResult result;
  bool cancelled = false;
  for (;;) {
    Result<FindResponse> answer = co_await receive_response(association, context);
    if (!answer) {
      association.abort();  // further responses could not be matched to requests
      co_return fail(std::move(answer.error()));
    }
    const Command& response = answer->command;
    if (response.field != CommandField::CFindRsp || response.message_id != request.message_id) {
      co_return fail(unasked_answer(association));
    }
    const std::uint16_t status = response.status.value_or(0);
    if (network::status_class(status) != network::StatusClass::Pending) {
      result.status = status;
      result.error_comment = response.error_comment;
      result.offending_elements = response.offending_elements;
      co_return result;
    }
    if (cancelled) continue;
    if (status == network::status::kPendingWarning) result.keys_unsupported = true;
    ++result.answers;
    on_answer(std::move(answer->identifier));
    if (request.cancel_after != 0 && result.answers >= request.cancel_after) {
      cancelled = true;
      Command cancel = cancel_request(request.message_id);
      PACS_CO_TRY(co_await association.send(context.id, std::move(cancel)));
    }
  }
}

}  // namespace pacs::services
