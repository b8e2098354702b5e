#include "services/store/send_queue.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "network/dimse/status.h"
#include "services/dispatch/open_association.h"

namespace pacs::services {

namespace {

/// PS3.7 Annex C: the peer has an object of this name already, as after a try whose response was
/// lost. So it is no failure; nor does it prove that the peer's object is the one that was sent.
bool says_duplicate(std::uint16_t status) {
  return status == network::status::kDuplicateSopInstance;
}

}  // namespace

SendResult result_of(const Result<network::Command>& response) {
  SendResult result;
  if (!response) {
    result.reason = response.error().to_string();
    return result;
  }
  result.status = response->status.value_or(network::status::kProcessingFailure);
  const network::StatusClass kind = network::status_class(result.status);
  const bool duplicate = says_duplicate(result.status);
  result.outcome = kind == network::StatusClass::Success                ? SendOutcome::Stored
                   : kind == network::StatusClass::Warning || duplicate ? SendOutcome::Warning
                                                                        : SendOutcome::Failed;
  if (result.outcome != SendOutcome::Stored) {
    result.reason =
        fmt::format("status {:04X}{}{}", result.status, response->error_comment.empty() ? "" : ": ",
                    response->error_comment);
  }
  if (duplicate) {
    result.reason +=
        ": the peer has an object of this SOP Instance UID, and does not say whether "
        "it is the same one";
  }
  return result;
}

std::optional<std::size_t> SendQueue::next() {
  const std::lock_guard lock{mutex_};
  if (stopped() || waiting_.empty()) return std::nullopt;
  const std::size_t object = waiting_.front();
  waiting_.pop_front();
  return object;
}

void SendQueue::put_back(std::size_t object) {
  const std::lock_guard lock{mutex_};
  waiting_.push_front(object);
}

bool SendQueue::put_back_uncompressed(std::size_t object, const Error& why) {
  const std::lock_guard lock{mutex_};
  if (!uncompressed_.emplace(object, why).second) return false;
  waiting_.push_front(object);
  return true;
}

std::optional<Error> SendQueue::why_uncompressed(std::size_t object) {
  const std::lock_guard lock{mutex_};
  const auto found = uncompressed_.find(object);
  return found == uncompressed_.end() ? std::nullopt : std::optional{found->second};
}

void SendQueue::sent(SentObject sent) {
  const std::lock_guard lock{mutex_};
  const bool broke = !sent.response && broke_association(sent.response.error());
  if (broke && !stopped() && tries_[sent.number]++ < retries_) {
    waiting_.push_back(sent.number);  // others first: it may be this object's fault
    return;
  }
  on_sent_(sent);
  if (!broke) ++progress_;
}

void SendQueue::give_up(const Error& why) {
  const std::lock_guard lock{mutex_};
  if (stopped()) return;
  for (const std::size_t object : std::exchange(waiting_, {})) on_sent_({object, {}, fail(why)});
}

std::size_t SendQueue::waiting() {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

bool SendQueue::finished() {
  const std::lock_guard lock{mutex_};
  return stopped() || waiting_.empty();
}

std::size_t SendQueue::progress() {
  const std::lock_guard lock{mutex_};
  return progress_;
}

Task<Result<>> send_queue(SendQueue& queue, const SendQueueOptions& options,
                          const integration::Logger& log) {
  const auto executor = co_await boost::asio::this_coro::executor;
  std::chrono::milliseconds delay = options.retry_delay;
  Result<> outcome;
  const std::function<bool()> finished = [&queue] { return queue.finished(); };
  for (std::size_t failures = 0; failures <= options.retries && !queue.finished();) {
    const std::size_t progress = queue.progress();
    Opened opened = co_await open_association(options.peer, log, finished);
    if (!opened && queue.finished()) break;  // C-CANCEL does not wait for the peer
    if (opened) {
      network::Association& association = **opened;
      const std::stop_callback abort(options.give_up, [&association] { association.abort(); });
      Invoke invoke = requests_on(*opened, executor);
      NextObject next = options.feed(association.negotiated());
      const std::size_t window = association.negotiated().window().invoked;
      Result<> sent = co_await send_objects(std::move(invoke), window, std::move(next), queue);
      outcome = std::move(sent);
      if (outcome) {
        Result<> released = co_await association.release();
        (void)released;  // every response is in: how the peer says goodbye changes nothing
        co_return outcome;
      }
    } else {
      outcome = fail(std::move(opened.error()));
    }
    const ErrorKind why = outcome.error().kind;
    if (!opened && (why == ErrorKind::Rejected || why == ErrorKind::InvalidArgument)) break;
    if (queue.progress() != progress) {
      failures = 0;
      delay = options.retry_delay;
      continue;
    }
    if (++failures > options.retries || queue.finished()) break;
    boost::asio::steady_timer timer{executor, delay};
    delay *= 2;
    boost::system::error_code ignored;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  co_return outcome;
}

}  // namespace pacs::services
