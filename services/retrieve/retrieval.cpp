#include "services/retrieve/retrieval.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/dicom_tags.h"

namespace pacs::services {
namespace {

namespace status = network::status;
using std::chrono::steady_clock;

/// Often enough for a progress bar, too seldom to cost anything.
constexpr std::chrono::milliseconds kPendingInterval{100};
/// While nothing moves (a slow destination), so that the requestor does not give up waiting.
constexpr std::chrono::seconds kPendingAtLeast{5};
/// For what is under way when the operation is cancelled.
constexpr std::chrono::seconds kCancelledGrace{5};
/// Distinct reasons kept for the log.
constexpr std::size_t kReasonsMax = 16;

/// PS3.7 §9.1.3.1.8: the counts are unsigned 16-bit numbers.
std::uint16_t as_count(std::size_t number) {
  return static_cast<std::uint16_t>(
      std::min<std::size_t>(number, std::numeric_limits<std::uint16_t>::max()));
}

}  // namespace

std::shared_ptr<SendQueue> Retrieval::queue(std::deque<std::size_t> objects, std::size_t retries) {
  return std::make_shared<SendQueue>(
      std::move(objects), retries,
      [self = shared_from_this()](const SentObject& sent) { self->count(sent); }, cancelled_);
}

void Retrieval::count(const SentObject& sent) {
  const SendResult result = result_of(sent.response);
  if (result.outcome == SendOutcome::Stored) {
    ++completed_;
    return;
  }
  if (result.outcome == SendOutcome::Warning) {
    ++warnings_;
  } else {
    failed_.push_back(static_cast<std::uint32_t>(sent.number));
    if (first_reason_.empty()) {
      first_reason_ = sent.response ? result.reason : sent.response.error().message;
    }
  }
  if (reasons_.size() < kReasonsMax || reasons_.contains(result.reason)) {
    Reason& reason = reasons_[result.reason];
    if (reason.count++ == 0) reason.first = list_->sop_instance_uid(sent.number);
  }
}

void Retrieval::pass_on_cancel() {
  const auto now = steady_clock::now();
  give_up_at_ = std::min(give_up_at_, now + kCancelledGrace);
  if (now >= give_up_at_) give_up_.request_stop();
}

Task<Answer> Retrieval::perform(Operation& operation, Task<void> sub_operations) {
  boost::asio::co_spawn(strand_, std::move(sub_operations),
                        [self = shared_from_this()](const std::exception_ptr& thrown) {
                          if (thrown) std::rethrow_exception(thrown);  // our own bug
                          self->ended_ = true;
                          self->tick_.cancel();
                        });
  std::size_t told = 0;
  auto told_at = steady_clock::now();
  while (!ended_) {
    tick_.expires_after(kPendingInterval);
    boost::system::error_code ended_or_ticked;
    co_await tick_.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, ended_or_ticked));
    if (ended_) break;
    if (cancelled_.stop_requested()) {
      pass_on_cancel();
      continue;
    }
    const auto now = steady_clock::now();
    const auto due = finished() != told ? told_at + kPendingInterval : told_at + kPendingAtLeast;
    if (now < due) continue;
    const Answer progress = pending();
    Result<> sent = co_await operation.respond_pending(progress);
    (void)sent;  // when it cannot be, the association is gone, and so is the operation
    told = finished();
    told_at = now;
  }
  co_return final_answer();
}

SubOperations Retrieval::counts() const {
  return {.remaining = as_count(list_->size() - finished()),
          .completed = as_count(completed_),
          .failed = as_count(failed_.size()),
          .warning = as_count(warnings_)};
}

Answer Retrieval::pending() const {
  Answer answer;
  answer.status = status::kPending;
  answer.sub_operations = counts();
  return answer;
}

// PS3.4 §C.4.2.3.1: "Success" when all sub-operations succeeded, "Failure, or Refused" when all
// were unsuccessful, "Warning" when some were or had a warning.
Answer Retrieval::final_answer() const {
  Answer answer;
  answer.sub_operations = counts();
  // A cancel that comes behind the last one has come too late.
  if (cancelled_.stop_requested() && (give_up_.stop_requested() || finished() < list_->size())) {
    answer.status = status::kCancel;
  } else {
    // PS3.7 §9.1.4.1.7: in a final response but Cancel there is nothing that remains.
    answer.sub_operations->remaining.reset();
    const bool all_failed = !failed_.empty() && completed_ == 0 && warnings_ == 0;
    if (all_failed) {
      answer.status = status::kCannotPerformSubOperations;
    } else if (!failed_.empty() || warnings_ != 0) {
      answer.status = status::kSubOperationsFailed;
    }
  }
  answer.error_comment = first_reason_;
  if (!failed_.empty()) {
    std::string uids;
    for (const std::uint32_t object : failed_) {
      if (!uids.empty()) uids += '\\';
      uids += list_->sop_instance_uid(object);
    }
    answer.data_set.emplace().set_text(tags::FailedSOPInstanceUIDList, uids);
  }
  return answer;
}

void Retrieval::report(const integration::Logger& log, std::string_view operation) const {
  log.info(trace_id_, fmt::format("{} sub-operations", operation),
           {{"completed", std::to_string(completed_)},
            {"failed", std::to_string(failed_.size())},
            {"warning", std::to_string(warnings_)},
            {"remaining", std::to_string(list_->size() - finished())}});
  for (const auto& [why, reason] : reasons_) {
    log.warning(trace_id_, fmt::format("{} sub-operations not or not wholly successful", operation),
                {{"count", std::to_string(reason.count)}, {"why", why}, {"first", reason.first}});
  }
}

}  // namespace pacs::services
