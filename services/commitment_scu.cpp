#include "services/commitment_scu.h"

#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_set_codec.h"
#include "services/data_source.h"
#include "services/request.h"

namespace pacs::services {

namespace {

using network::Command;
using network::CommandField;

/// A report on 200,000 instances has some 40 MB.
constexpr std::size_t kReportBytesMax = 64U << 20;

DataSet action_information(const CommitmentRequest& request) {
  Sequence items;
  items.reserve(request.references.size());
  for (const CommitmentReference& reference : request.references) {
    Item item;
    item.undefined_length = false;
    item.data_set.set_text(tags::ReferencedSOPClassUID, reference.sop_class_uid);
    item.data_set.set_text(tags::ReferencedSOPInstanceUID, reference.sop_instance_uid);
    items.push_back(std::move(item));
  }
  DataSet information;
  information.set_text(tags::TransactionUID, request.transaction_uid);
  information.set_items(tags::ReferencedSOPSequence, std::move(items), false);
  return information;
}

Status add_references(const DataSet& information, Tag sequence, CommitmentReport& report) {
  for (const Item& item : information.items(sequence)) {
    const DataSet& read = item.data_set;
    CommitmentReference reference{std::string(read.text(tags::ReferencedSOPClassUID)),
                                  std::string(read.text(tags::ReferencedSOPInstanceUID)), 0};
    if (reference.sop_instance_uid.empty()) {
      return fail(Error{ErrorKind::Malformed, "an item of the report refers to no instance"}.on(
          tags::ReferencedSOPInstanceUID));
    }
    if (sequence == tags::FailedSOPSequence) {
      // Without a reason it has failed all the same.
      const auto reason = read.get(tags::FailureReason);
      reference.failure = reason && *reason != 0 ? *reason : failure_reason::kProcessingFailure;
    }
    report.references.push_back(std::move(reference));
  }
  return {};
}

/// Of the report that an N-EVENT-REPORT-RQ carries: what to answer, and the report when it is one.
std::uint16_t answer_to(const Command& request, const Result<CommitmentReport>& report) {
  if (request.sop_instance_uid != uids::StorageCommitmentPushModelInstance) {
    return network::status::kNoSuchSopInstance;
  }
  if (!report) return network::status::kInvalidAttributeValue;
  return network::status::kSuccess;
}

Result<CommitmentReport> report_of(Bytes bytes, const std::string& transfer_syntax_uid) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  if (syntax == nullptr) return fail(ErrorKind::Unsupported, "unknown transfer syntax");
  Result<DataSet> information = read_data_set(share(std::move(bytes)), *syntax);
  if (!information) return fail(std::move(information.error()));
  return read_commitment_report(*information);
}

}  // namespace

network::PresentationContext commitment_context() {
  network::PresentationContext context;
  context.abstract_syntax = uids::StorageCommitmentPushModel;
  context.transfer_syntaxes = {std::string{uids::ExplicitVRLittleEndian},
                               std::string{uids::ImplicitVRLittleEndian}};
  return context;
}

Task<Status> request_commitment(network::Association& association,
                                const network::PresentationContext& context,
                                const CommitmentRequest& asked) {
  const TransferSyntax* syntax = find_transfer_syntax(context.transfer_syntaxes.front());
  if (syntax == nullptr) co_return fail(ErrorKind::Unsupported, "unknown transfer syntax");
  Result<Bytes> bytes = write_data_set(action_information(asked), *syntax);
  if (!bytes) co_return fail(std::move(bytes.error()));
  Command command;
  command.field = CommandField::NActionRq;
  command.message_id = 1;
  command.sop_class_uid = uids::StorageCommitmentPushModel;
  command.sop_instance_uid = uids::StorageCommitmentPushModelInstance;
  command.action_type_id = 1;
  command.has_data_set = true;
  network::DataSource source = data_source(share(std::move(*bytes)));
  Result<Response> response =
      co_await request(association, context.id, std::move(command), std::move(source));
  if (!response) co_return fail(std::move(response.error()));
  const std::uint16_t status = response->command.status.value_or(0xFFFF);
  if (network::status_class(status) == network::StatusClass::Failure) {
    const std::string& comment = response->command.error_comment;
    co_return fail(ErrorKind::Rejected,
                   fmt::format("the peer refused the request with status {:04X}{}{}", status,
                               comment.empty() ? "" : ": ", comment));
  }
  co_return Status{};
}

Result<CommitmentReport> read_commitment_report(const DataSet& information) {
  CommitmentReport report;
  report.transaction_uid = information.text(tags::TransactionUID);
  report.retrieve_ae = information.text(tags::RetrieveAETitle);
  if (report.transaction_uid.empty()) {
    return fail(
        Error{ErrorKind::Malformed, "the report has no Transaction UID"}.on(tags::TransactionUID));
  }
  for (const Tag sequence : {Tag{tags::ReferencedSOPSequence}, Tag{tags::FailedSOPSequence}}) {
    if (Status added = add_references(information, sequence, report); !added) {
      return fail(std::move(added.error()));
    }
  }
  return report;
}

Task<Result<CommitmentReport>> receive_commitment_report(network::Association& association) {
  Result<std::optional<network::Message>> received = co_await association.receive();
  if (!received) co_return fail(std::move(received.error()));
  if (!received->has_value()) {
    co_return fail(ErrorKind::ConnectionClosed, "the peer released before it had reported");
  }
  const network::Message message = std::move(**received);
  const network::PresentationContext* context =
      association.negotiated().accepted(message.context_id);
  if (message.command.field != CommandField::NEventReportRq || !message.command.has_data_set ||
      context == nullptr) {
    association.abort();
    co_return fail(ErrorKind::Malformed, "the peer sent something else than a report");
  }
  Result<Bytes> bytes =
      co_await read_whole([&] { return association.read_data_set(); }, kReportBytesMax);
  if (!bytes) co_return fail(std::move(bytes.error()));
  Result<CommitmentReport> report =
      report_of(std::move(*bytes), context->transfer_syntaxes.front());
  const std::uint16_t status = answer_to(message.command, report);
  Command answer = network::response_to(message.command, status);
  Status sent = co_await association.send(message.context_id, std::move(answer));
  if (!sent) co_return fail(std::move(sent.error()));
  co_return report;
}

bool CommitmentReports::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::StorageCommitmentPushModel;
}

network::Role CommitmentReports::grant_roles(const network::PresentationContext& proposed) const {
  return proposed.scp_role ? network::Role::Scp : network::Role::Scu;
}

Task<Result<Answer>> CommitmentReports::perform(Operation& operation) {
  Result<DataSet> information = co_await operation.read_identifier();
  if (!information) co_return fail(std::move(information.error()));
  Result<CommitmentReport> report = read_commitment_report(*information);
  const std::uint16_t status = answer_to(operation.request(), report);
  if (status != network::status::kSuccess) {
    co_return Answer{
        .status = status,
        .error_comment = report ? "not the well-known instance" : report.error().message};
  }
  co_return Answer{.status = take_(std::move(*report))};
}

}  // namespace pacs::services
