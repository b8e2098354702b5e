// Retrieval: one C-GET or C-MOVE being performed: its sub-operations counted, pending responses
// while they go on, and the final response (PS3.4 §C.4.2, §C.4.3).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "integration/logging.h"
#include "services/dispatch/service.h"
#include "services/retrieve/retrieve_list.h"
#include "services/store/send_queue.h"

namespace pacs::services {

/// Used on the strand of its operation, which the sub-operations share.
class Retrieval : public std::enable_shared_from_this<Retrieval> {
 public:
  /// `cancelled`: by C-CANCEL, or because the association is gone. `trace_id` is the association's.
  Retrieval(std::shared_ptr<const RetrieveList> list, const boost::asio::any_io_executor& strand,
            std::stop_token cancelled, std::string trace_id)
      : list_(std::move(list)),
        strand_(strand),
        trace_id_(std::move(trace_id)),
        tick_(strand),
        cancelled_(std::move(cancelled)) {}

  [[nodiscard]] const std::shared_ptr<const RetrieveList>& list() const { return list_; }
  [[nodiscard]] const boost::asio::any_io_executor& strand() const { return strand_; }
  [[nodiscard]] const std::string& trace_id() const { return trace_id_; }

  /// Objects of the list to be sent: counted as they are, and no more given out when the operation
  /// is cancelled.
  [[nodiscard]] std::shared_ptr<SendQueue> queue(std::deque<std::size_t> objects,
                                                 std::size_t retries);
  /// Stops some seconds after the operation was cancelled: for what is under way.
  [[nodiscard]] std::stop_token give_up() const { return give_up_.get_token(); }

  /// Runs what performs the sub-operations and responds pending now and then until it has ended.
  /// Gives the final answer.
  Task<Answer> perform(Operation& operation, Task<void> sub_operations);

  /// "completed 400, failed 2, warning 0", and why, most frequent reasons, for the log.
  void report(const integration::Logger& log, std::string_view operation) const;

 private:
  void count(const SentObject& sent);
  void pass_on_cancel();
  [[nodiscard]] std::size_t finished() const { return completed_ + failed_.size() + warnings_; }
  [[nodiscard]] SubOperations counts() const;
  [[nodiscard]] Answer final_answer() const;
  [[nodiscard]] Answer pending() const;

  const std::shared_ptr<const RetrieveList> list_;
  const boost::asio::any_io_executor strand_;
  const std::string trace_id_;
  boost::asio::steady_timer tick_;
  bool ended_ = false;
  const std::stop_token cancelled_;
  std::stop_source give_up_;
  std::chrono::steady_clock::time_point give_up_at_ = std::chrono::steady_clock::time_point::max();
  std::size_t completed_ = 0, warnings_ = 0;
  std::vector<std::uint32_t> failed_;
  struct Reason {
    std::size_t count = 0;
    std::string first;  ///< SOP Instance UID
  };
  std::map<std::string, Reason> reasons_;  ///< kReasonsMax of them
  std::string first_reason_;
};

}  // namespace pacs::services
