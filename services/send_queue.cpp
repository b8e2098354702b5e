#include "services/send_queue.h"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::services {

SendResult result_of(const Result<network::Command>& response) {
  SendResult result;
  if (!response) {
    result.reason = response.error().to_string();
    return result;
  }
  result.status = response->status.value_or(network::status::kProcessingFailure);
  const network::StatusClass kind = network::status_class(result.status);
  result.outcome = kind == network::StatusClass::Success   ? SendOutcome::Stored
                   : kind == network::StatusClass::Warning ? SendOutcome::Warning
                                                           : SendOutcome::Failed;
  if (result.outcome != SendOutcome::Stored) {
    result.reason =
        fmt::format("status {:04X}{}{}", result.status, response->error_comment.empty() ? "" : ": ",
                    response->error_comment);
  }
  return result;
}

std::optional<std::size_t> SendQueue::next() {
  const std::lock_guard lock{mutex_};
  if (stopped_ || waiting_.empty()) return std::nullopt;
  const std::size_t object = waiting_.front();
  waiting_.pop_front();
  return object;
}

void SendQueue::put_back(std::size_t object) {
  const std::lock_guard lock{mutex_};
  waiting_.push_front(object);
}

void SendQueue::sent(SentObject sent) {
  const std::lock_guard lock{mutex_};
  const bool broke = !sent.response && broke_association(sent.response.error());
  if (broke && !stopped_ && tries_[sent.number]++ < retries_) {
    waiting_.push_back(sent.number);  // others first: it may be this object's fault
    return;
  }
  on_result_(sent.number, std::move(sent.transfer_syntax_uid), sent.response);
  if (!broke) ++progress_;
}

void SendQueue::give_up(const Error& why) {
  const std::lock_guard lock{mutex_};
  if (stopped_) return;
  const Result<network::Command> none = fail(why);
  for (const std::size_t object : std::exchange(waiting_, {})) on_result_(object, {}, none);
}

void SendQueue::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
}

std::size_t SendQueue::waiting() {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

bool SendQueue::finished() {
  const std::lock_guard lock{mutex_};
  return stopped_ || waiting_.empty();
}

std::size_t SendQueue::progress() {
  const std::lock_guard lock{mutex_};
  return progress_;
}

namespace {

using Opened = Result<std::shared_ptr<network::Association>>;

/// How often it is looked whether a peer that does not answer is still waited for.
constexpr std::chrono::milliseconds kLook{100};

/// An association being opened. Whoever waits may leave: it is then aborted when it comes.
struct Opening {
  explicit Opening(const boost::asio::any_io_executor& executor) : look(executor) {}
  boost::asio::steady_timer look;
  std::optional<Opened> opened;
};

/// None when the queue is finished before the peer has answered: C-CANCEL does not wait for it.
/// Everything happens on the caller's executor, which runs one thing at a time.
network::Task<std::optional<Opened>> open_unless_finished(SendQueue& queue,
                                                          const network::RequestOptions& peer,
                                                          const integration::Logger& log) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto opening = std::make_shared<Opening>(executor);
  boost::asio::co_spawn(executor, network::request_association(peer, log),
                        [opening](const std::exception_ptr& thrown, Opened opened) {
                          if (thrown) std::rethrow_exception(thrown);  // our own bug
                          opening->opened = std::move(opened);
                          opening->look.cancel();
                        });
  while (!opening->opened && !queue.finished()) {
    opening->look.expires_after(kLook);
    boost::system::error_code opened_or_ticked;
    co_await opening->look.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, opened_or_ticked));
  }
  std::optional<Opened> opened = std::move(opening->opened);
  co_return opened;
}

}  // namespace

network::Task<Status> send_queue(SendQueue& queue, const SendQueueOptions& options,
                                 const integration::Logger& log) {
  std::chrono::milliseconds delay = options.retry_delay;
  Status outcome;
  for (std::size_t failures = 0; failures <= options.retries && !queue.finished();) {
    const std::size_t progress = queue.progress();
    std::optional<Opened> answered = co_await open_unless_finished(queue, options.peer, log);
    if (!answered) break;
    Opened opened = std::move(*answered);
    if (opened) {
      network::Association& association = **opened;
      NextObject feed = options.feed(association);
      OnSent on_sent = [&queue](SentObject object) { queue.sent(std::move(object)); };
      Status sent = co_await send_objects(association, std::move(feed), std::move(on_sent));
      outcome = std::move(sent);
      if (outcome) {
        Status released = co_await association.release();
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
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, delay};
    delay *= 2;
    boost::system::error_code ignored;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  co_return outcome;
}

}  // namespace pacs::services
