// The job of a request for storage commitment: check, then report on the request's association or a
// new one.
#include <chrono>
#include <utility>

#include "core/uids.h"
#include "integration/clock.h"
#include "integration/on_worker.h"
#include "services/commitment/commitment_check.h"
#include "services/commitment/commitment_scp.h"
#include "storage/jobs/jobs.h"

namespace pacs::services {

namespace {

/// A worker is busy with one check for so long, then others have their turn.
constexpr std::chrono::milliseconds kStep{100};
/// What was found holds for so long when the report cannot be delivered, then it is checked anew.
constexpr std::chrono::hours kCheckHolds{24};

/// One attempt.
class CommitmentAttempt {
 public:
  CommitmentAttempt(const CommitmentSetup& setup, JobContext& context)
      : setup_(setup), context_(context) {}

  Task<Result<>> run() {
    PACS_CO_TRY(order_, decode_commitment(context_.job().payload));
    if (!is_checked()) {
      PACS_CO_TRY(co_await check());
    }
    Result<> reported = co_await report();
    if (!reported) {
      // The next attempt has what this one found.
      Result<> kept = co_await context_.keep(encode_commitment(order_));
      (void)kept;  // else it is checked again
    }
    co_return reported;
  }

 private:
  [[nodiscard]] bool is_checked() const {
    const auto age = std::chrono::milliseconds{integration::now_ms() - order_.checked_ms};
    return order_.checked_ms != 0 && context_.job().attempts > 1 && age < kCheckHolds;
  }

  /// PS3.3 §C.14.1.1, 0131H: "The Transaction UID of the Storage Commitment Request is already in
  /// use": by an earlier request of this AE for something else. Waits for the database.
  Result<bool> is_duplicate() {
    const storage::Job& job = context_.job();
    PACS_TRY(const auto earlier, setup_.archive.jobs().list({.kind = job.kind,
                                                             .subject = job.subject,
                                                             .destination = job.destination,
                                                             .before = job.id,
                                                             .limit = 1}));
    if (earlier.empty()) return false;
    // A key of an older version of this program differs, although the request is the same one.
    const Result<storage::Job> before = setup_.archive.jobs().find(earlier.front().id);
    if (!before && before.error().kind == ErrorKind::NotFound) return false;  // removed just now
    if (!before) return fail(before.error());
    const auto kept = decode_commitment(before->payload);
    return !kept || reference_set(kept->request) != reference_set(order_.request);
  }

  Task<Result<>> check() {
    std::vector<CommitmentReference>& references = order_.request.references;
    const auto ask = [this] { return is_duplicate(); };
    PACS_CO_TRY(const bool duplicate, co_await on_worker(setup_.workers, ask));
    if (duplicate) {
      for (CommitmentReference& reference : references) {
        reference.failure = failure_reason::kDuplicateTransactionUid;
      }
    } else {
      CommitmentCheck check(setup_.archive, references, setup_.log, context_.id());
      const auto step = [&check] { return check.go_on(kStep); };
      while (!check.finished()) {
        PACS_CO_TRY(co_await on_worker(setup_.workers, step));
        if (context_.stop_token().stop_requested()) {
          co_return fail(ErrorKind::Cancelled, "stopped while checking");
        }
        context_.progress(static_cast<std::int64_t>(check.done()),
                          static_cast<std::int64_t>(references.size()));
      }
    }
    order_.checked_ms = integration::now_ms();
    co_return Result<>{};
  }

  Task<Result<>> report() {
    const auto make = [this] { return make_report(); };
    if (auto line = setup_.lines->take(context_.job().once)) {
      if (setup_.options.same_association) {
        EventReport report = co_await on_worker(setup_.workers, make);
        Result<> reported = co_await report_on_line(std::move(line), std::move(report));
        if (reported || reported.error().kind == ErrorKind::Rejected) co_return reported;
      } else {
        co_await wait_answered(std::move(line));
      }
    }
    if (context_.stop_token().stop_requested()) {
      co_return fail(ErrorKind::Cancelled, "stopped before the report");
    }
    const auto find = [this] { return setup_.options.find_peer(context_.job().destination); };
    PACS_CO_TRY(network::RequestOptions peer, co_await on_worker(setup_.workers, find));
    if (order_.called_ae != kAnyScp) peer.calling_ae = order_.called_ae;
    EventReport report = co_await on_worker(setup_.workers, make);
    Result<> reported = co_await report_event(std::move(peer), std::move(report), setup_.log,
                                              context_.stop_token());
    co_return reported;
  }

  EventReport make_report() const {
    return {.sop_class_uid = std::string(uids::StorageCommitmentPushModel),
            .sop_instance_uid = std::string(uids::StorageCommitmentPushModelInstance),
            .event_type_id = commitment_event_type(order_.request),
            .information = commitment_information(order_.request, setup_.options.ae_title)};
  }

  /// What a peer calls that was told no AE title: nobody knows us by it.
  static constexpr std::string_view kAnyScp = "ANY-SCP";

  const CommitmentSetup& setup_;
  JobContext& context_;
  CommitmentOrder order_;
};

Task<JobOutcome> perform_commitment(std::shared_ptr<const CommitmentSetup> setup,
                                    JobContext& context) {
  CommitmentAttempt attempt(*setup, context);
  const Result<> reported = co_await attempt.run();
  if (reported) co_return JobOutcome::done();
  if (reported.error().kind == ErrorKind::Corrupt) {
    co_return JobOutcome::dead(reported.error().to_string());
  }
  co_return JobOutcome::retry(reported.error().to_string());
}

}  // namespace

JobHandler commitment_handler(std::shared_ptr<const CommitmentSetup> setup) {
  return [setup = std::move(setup)](JobContext& context) {
    return perform_commitment(setup, context);
  };
}

}  // namespace pacs::services
