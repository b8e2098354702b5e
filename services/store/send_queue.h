// SendQueue: objects that wait to be sent to one peer, shared by the associations that send them.
// An object whose association broke under it is tried again on another.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "integration/logging.h"
#include "network/association.h"
#include "services/store/storage_scu.h"

namespace pacs::services {

/// Warning: the peer has an object of this name, and said something besides.
enum class SendOutcome : std::uint8_t { Stored, Warning, Failed };

/// What came of sending one object.
struct SendResult {
  SendOutcome outcome = SendOutcome::Failed;
  std::uint16_t status = 0;  ///< of the response; 0 when there was none
  std::string reason;        ///< empty when stored without remark
};
[[nodiscard]] SendResult result_of(const Result<network::Command>& response);

/// How sending one object ended: the response, or why there is none. `error` kinds: Rejected (no
/// context for it), the connection's, and those of its data set.
struct SentObject {
  std::size_t number = 0;
  std::string transfer_syntax_uid;  ///< as sent
  Result<network::Command> response;
};

/// Thread-safe. Objects are the numbers 0, 1, ... of the caller.
class SendQueue {
 public:
  /// `on_sent` is called once for each object, one call at a time. When `stop` is asked for nothing
  /// more is given out, and what still waits gets no result.
  using OnSent = std::function<void(const SentObject& sent)>;
  SendQueue(std::deque<std::size_t> objects, std::size_t retries, OnSent on_sent,
            std::stop_token stop = {})
      : retries_(retries),
        on_sent_(std::move(on_sent)),
        stop_(std::move(stop)),
        waiting_(std::move(objects)) {}

  [[nodiscard]] std::optional<std::size_t> next();
  /// Taken, and not sent after all: it comes next again, and that was no try.
  void put_back(std::size_t object);
  /// Taken, and not sent because no codec takes its pixels: it comes next again, to go as it is
  /// stored or uncompressed. False when that was so before.
  [[nodiscard]] bool put_back_uncompressed(std::size_t object, const Error& why);
  /// Why an object is not to be compressed, if it is not.
  [[nodiscard]] std::optional<Error> why_uncompressed(std::size_t object);
  /// Reports it, or puts it behind the others for another try.
  void sent(SentObject sent);
  /// Nobody will send what still waits.
  void give_up(const Error& why);
  [[nodiscard]] bool stopped() const { return stop_.stop_requested(); }
  /// How many wait to be taken.
  [[nodiscard]] std::size_t waiting();
  /// Nothing is left to give out.
  [[nodiscard]] bool finished();
  /// Objects that have their result and not for want of an association: whether anything moves.
  [[nodiscard]] std::size_t progress();

 private:
  const std::size_t retries_;
  const OnSent on_sent_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::deque<std::size_t> waiting_;
  std::map<std::size_t, std::size_t> tries_;
  std::map<std::size_t, Error> uncompressed_;
  std::size_t progress_ = 0;
};

struct SendQueueOptions {
  network::RequestOptions peer;                ///< contexts included
  std::size_t retries = 2;                     ///< associations in a row on which nothing moved
  std::chrono::milliseconds retry_delay{500};  ///< doubled each time
  /// What one association sends, which takes from the queue.
  std::function<NextObject(const network::Negotiated&)> feed;
  std::stop_token give_up{};  ///< aborts what is under way
};

/// Sends what is in the queue over one association after the other until it is finished, or nothing
/// has moved for too many. Gives the last association's error; what waits then is for give_up.
Task<Result<>> send_queue(SendQueue& queue, const SendQueueOptions& options,
                          const integration::Logger& log);

}  // namespace pacs::services
