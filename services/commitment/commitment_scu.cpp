#include "services/commitment/commitment_scu.h"

#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/uid_registry.h"
#include "core/uids.h"
#include "services/dispatch/scu.h"

namespace pacs::services {

namespace {

using network::Command;
using network::CommandField;

/// A report on 200,000 instances has some 40 MB.
constexpr std::size_t kReportBytesMax = 64U << 20;
/// The same on an association of the peer's: 200,000 references.
constexpr DataSetLimits kReportLimits{.bytes_max = 32U << 20, .elements_max = 1'000'000};
constexpr std::uint16_t kMessageId = 1;

// Event Type IDs, PS3.4 Table J.3-2.
constexpr std::uint16_t kRequestSuccessful = 1, kFailuresExist = 2;
constexpr std::uint16_t kNoSuchEventType = 0x0113;  // PS3.7 §10.1.1.1.8

Result<> add_references(const DataSet& information, Tag sequence, CommitmentReport& report) {
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
      const std::int64_t reason = read.integer(tags::FailureReason).value_or(0);
      reference.failure = reason > 0 && reason <= 0xFFFF ? static_cast<std::uint16_t>(reason)
                                                         : failure_reason::kProcessingFailure;
    }
    report.references.push_back(std::move(reference));
  }
  return {};
}

/// The report that an N-EVENT-REPORT-RQ brings, or what to answer instead (PS3.7 §10.1.1.1.8).
tl::expected<CommitmentReport, Answer> report_of(const Command& request,
                                                 const Result<DataSet>& information) {
  const auto refuse = [](std::uint16_t status, std::string why) {
    return tl::unexpected(Answer{.status = status, .error_comment = std::move(why)});
  };
  if (request.sop_class_uid != uids::StorageCommitmentPushModel) {
    return refuse(network::status::kNoSuchSopClass, "not the class of Storage Commitment");
  }
  if (!is_usable_uid(request.sop_instance_uid)) {
    return refuse(network::status::kInvalidSopInstance, "the SOP Instance UID is not a valid UID");
  }
  if (request.sop_instance_uid != uids::StorageCommitmentPushModelInstance) {
    return refuse(network::status::kNoSuchSopInstance,
                  "not the well-known instance of Storage Commitment");
  }
  // PS3.4 Table J.3-2.
  const std::uint16_t type = request.event_type_id.value_or(0);
  if (type != kRequestSuccessful && type != kFailuresExist) {
    return refuse(kNoSuchEventType, fmt::format("event type {}: there are 1 and 2", type));
  }
  if (!information) {
    return refuse(network::status_of(request.field, information.error().kind),
                  information.error().message);
  }
  Result<CommitmentReport> report = read_commitment_report(type, *information);
  if (!report) return refuse(network::status::kInvalidAttributeValue, report.error().message);
  return std::move(*report);
}

Answer another_transaction(const std::string& uid) {
  return Answer{.status = network::status::kProcessingFailure,
                .error_comment = "not the transaction that was asked for: " + uid};
}

Task<Result<DataSet>> read_information(network::Association& association,
                                       const network::Message& message) {
  if (!message.command.has_data_set) {
    co_return fail(ErrorKind::Malformed, "the report has no Event Information");
  }
  // The network lets only accepted contexts through.
  const auto* context = association.negotiated().accepted(message.context_id);
  Result<DataSet> information = co_await receive_data_set(association, *context, kReportBytesMax);
  co_return information;
}

Result<> outcome_of(const Command& response) {
  const std::uint16_t status = response.status.value_or(0xFFFF);
  if (network::status_class(status) != network::StatusClass::Failure) return {};
  const std::string& comment = response.error_comment;
  return fail(ErrorKind::Rejected,
              fmt::format("the peer refused the request with status {:04X}{}{}", status,
                          comment.empty() ? "" : ": ", comment));
}

}  // namespace

Result<CommitmentReport> read_commitment_report(std::uint16_t event_type,
                                                const DataSet& information) {
  CommitmentReport report;
  report.event_type = event_type;
  report.transaction_uid = information.text(tags::TransactionUID);
  report.retrieve_ae = information.text(tags::RetrieveAETitle);
  if (report.transaction_uid.empty()) {
    return fail(
        Error{ErrorKind::Malformed, "the report has no Transaction UID"}.on(tags::TransactionUID));
  }
  for (const Tag sequence : {tags::ReferencedSOPSequence, tags::FailedSOPSequence}) {
    PACS_TRY(add_references(information, sequence, report));
  }
  return report;
}

Task<Result<>> CommitmentAsking::ask() {
  const network::PresentationContext* context =
      association_.negotiated().accepted_for(uids::StorageCommitmentPushModel);
  if (context == nullptr) {
    co_return fail(ErrorKind::Rejected, "the peer did not accept Storage Commitment");
  }
  PACS_CO_TRY(network::DataSource source, encode(commitment_information(request_), *context));
  Command command;
  command.field = CommandField::NActionRq;
  command.message_id = kMessageId;
  command.sop_class_uid = uids::StorageCommitmentPushModel;
  command.sop_instance_uid = uids::StorageCommitmentPushModelInstance;
  command.action_type_id = 1;
  PACS_CO_TRY(co_await association_.send(context->id, std::move(command), std::move(source)));
  for (;;) {
    PACS_CO_TRY(const network::Message message, co_await receive_message(association_));
    if (message.command.field == CommandField::NActionRsp &&
        message.command.message_id == kMessageId) {
      co_return outcome_of(message.command);  // a data set of it is passed over
    }
    PACS_CO_TRY(co_await take_report(message));
  }
}

Task<Result<CommitmentReport>> CommitmentAsking::report() {
  while (!report_) {
    PACS_CO_TRY(const network::Message message, co_await receive_message(association_));
    PACS_CO_TRY(co_await take_report(message));
  }
  co_return std::move(*report_);
}

/// Answers it, and keeps it when it is that of the request. An error ends the association.
Task<Result<>> CommitmentAsking::take_report(const network::Message& message) {
  if (message.command.field != CommandField::NEventReportRq) {
    association_.abort();
    co_return fail(ErrorKind::Malformed, "the peer sent neither an answer nor a report");
  }
  const Result<DataSet> information = co_await read_information(association_, message);
  if (!information && association_.ended()) co_return fail(information.error());
  auto report = report_of(message.command, information);
  if (report && report->transaction_uid != request_.transaction_uid) {
    report = tl::unexpected(another_transaction(report->transaction_uid));
  }
  const std::uint16_t status = report ? network::status::kSuccess : report.error().status;
  Command answer = network::response_to(message.command, status);
  if (!report) answer.error_comment = report.error().error_comment;
  PACS_CO_TRY(co_await association_.send(message.context_id, std::move(answer)));
  if (!report) {
    if (refused_) refused_(report.error().error_comment);
  } else if (!report_) {
    report_ = std::move(*report);
  }
  co_return Result<>{};
}

bool CommitmentReports::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::StorageCommitmentPushModel;
}

network::RoleSelection CommitmentReports::grant_roles(
    const network::RoleSelection& proposed) const {
  return {proposed.sop_class_uid, !proposed.scp, proposed.scp};
}

Task<Result<Answer>> CommitmentReports::perform(Operation& operation) {
  const Result<DataSet> information = co_await operation.read_identifier(kReportLimits);
  auto report = report_of(operation.request(), information);
  if (report) co_return Answer{.status = take_(std::move(*report))};
  if (refused_) refused_(report.error().error_comment);
  co_return std::move(report.error());
}

}  // namespace pacs::services
