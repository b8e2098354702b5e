#include "services/retrieve/send_job.h"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "integration/on_worker.h"
#include "network/dimse/status.h"

namespace pacs::services {
namespace {

using std::chrono::steady_clock;

/// Between two times that a job keeps what is sent; longer where that takes long, for its payload
/// is written whole.
constexpr std::chrono::milliseconds kKeepEvery{2000};
constexpr int kKeepShare = 20;
/// Failures that the job's error names.
constexpr std::size_t kFailuresNamed = 5;

/// The payload of a job: lines of text, the series (or nothing) and then what is sent.
struct Sent {
  std::string series_instance_uid{};
  std::set<std::string, std::less<>> uids{};
};

Bytes payload_of(const Sent& sent) {
  std::string text = sent.series_instance_uid;
  for (const std::string& uid : sent.uids) text.append("\n").append(uid);
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

Sent read_payload(ByteView payload) {
  std::string_view text{reinterpret_cast<const char*>(payload.data()), payload.size()};
  const auto take_line = [&text] {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return std::string(line);
  };
  Sent sent{.series_instance_uid = take_line()};
  while (!text.empty()) sent.uids.insert(take_line());
  return sent;
}

/// Whether another attempt would end the same way: the peer takes no such object, or ours is at
/// fault.
bool is_final(const SentObject& sent) {
  if (sent.response) {
    const std::uint16_t status = result_of(sent.response).status;
    return status == network::status::kSopClassNotSupported ||
           (status & 0xFF00) == network::status::kDataSetDoesNotMatchSopClass;
  }
  switch (sent.response.error().kind) {
    case ErrorKind::Rejected:  // no presentation context
    case ErrorKind::Corrupt:
    case ErrorKind::Malformed:
    case ErrorKind::Unsupported:
    case ErrorKind::LimitExceeded:
      return true;
    default:
      return false;
  }
}

/// One attempt, on one executor.
class SendAttempt {
 public:
  SendAttempt(const SendSetup& setup, JobContext& context, const boost::asio::any_io_executor& on)
      : setup_(setup), context_(context), sent_(read_payload(context.job().payload)), tick_(on) {}

  Task<JobOutcome> run() {
    const storage::Job& job = context_.job();
    const auto make_list = [this] { return list_what_is_left(); };
    Result<> listed = co_await on_worker(setup_.retrieve.read.workers, make_list);
    if (!listed) co_return JobOutcome::retry(listed.error().to_string());
    if (total_ == 0) co_return JobOutcome::dead("the archive holds nothing of it any more");
    Result<SendDestination> destination =
        co_await find_destination(setup_.options, setup_.retrieve.read.workers, job.destination);
    if (!destination) co_return JobOutcome::retry(destination.error().to_string());
    tell_progress();
    co_await keep();  // seen at once by whoever asked for it
    if (left_->size() == 0) co_return JobOutcome::done();
    co_await send(*std::move(destination));
    const JobOutcome outcome = outcome_now();
    // The next attempt, or whoever asks for the job again, goes on from here.
    if (outcome.kind != JobOutcome::Kind::Done) co_await keep();
    co_return outcome;
  }

 private:
  Result<> list_what_is_left() {
    const storage::Job& job = context_.job();
    const SendOrder order{job.destination, job.subject, sent_.series_instance_uid};
    PACS_TRY(const RetrieveList all,
             list_selection(setup_.retrieve.read.archive, selection_of(order)));
    total_ = all.size();
    const auto left = std::make_shared<RetrieveList>();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!sent_.uids.contains(all.sop_instance_uid(i))) left->add(all.record(i));
    }
    left_ = left;
    sent_count_ = total_ - left_->size();
    return {};
  }

  void tell_progress() {
    context_.progress(static_cast<std::int64_t>(sent_count_), static_cast<std::int64_t>(total_));
  }

  void count(const SentObject& sent) {
    const SendResult result = result_of(sent.response);
    const std::string uid(left_->sop_instance_uid(sent.number));
    if (result.outcome != SendOutcome::Failed) {
      sent_.uids.insert(uid);
      ++sent_count_;
      tell_progress();
      return;
    }
    if (context_.stop_token().stop_requested()) return;
    ++failed_;
    if (is_final(sent)) ++failed_finally_;
    const std::string line = fmt::format("{}: {}", uid, result.reason);
    if (failures_.size() < kFailuresNamed) failures_.push_back(line);
  }

