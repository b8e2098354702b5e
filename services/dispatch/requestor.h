// Our own requests: on an association that the peer opened (Requestor) and on one that we opened
// (invoke).
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "core/bytes.h"
#include "core/result.h"
#include "network/association.h"

namespace pacs::services {

using network::Task;
struct ServedAssociation;

/// A response received: its command set and the data set that came with it.
struct Response {
  network::Command command;
  Bytes data_set;
};

/// Sends requests of our own on an association that the peer opened: C-STORE sub-operations of
/// C-GET, N-EVENT-REPORT. May be kept after the operation that gave it; when the association is
/// gone every call says ConnectionClosed. Only for coroutines on the association's strand.
class Requestor : public std::enable_shared_from_this<Requestor> {
 public:
  explicit Requestor(std::shared_ptr<ServedAssociation> served) : served_(std::move(served)) {}

  /// Sends a request (its message id is given here) and waits for the final response, at most
  /// ResponderLimits::invoke_timeout. Waits first while as many are outstanding as the peer
  /// performs at once.
  Task<Result<Response>> invoke(std::uint8_t context_id, network::Command request,
                                network::DataSource data_set);
  [[nodiscard]] const network::Negotiated& negotiated() const;
  [[nodiscard]] boost::asio::any_io_executor executor() const;
  /// Whoever waits for a response waits no longer: `invoke` gives Timeout. One that comes
  /// afterwards is passed over.
  void give_up();

  // For the loop that receives.

  Task<void> take_response(network::Command command);
  /// Nothing is received any more: whoever still waits gets ConnectionClosed.
  void end();
  [[nodiscard]] bool is_waiting() const { return !invoked_.empty(); }

 private:
  struct Invocation;

  const std::shared_ptr<ServedAssociation> served_;
  std::map<std::uint16_t, std::shared_ptr<Invocation>> invoked_;  ///< by message id
  std::uint16_t last_message_id_ = 0;
};

/// Sends a request on an association that we opened and waits for its final response; for services
/// with a single response at a time (C-ECHO, N-services). Errors: the connection's, or Malformed
/// when the peer answers something else.
Task<Result<Response>> invoke(network::Association& association, std::uint8_t context_id,
                              network::Command request, network::DataSource data_set = {});

}  // namespace pacs::services
