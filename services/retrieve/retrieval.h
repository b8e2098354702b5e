// Retrieval: one C-GET or C-MOVE being performed: its sub-operations counted, pending responses
// while they go on, and the final response (PS3.4 §C.4.2, §C.4.3). Internal to GetScp and MoveScp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "integration/logging.h"
#include "services/dispatch/service.h"
#include "services/retrieve/retrieve_list.h"
#include "services/retrieve/send_queue.h"

namespace pacs::integration {
class WorkPool;
}

namespace pacs::services {

/// What both services stand on; all of it outlives every association.
struct RetrieveSetup {
  storage::Archive& archive;
  integration::WorkPool& workers;
  integration::Logger log{};
};

/// Reads the identifier of a C-GET or C-MOVE by the rules of its SOP class and association.
Task<Result<storage::Selection>> read_selection(Operation& operation);

/// Lists a selection on a worker. On failure: the answer to it (A701).
Task<Result<std::shared_ptr<const RetrieveList>>> list_on_worker(const RetrieveSetup& setup,
                                                                 storage::Selection selection);
[[nodiscard]] Answer cannot_calculate(const Error& error);

/// Used on the strand of its operation. Sub-operations run as coroutines of that strand, which
/// share it and may outlive the operation's caller by no more than `answered`.
class Retrieval : public std::enable_shared_from_this<Retrieval> {
 public:
  /// `cancelled`: by C-CANCEL, or because the association is gone.
  Retrieval(std::shared_ptr<const RetrieveList> list, const boost::asio::any_io_executor& strand,
            std::stop_token cancelled)
      : list_(std::move(list)), strand_(strand), tick_(strand), cancelled_(std::move(cancelled)) {}

  [[nodiscard]] const std::shared_ptr<const RetrieveList>& list() const { return list_; }
  [[nodiscard]] const boost::asio::any_io_executor& strand() const { return strand_; }

  /// Runs a coroutine that performs sub-operations.
  void run(Task<void> work);
  /// A sub-operation ended.
  void done(std::size_t object, const Result<network::Command>& response);
  /// No more sub-operations are to begin.
  [[nodiscard]] bool stopped() const { return cancelled_.stop_requested(); }

  /// How what runs is told that the operation is cancelled, or its association gone.
  struct Stop {
    std::function<void()> begin_no_more = [] {};
    std::function<void()> give_up = [] {};  ///< some seconds later: what is under way as well
  };
  /// Responds pending now and then until all that runs has ended. Gives the final answer.
  Task<Answer> answered(Operation& operation, Stop stop);

  /// "completed 400, failed 2, warning 0", and why, most frequent reasons, for the log.
  void report(const integration::Logger& log, std::string_view id,
              std::string_view operation) const;

 private:
  void pass_on_cancel(const Stop& stop);
  [[nodiscard]] std::size_t finished() const { return completed_ + failed_.size() + warnings_; }
  [[nodiscard]] SubOperations counts() const;
  [[nodiscard]] Answer final_answer() const;
  [[nodiscard]] Answer pending() const;

  std::shared_ptr<const RetrieveList> list_;
  boost::asio::any_io_executor strand_;
  boost::asio::steady_timer tick_;
  std::size_t running_ = 0;
  std::stop_token cancelled_;
  bool told_ = false, gave_up_ = false;  ///< what runs, of the cancel
  std::chrono::steady_clock::time_point give_up_at_ = std::chrono::steady_clock::time_point::max();
  std::size_t completed_ = 0, warnings_ = 0;
  std::vector<std::uint32_t> failed_;
  std::map<std::string, std::size_t> reasons_;  ///< kReasonsMax of them
  std::string first_reason_;
};

}  // namespace pacs::services
