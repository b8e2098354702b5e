#include "services/commitment/commitment_scp.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/uids.h"
#include "integration/on_worker.h"
#include "storage/archive.h"
#include "storage/disk/checksum.h"
#include "storage/jobs/jobs.h"

namespace pacs::services {

namespace {

namespace status = network::status;

constexpr std::uint16_t kRequestStorageCommitment = 1;  // Action Type ID, PS3.4 Table J.3-1
constexpr Tag kRequestedSopInstanceUid{0x0000, 0x1001};
constexpr Tag kActionTypeId{0x0000, 0x1008};

/// PS3.7 §10.1.4.1.10.
std::optional<Answer> refusal(const network::Command& request) {
  if (request.sop_instance_uid != uids::StorageCommitmentPushModelInstance) {
    return Answer{.status = status::kNoSuchSopInstance,
                  .error_comment = "not the well-known instance of Storage Commitment",
                  .offending_elements = {kRequestedSopInstanceUid}};
  }
  if (request.action_type_id != kRequestStorageCommitment) {
    return Answer{.status = status::kNoSuchAction,
                  .error_comment = "the only action is 1, request storage commitment",
                  .offending_elements = {kActionTypeId}};
  }
  if (!request.has_data_set) {
    return Answer{.status = status::kMissingAttribute,
                  .error_comment = "the request has no data set"};
  }
  return std::nullopt;
}

/// The same for the same request of the same AE only, whatever the order of its references and
/// whatever the AE calls us. Takes its time with many references.
std::string key_of(const CommitmentRequest& request, const std::string& calling_ae) {
  CommitmentOrder set;
  set.request.references = reference_set(request);
  return fmt::format("commitment/{}/{}/{:016x}", calling_ae, request.transaction_uid,
                     storage::checksum(encode_commitment(set)));
}

}  // namespace

bool CommitmentScp::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::StorageCommitmentPushModel;
}

/// Durable when it returns. A request that is kept already is reported once; when its report was
/// delivered, or given up, it is asked for anew.
Result<> CommitmentScp::accept(const CommitmentOrder& order, const std::string& key,
                               const std::string& calling_ae) const {
  storage::Jobs& jobs = setup_->archive.jobs();
  storage::NewJob job;
  job.kind = kCommitmentJob;
  job.subject = order.request.transaction_uid;
  job.destination = calling_ae;
  job.payload = encode_commitment(order);
  job.progress_total = static_cast<std::int64_t>(order.request.references.size());
  job.once = key;
  const Result<std::int64_t> added = jobs.add(job);
  if (added) return {};
  if (added.error().kind != ErrorKind::Duplicate) return fail(added.error());
  PACS_TRY(const std::vector<storage::Job> kept, jobs.list({.once = key, .limit = 1}));
  if (kept.empty()) return accept(order, key, calling_ae);  // it went just now
  const Result<storage::Job> again = jobs.repeat(kept.front().id);
  if (again || again.error().kind == ErrorKind::Mismatch) return {};  // Mismatch: it is running
  return fail(again.error());
}

Task<Result<Answer>> CommitmentScp::perform(Operation& operation) {
  if (auto refused = refusal(operation.request())) co_return std::move(*refused);
  const std::size_t references_max = setup_->options.references_max;
  PACS_CO_TRY(const DataSet data_set,
              co_await operation.read_identifier(commitment_limits(references_max)));
  auto request = read_commitment_request(data_set, references_max);
  if (!request) co_return std::move(request.error());

  const network::AssociateRq& asked = operation.association().request;
  const std::string calling_ae = asked.calling_ae;
  const CommitmentOrder order{.request = std::move(*request), .called_ae = asked.called_ae};
  const auto make_key = [&] { return key_of(order.request, calling_ae); };
  const std::string key = co_await on_worker(setup_->workers, make_key);
  // Before a worker can have the job.
  const auto line = std::make_shared<ReportLine>(operation);
  setup_->lines->put(key, line);
  const auto keep = [&] { return accept(order, key, calling_ae); };
  Result<> accepted = co_await on_worker(setup_->workers, keep);
  if (!accepted) {
    (void)setup_->lines->take(key);
    line->set_answered();
    co_return fail(std::move(accepted.error()));
  }
  wake_();
  Answer answer;
  answer.when_sent = [line] { line->set_answered(); };
  co_return answer;
}

}  // namespace pacs::services
