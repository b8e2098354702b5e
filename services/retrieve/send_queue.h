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
#include <string>

#include "integration/logging.h"
#include "network/association.h"
#include "services/store/storage_scu.h"

namespace pacs::services {

enum class SendOutcome : std::uint8_t { Stored, Warning, Failed };

/// What came of sending one object.
struct SendResult {
  SendOutcome outcome = SendOutcome::Failed;
  std::uint16_t status = 0;  ///< of the response; 0 when there was none
  std::string reason;        ///< empty when stored without remark
};
[[nodiscard]] SendResult result_of(const Result<network::Command>& response);

/// Thread-safe. Objects are the numbers 0, 1, ... of the caller.
class SendQueue {
 public:
  /// `on_result` is called once for each object, one call at a time.
  using OnResult = std::function<void(std::size_t object, std::string transfer_syntax_uid,
                                      const Result<network::Command>& response)>;
  SendQueue(std::deque<std::size_t> objects, std::size_t retries, OnResult on_result)
      : retries_(retries), on_result_(std::move(on_result)), waiting_(std::move(objects)) {}

  [[nodiscard]] std::optional<std::size_t> next();
  /// Taken, and not sent after all: it comes next again, and that was no try.
  void put_back(std::size_t object);
  /// What `send_objects` says: reports it, or puts it behind the others for another try.
  void sent(SentObject sent);
  /// Nobody will send what still waits.
  void give_up(const Error& why);
  /// From now on nothing more is given out; what still waits gets no result.
  void stop();
  /// How many wait to be taken.
  [[nodiscard]] std::size_t waiting();
  /// Nothing is left to give out.
  [[nodiscard]] bool finished();
  /// Objects that have their result and not for want of an association: whether anything moves.
  [[nodiscard]] std::size_t progress();

 private:
  const std::size_t retries_;
  const OnResult on_result_;
  std::mutex mutex_;
  std::deque<std::size_t> waiting_;
  std::map<std::size_t, std::size_t> tries_;
  std::size_t progress_ = 0;
  bool stopped_ = false;
};

struct SendQueueOptions {
  network::RequestOptions peer;                ///< contexts included
  std::size_t retries = 2;                     ///< associations in a row on which nothing moved
  std::chrono::milliseconds retry_delay{500};  ///< doubled each time
  /// Makes the source of what one association sends, which takes from the queue.
  std::function<NextObject(network::Association&)> feed;
};

/// Sends what is in the queue over one association after the other until it is finished, or nothing
/// has moved for too many. Gives the last association's error; what waits then is for give_up.
network::Task<Result<>> send_queue(SendQueue& queue, const SendQueueOptions& options,
                                   const integration::Logger& log);

}  // namespace pacs::services
