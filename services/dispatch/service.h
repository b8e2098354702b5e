// Service: what one service class does with one request. What all service classes share (message
// ids, the final response, cancel, draining, error to status, metrics, log) is in the Responder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/transfer_syntax.h"
#include "network/association.h"
#include "network/dimse/status.h"

namespace pacs::services {

using network::Task;

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

/// A response received: its command set and the data set that came with it.
struct Response {
  network::Command command;
  Bytes data_set;
};

/// Sends requests of our own on an association that the peer opened: C-STORE sub-operations of
/// C-GET, N-EVENT-REPORT. May be kept after the operation that gave it; when the association is
/// gone every call says ConnectionClosed. Only for coroutines on the association's strand.
class Requestor {
 public:
  virtual ~Requestor() = default;
  /// Sends a request (its message id is given here) and waits for the final response, at most
  /// limits.dimse_response. Waits first while as many are outstanding as the peer performs at once.
  virtual Task<Result<Response>> invoke(std::uint8_t context_id, network::Command request,
                                        network::DataSource data_set) = 0;
  [[nodiscard]] virtual const network::Negotiated& negotiated() const = 0;
  [[nodiscard]] virtual boost::asio::any_io_executor executor() const = 0;
  /// Whoever waits for a response waits no longer: `invoke` gives Timeout. One that comes
  /// afterwards is passed over.
  virtual void give_up() = 0;
};

/// One request being performed.
class Operation {
 public:
  virtual ~Operation() = default;
  [[nodiscard]] virtual const network::Command& request() const = 0;
  [[nodiscard]] virtual const network::Negotiated& association() const = 0;
  [[nodiscard]] virtual const network::PresentationContext& context() const = 0;

  /// The next piece of the request's data set; its bytes are valid until the caller next suspends.
  /// Errors are the connection's and final. What a service leaves unread is drained after it.
  virtual Task<Result<network::DataPiece>> read_data_set() = 0;
  /// The whole data set, for identifiers and N-service data sets: at most identifier_bytes_max.
  virtual Task<Result<DataSet>> read_identifier() = 0;

  /// A response before the final one (status FF00 or FF01). The answer must have a name: GCC 12
  /// destroys an aggregate made inside of a co_await twice.
  virtual Task<Result<>> respond_pending(const Answer& answer) = 0;
  Task<Result<>> respond_pending(Answer&&) = delete;
  /// The same status once with each of the data sets, which are written in the context's transfer
  /// syntax already and live until it is done: many responses to one send.
  virtual Task<Result<>> respond_pending(std::uint16_t status,
                                         std::span<const ByteView> data_sets) = 0;
  /// True once C-CANCEL-RQ came for this operation, or the association is gone. To be asked
  /// between responses and sub-operations; the final status is then FE00.
  [[nodiscard]] virtual bool cancelled() const = 0;
  /// The same for work on another thread.
  [[nodiscard]] virtual std::stop_token stop_token() const = 0;
  /// For requests to the peer on the same association. From here on, as from the first pending
  /// response, the data set is no longer read.
  [[nodiscard]] virtual std::shared_ptr<Requestor> requestor() = 0;
};

/// A service class in the role of SCP. One object serves all associations at once, so `perform`
/// may run many times at a time, on several threads.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual bool serves(std::string_view sop_class_uid) const = 0;
  /// Which requests it knows; others are answered 0211.
  [[nodiscard]] virtual bool performs(network::CommandField request) const = 0;
  /// An index into proposed.transfer_syntaxes, or nullopt when none is supported. The default takes
  /// the best uncompressed one.
  [[nodiscard]] virtual std::optional<std::size_t> choose_transfer_syntax(
      const network::PresentationContextProposal& proposed) const;
  /// Which of the roles proposed for the requestor are granted (PS3.7 §D.3.3.4); default SCU.
  [[nodiscard]] virtual network::RoleSelection grant_roles(
      const network::RoleSelection& proposed) const;
  [[nodiscard]] virtual std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const;
  /// Performs one request to its final answer. An error becomes the failure response of
  /// network::failure_response.
  virtual Task<Result<Answer>> perform(Operation& operation) = 0;
};

/// The most wanted of the proposed uncompressed transfer syntaxes: Explicit VR Little Endian keeps
/// the VRs of private elements, Implicit VR Little Endian is everybody's default, Deflated costs
/// time, Big Endian is retired. nullopt when none is proposed.
[[nodiscard]] std::optional<std::size_t> best_uncompressed(
    const std::vector<std::string>& transfer_syntaxes);
/// Whether it is one of these four. They say the same in other bytes, so that each can be written
/// as another; JPIP, say, is not encapsulated either, and tells where the pixels are to be fetched.
[[nodiscard]] bool is_uncompressed(std::string_view transfer_syntax_uid);

}  // namespace pacs::services
