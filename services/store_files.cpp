#include "services/store_files.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "services/data_source.h"
#include "services/storage_scu.h"
#include "services/store_plan.h"

namespace pacs::services {

using network::Task;

namespace {

/// The files of one batch that wait to be sent, shared by the batch's associations. Thread-safe.
class Queue {
 public:
  Queue(std::span<const StorableFile> files, const StoreBatch& batch, const StoreOptions& options,
        const std::function<void(const FileResult&)>& on_result)
      : files_(files),
        options_(options),
        on_result_(on_result),
        waiting_(batch.files.begin(), batch.files.end()) {}

  std::optional<OutgoingObject> next() {
    const std::lock_guard lock{mutex_};
    if (waiting_.empty()) return std::nullopt;
    const std::size_t index = waiting_.front();
    waiting_.pop_front();
    return object(index);
  }

  void sent(SentObject sent) {
    const std::lock_guard lock{mutex_};
    if (!sent.response && broke_association(sent.response.error()) &&
        tries_[sent.number]++ < options_.retries) {
      waiting_.push_back(sent.number);  // others first: it may be this file's fault
      return;
    }
    on_result_(result_of(std::move(sent)));
    ++reported_;
  }
  /// Files that have their result: whether anything moves.
  [[nodiscard]] std::size_t reported() {
    const std::lock_guard lock{mutex_};
    return reported_;
  }

  /// Nobody will send what still waits.
  void give_up(const Error& why) {
    const std::lock_guard lock{mutex_};
    for (const std::size_t index : waiting_) on_result_(result_of({index, {}, fail(why)}));
    waiting_.clear();
  }

  [[nodiscard]] bool empty() {
    const std::lock_guard lock{mutex_};
    return waiting_.empty();
  }

 private:
  static bool broke_association(const Error& error) {
    return error.kind == ErrorKind::ConnectionClosed || error.kind == ErrorKind::Timeout;
  }

  [[nodiscard]] OutgoingObject object(std::size_t index) const {
    const StorableFile& file = files_[index];
    OutgoingObject object;
    object.number = index;
    object.sop_class_uid = file.sop_class_uid;
    object.sop_instance_uid = file.sop_instance_uid;
    object.transfer_syntax_uid = file.transfer_syntax_uid;
    object.open = [&file](std::string_view as) { return open_data_set(file, as); };
    if (options_.offer_conversion) {
      object.convertible = [&file](std::string_view as) { return is_convertible(file, as); };
    }
    return object;
  }

  static FileResult result_of(SentObject sent) {
    FileResult result;
    result.file = sent.number;
    result.transfer_syntax_uid = std::move(sent.transfer_syntax_uid);
    if (!sent.response) {
      result.reason = sent.response.error().to_string();
      return result;
    }
    const network::Command& response = *sent.response;
    result.status = response.status.value_or(network::status::kProcessingFailure);
    const network::StatusClass kind = network::status_class(result.status);
    result.outcome = kind == network::StatusClass::Success   ? FileOutcome::Stored
                     : kind == network::StatusClass::Warning ? FileOutcome::Warning
                                                             : FileOutcome::Failed;
    if (result.outcome != FileOutcome::Stored) {
      result.reason =
          fmt::format("status {:04X}{}{}", result.status,
                      response.error_comment.empty() ? "" : ": ", response.error_comment);
    }
    return result;
  }

  const std::span<const StorableFile> files_;
  const StoreOptions& options_;
  const std::function<void(const FileResult&)>& on_result_;
  std::mutex mutex_;
  std::deque<std::size_t> waiting_;
  std::map<std::size_t, std::size_t> tries_;
  std::size_t reported_ = 0;
};

/// One association after the other until the queue is empty, or nothing has moved for too many.
Task<void> work(Queue& queue, const StoreOptions& options, network::RequestOptions peer,
                const integration::Logger& log, std::optional<Error>& last_error) {
  std::chrono::milliseconds delay = options.retry_delay;
  for (std::size_t failures = 0; failures <= options.retries && !queue.empty();) {
    const std::size_t reported = queue.reported();
    Result<std::shared_ptr<network::Association>> opened =
        co_await network::request_association(peer, log);
    Status outcome;
    if (opened) {
      network::Association& association = **opened;
      Status sent = co_await send_objects(
          association, [&queue] { return queue.next(); },
          [&queue](SentObject object) { queue.sent(std::move(object)); });
      outcome = std::move(sent);
      if (outcome) {
        Status released = co_await association.release();
        (void)released;  // every response is in: how the peer says goodbye changes nothing
        co_return;
      }
    } else {
      outcome = fail(std::move(opened.error()));
    }
    last_error = outcome.error();
    const ErrorKind why = outcome.error().kind;
    if (!opened && (why == ErrorKind::Rejected || why == ErrorKind::InvalidArgument)) co_return;
    if (queue.reported() != reported) {
      failures = 0;
      delay = options.retry_delay;
      continue;
    }
    if (++failures > options.retries) co_return;
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, delay};
    delay *= 2;
    boost::system::error_code ignored;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

void store_batch(std::span<const StorableFile> files, const StoreBatch& batch,
                 const StoreOptions& options, const integration::Logger& log,
                 const std::function<void(const FileResult&)>& on_result) {
  Queue queue{files, batch, options, on_result};
  network::RequestOptions peer = options.peer;
  peer.contexts = batch.contexts;
  const std::size_t associations =
      std::clamp<std::size_t>(options.associations, 1, batch.files.size());
  std::vector<std::optional<Error>> errors(associations);

  boost::asio::io_context io;
  for (std::size_t i = 0; i < associations; ++i) {
    boost::asio::co_spawn(boost::asio::make_strand(io), work(queue, options, peer, log, errors[i]),
                          boost::asio::detached);
  }
  const std::size_t threads =
      std::min<std::size_t>(associations, std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back([&io] { io.run(); });
  io.run();
  for (std::thread& helper : helpers) helper.join();

  if (queue.empty()) return;
  const auto failed =
      std::ranges::find_if(errors, [](const auto& error) { return error.has_value(); });
  queue.give_up(failed == errors.end() ? Error{ErrorKind::Internal, "nobody sent it"} : **failed);
}

}  // namespace

void store_files(std::span<const StorableFile> files, const StoreOptions& options,
                 const integration::Logger& log,
                 const std::function<void(const FileResult&)>& on_result) {
  for (const StoreBatch& batch : plan_store(files, options.offer_conversion)) {
    store_batch(files, batch, options, log, on_result);
  }
}

}  // namespace pacs::services
