// Operation: one request of the peer while a service performs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "integration/memory_budget.h"
#include "network/association.h"
#include "network/dimse/status.h"
#include "services/dispatch/requestor.h"

namespace pacs::services {

/// Sub-operations of C-MOVE and C-GET (PS3.7 §9.1.3.1.8 to §9.1.3.1.11).
struct SubOperations {
  std::optional<std::uint16_t> remaining{};  ///< absent in a final success (PS3.7 §9.1.3.1.8)
  std::uint16_t completed = 0, failed = 0, warning = 0;
};

/// What a response says beyond the fields copied from its request.
struct Answer {
  std::uint16_t status = network::status::kSuccess;
  std::string error_comment{};
  std::vector<Tag> offending_elements{};
  std::optional<std::uint16_t> error_id{};   ///< says of a processing failure which one
  std::string sop_instance_uid{};            ///< when it differs from the request's (N-CREATE)
  std::vector<Tag> attribute_identifiers{};  ///< N-GET, N-SET, N-CREATE: those that failed
  std::optional<SubOperations> sub_operations{};
  std::optional<DataSet> data_set{};  ///< written in the context's transfer syntax
  /// Called, on the association's executor, when the final response has left or cannot leave.
  std::function<void()> when_sent{};
};

/// How much of a data set that is read whole a service takes: above what any real one has.
struct DataSetLimits {
  std::size_t bytes_max = 0;
  std::uint64_t elements_max = 0;  ///< with items, at any depth
};

/// Of an identifier: as many UIDs as it may list (storage/query/query_parse.cpp) are 6.5 MiB; its
/// keys, with private creators and group lengths.
inline constexpr DataSetLimits kIdentifierLimits{.bytes_max = 8U << 20, .elements_max = 10'000};

/// On the association's strand.
class Operation {
 public:
  Operation(std::shared_ptr<ServedAssociation> served, std::shared_ptr<Requestor> requestor,
            network::Command request, network::PresentationContext context);

  [[nodiscard]] const network::Command& request() const { return request_; }
  [[nodiscard]] const network::Negotiated& association() const;
  [[nodiscard]] const network::PresentationContext& context() const { return context_; }

  /// The next piece of the request's data set; its bytes are valid until the caller next suspends.
  /// Errors are the connection's and final. What a service leaves unread is drained after it.
  Task<Result<network::DataPiece>> read_data_set();
  /// The whole data set, for identifiers and N-service data sets. Until the operation ends it holds
  /// its share of what all associations may have of such. One that names no character set names
  /// that of the peer, if one is known. LimitExceeded, OutOfResources.
  Task<Result<DataSet>> read_identifier(DataSetLimits limits);

  /// A response before the final one (status FF00 or FF01). The answer must have a name: GCC 12
  /// destroys an aggregate made inside of a co_await twice.
  Task<Result<>> respond_pending(const Answer& answer);
  Task<Result<>> respond_pending(Answer&&) = delete;
  /// The same status once with each of the data sets, which are written in the context's transfer
  /// syntax already and live until it is done: many responses to one send.
  Task<Result<>> respond_pending(std::uint16_t status, std::span<const ByteView> data_sets);
  /// True once C-CANCEL-RQ came for this operation, or the association is gone. To be asked
  /// between responses and sub-operations; the final status is then FE00.
  [[nodiscard]] bool cancelled() const { return stop_.stop_requested(); }
  /// The same for work on another thread.
  [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }
  /// For requests to the peer on the same association. From here on, as from the first pending
  /// response, the data set is no longer read.
  [[nodiscard]] std::shared_ptr<Requestor> requestor();

  // For the loop that has it performed.

  /// The request's data set (if it has one) has been read to its last piece, or cannot be.
  [[nodiscard]] bool consumed() const { return consumed_; }
  [[nodiscard]] std::chrono::steady_clock::time_point started() const { return started_; }
  void cancel() { stop_.request_stop(); }
  /// Reads and drops what the service left, so that the association goes on with the next message.
  Task<void> drain();
  /// Sends a response: identifying fields of the request, the rest from `answer`, which lives until
  /// it is done.
  Task<Result<>> send(const Answer& answer);

 private:
  void set_consumed();

  const std::shared_ptr<ServedAssociation> served_;
  const std::shared_ptr<Requestor> requestor_;
  const network::Command request_;
  const network::PresentationContext context_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  bool consumed_;
  std::stop_source stop_;
  integration::MemoryBudget::Share share_;
};

}  // namespace pacs::services