  /// Sends, and keeps now and then what is sent.
  Task<void> send(SendDestination destination) {
    ListToSend what{.list = left_,
                    .queue =
                        [this](std::deque<std::size_t> objects, std::size_t retries) {
                          return std::make_shared<SendQueue>(
                              std::move(objects), retries,
                              [this](const SentObject& sent) { count(sent); },
                              context_.stop_token());
                        },
                    .give_up = context_.stop_token(),
                    .trace_id = context_.id()};
    std::exception_ptr thrown;
    bool ended = false;
    boost::asio::co_spawn(tick_.get_executor(),
                          send_list(setup_.retrieve, std::move(destination), std::move(what)),
                          [&](const std::exception_ptr& error, Result<> result) {
                            thrown = error;
                            association_ = std::move(result);
                            ended = true;
                            tick_.cancel();
                          });
    std::chrono::milliseconds pause = kKeepEvery;
    while (!ended) {
      tick_.expires_after(pause);
      boost::system::error_code ended_or_ticked;
      co_await tick_.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, ended_or_ticked));
      if (ended || sent_.uids.size() == kept_) continue;
      const auto before = steady_clock::now();
      co_await keep();
      const auto took =
          std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - before);
      pause = std::max(kKeepEvery, kKeepShare * took);
    }
    if (thrown) std::rethrow_exception(thrown);
  }

  Task<void> keep() {
    const std::size_t count = sent_.uids.size();
    const Result<> kept = co_await context_.keep(payload_of(sent_));
    if (kept) kept_ = count;
    if (!kept && kept.error().kind != ErrorKind::Cancelled) {
      setup_.retrieve.log.warning(context_.id(), "what is sent is not kept: it may go twice",
                                  {{"why", kept.error().to_string()}});
    }
  }

  [[nodiscard]] JobOutcome outcome_now() const {
    if (context_.stop_token().stop_requested()) return JobOutcome::retry("stopped");
    const auto so_far = fmt::format("{} of {} are sent", sent_count_, total_);
    if (!association_) {
      return JobOutcome::retry(fmt::format("{}; {}", association_.error().to_string(), so_far));
    }
    if (failed_ == 0) return JobOutcome::done();
    std::string why = so_far;
    for (const std::string& failure : failures_) why += "; " + failure;
    if (failed_ > failures_.size()) {
      why += fmt::format("; and {} others", failed_ - failures_.size());
    }
    return failed_ == failed_finally_ ? JobOutcome::dead(std::move(why))
                                      : JobOutcome::retry(std::move(why));
  }

  const SendSetup& setup_;
  JobContext& context_;
  Sent sent_;
  boost::asio::steady_timer tick_;
  std::shared_ptr<const RetrieveList> left_;
  std::size_t total_ = 0, sent_count_ = 0, kept_ = 0, failed_ = 0, failed_finally_ = 0;
  std::vector<std::string> failures_;  ///< the first ones
  Result<> association_;
};

Task<JobOutcome> perform_send(std::shared_ptr<const SendSetup> setup, JobContext& context) {
  const auto executor = co_await boost::asio::this_coro::executor;
  SendAttempt attempt(*setup, context, executor);
  JobOutcome outcome = co_await attempt.run();
  co_return outcome;
}

}  // namespace

storage::Selection selection_of(const SendOrder& order) {
  storage::Selection selection;
  selection.study_uids = {order.study_instance_uid};
  if (!order.series_instance_uid.empty()) selection.series_uids = {order.series_instance_uid};
  return selection;
}

storage::NewJob send_job(const SendOrder& order) {
  storage::NewJob job;
  job.kind = kSendJob;
  job.subject = order.study_instance_uid;
  job.destination = order.destination;
  job.payload = payload_of({.series_instance_uid = order.series_instance_uid});
  return job;
}

JobHandler send_handler(std::shared_ptr<const SendSetup> setup) {
  return [setup = std::move(setup)](JobContext& context) { return perform_send(setup, context); };
}

}  // namespace pacs::services
