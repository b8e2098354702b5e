#include "services/retrieve/retrieve_scu.h"

#include <utility>

#include "core/dicom_tags.h"
#include "services/dispatch/scu.h"

namespace pacs::services {

namespace {

using network::Command;
using network::CommandField;

constexpr std::size_t kIdentifierBytesMax = 64U << 20;  // 100,000 failed UIDs are 6.5 MB

SubOperations counts_of(const Command& response) {
  return {.remaining = response.remaining,
          .completed = response.completed.value_or(0),
          .failed = response.failed.value_or(0),
          .warning = response.warning.value_or(0)};
}

std::vector<std::string> failed_uids_of(const DataSet& identifier) {
  std::vector<std::string> uids;
  std::string_view list = identifier.text(tags::FailedSOPInstanceUIDList);
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('\\'), list.size());
    uids.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return uids;
}

/// PS3.7 Tables 9.3-6 and 9.3-9; both are answered alike.
Command command_of(CommandField field, const network::PresentationContext& context,
                   const RetrieveRequest& request) {
  Command command;
  command.field = field;
  command.message_id = request.message_id;
  command.sop_class_uid = context.abstract_syntax;
  command.priority = 0;  // medium
  command.move_destination = request.move_destination;
  return command;
}

}  // namespace

Task<Result<RetrieveResult>> retrieve(network::Association& association,
                                      const network::PresentationContext& context,
                                      CommandField field, RetrieveRequest request,
                                      OnProgress on_progress, OnStore on_store) {
  const Command command = command_of(field, context, request);
  PACS_CO_TRY(network::DataSource source, encode(request.identifier, context));
  PACS_CO_TRY(co_await association.send(context.id, command, std::move(source)));
  for (bool cancelled = false;;) {
    PACS_CO_TRY(network::Message message, co_await receive_message(association));
    bool go_on = true;
    if (on_store && message.command.field == CommandField::CStoreRq) {
      PACS_CO_TRY(go_on, co_await on_store(std::move(message)));
    } else {
      Command& response = message.command;
      if (response.field != network::response_to(command).field ||
          response.message_id != command.message_id) {
        co_return fail(unasked_answer(association));
      }
      DataSet identifier;
      if (response.has_data_set) {
        Result<DataSet> read = co_await receive_data_set(association, context, kIdentifierBytesMax);
        if (!read) {
          association.abort();
          co_return fail(std::move(read.error()));
        }
        identifier = std::move(*read);
      }
      const SubOperations counts = counts_of(response);
      const std::uint16_t status = response.status.value_or(network::status::kProcessingFailure);
      if (network::status_class(status) != network::StatusClass::Pending) {
        co_return RetrieveResult{.status = status,
                                 .error_comment = std::move(response.error_comment),
                                 .offending_elements = std::move(response.offending_elements),
                                 .counts = counts,
                                 .failed_uids = failed_uids_of(identifier)};
      }
      go_on = !on_progress || on_progress(counts);
    }
    if (go_on || std::exchange(cancelled, true)) continue;
    Command cancel = cancel_request(command.message_id);
    PACS_CO_TRY(co_await association.send(context.id, std::move(cancel)));
  }
}

Task<Result<RetrieveResult>> move(network::Association& association,
                                  const network::PresentationContext& context,
                                  RetrieveRequest request, OnProgress on_progress) {
  return retrieve(association, context, CommandField::CMoveRq, std::move(request),
                  std::move(on_progress), {});
}

}  // namespace pacs::services
