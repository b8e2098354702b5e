// Conversation: one association being served: the loop that receives messages, the operations in
// flight, and our own requests that wait for their responses. Internal to the Responder.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "services/dispatch/event.h"
#include "services/dispatch/measures.h"
#include "services/dispatch/responder.h"
#include "services/dispatch/service.h"

namespace pacs::services {

class OngoingOperation;

/// Everything here runs on the association's strand.
///
/// Messages do not interleave on an association (PS3.7 §9.1 with PS3.8 §7.6), so while an operation
/// reads its data set the loop does not receive; as soon as the data set is consumed it does,
/// whether or not the operation has ended. That is how C-CANCEL, responses to our requests and, in
/// a window above 1, further requests come in beside operations in flight.
class Conversation : public Requestor, public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(Responder& responder, std::shared_ptr<network::Association> association,
               boost::asio::any_io_executor strand);

  Task<void> run();

  // Requestor
  Task<Result<Response>> invoke(std::uint8_t context_id, network::Command request,
                                network::DataSource data_set) override;
  [[nodiscard]] const network::Negotiated& negotiated() const override {
    return association_->negotiated();
  }
  [[nodiscard]] boost::asio::any_io_executor executor() const override { return strand_; }
  void give_up() override;

 private:
  friend class OngoingOperation;
  using OperationPtr = std::shared_ptr<OngoingOperation>;

  /// A request of ours that waits for its response.
  struct Invocation {
    explicit Invocation(const boost::asio::any_io_executor& strand) : answered(strand) {}
    boost::asio::steady_timer answered;  ///< expires when the peer took too long
    std::optional<Result<Response>> response;
  };

  Task<void> receive_messages();
  Task<void> take_request(network::Message message);
  Task<void> take_response(network::Message message);
  void take_cancel(const network::Command& cancel);
  /// What is wrong with a request before any service sees it: the status to answer.
  [[nodiscard]] std::optional<Answer> refusal(const network::Message& message,
                                              const network::PresentationContext& context,
                                              const Service* service) const;
  Task<void> perform(OperationPtr operation, Service* service);
  /// Sends the final response, counts and logs.
  Task<void> finish(OperationPtr operation, Result<Answer> answer);
  [[nodiscard]] std::size_t window() const;
  [[nodiscard]] std::uint16_t free_message_id();
  void connection_ended();

  Responder& responder_;
  std::shared_ptr<network::Association> association_;
  boost::asio::any_io_executor strand_;
  Event changed_;  ///< an operation consumed its data set or ended, or an invocation ended
  bool connected_ = true;
  /// By message id, until the final response is about to be sent.
  std::map<std::uint16_t, OperationPtr> in_flight_;
  std::size_t performing_ = 0;  ///< coroutines that perform operations, to their very end
  std::map<std::uint16_t, std::shared_ptr<Invocation>> invoked_;
  std::uint16_t last_message_id_ = 0;
};

}  // namespace pacs::services
