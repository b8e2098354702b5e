#include "services/retrieve/retrieve_scu.h"

#include <utility>

#include "core/dicom_tags.h"
#include "encoding/data_set_codec.h"
#include "services/dispatch/data_source.h"

namespace pacs::services {

namespace {

using network::Command;

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

}  // namespace

Task<Result<>> RetrieveDialogue::begin(network::CommandField field, RetrieveRequest request) {
  const TransferSyntax* syntax = find_transfer_syntax(context_.transfer_syntaxes.front());
  if (syntax == nullptr) co_return fail(ErrorKind::Unsupported, "unknown transfer syntax");
  Result<Bytes> identifier = write_data_set(request.identifier, *syntax);
  if (!identifier) co_return fail(std::move(identifier.error()));
  network::DataSource source = data_source(share(std::move(*identifier)));

  message_id_ = request.message_id;
  Command command;
  command.field = field;
  expected_ = network::response_to(command).field;
  command.message_id = message_id_;
  command.sop_class_uid = context_.abstract_syntax;
  command.priority = 0;  // medium, PS3.7 Tables 9.3-6 and 9.3-9
  command.move_destination = std::move(request.move_destination);
  Result<> sent = co_await association_.send(context_.id, std::move(command), std::move(source));
  co_return sent;
}

Task<Result<bool>> RetrieveDialogue::take(Command response) {
  if (response.field != expected_ || response.message_id != message_id_) {
    co_return fail(ErrorKind::Malformed, "the peer answered a request that was not made");
  }
  DataSet identifier;
  if (response.has_data_set) {
    Result<Bytes> bytes =
        co_await read_whole([this] { return association_.read_data_set(); }, kIdentifierBytesMax);
    if (!bytes) co_return fail(std::move(bytes.error()));
    Result<DataSet> read = read_data_set(share(std::move(*bytes)),
                                         *find_transfer_syntax(context_.transfer_syntaxes.front()));
    if (!read) co_return fail(std::move(read.error()));
    identifier = std::move(*read);
  }
  result_.status = response.status.value_or(network::status::kProcessingFailure);
  result_.counts = counts_of(response);
  if (network::status_class(result_.status) == network::StatusClass::Pending) {
    if (!on_progress_ || on_progress_(result_.counts)) co_return false;
    Result<> told = co_await cancel();
    if (!told) co_return fail(std::move(told.error()));
    co_return false;
  }
  result_.error_comment = std::move(response.error_comment);
  result_.offending_elements = std::move(response.offending_elements);
  result_.failed_uids = failed_uids_of(identifier);
  co_return true;
}

Task<Result<>> RetrieveDialogue::cancel() {
  if (std::exchange(cancelled_, true)) co_return Result<>{};
  Command command;
  command.field = network::CommandField::CCancelRq;
  command.message_id = message_id_;
  Result<> sent = co_await association_.send(context_.id, std::move(command));
  co_return sent;
}

}  // namespace pacs::services
