// OngoingOperation: one request of one conversation while it is performed. Internal to the
// Responder.
#pragma once

#include <chrono>
#include <memory>

#include "services/dispatch/conversation.h"
#include "services/dispatch/service.h"

namespace pacs::services {

class OngoingOperation : public Operation {
 public:
  OngoingOperation(std::shared_ptr<Conversation> conversation, network::Message message,
                   network::PresentationContext context);

  // Operation
  [[nodiscard]] const network::Command& request() const override { return message_.command; }
  [[nodiscard]] const network::Negotiated& association() const override;
  [[nodiscard]] const network::PresentationContext& context() const override { return context_; }
  Task<Result<network::DataPiece>> read_data_set() override;
  Task<Result<DataSet>> read_identifier() override;
  using Operation::respond_pending;
  Task<Result<>> respond_pending(const Answer& answer) override;
  Task<Result<>> respond_pending(std::uint16_t status,
                                 std::span<const ByteView> data_sets) override;
  [[nodiscard]] bool cancelled() const override { return stop_.stop_requested(); }
  [[nodiscard]] std::stop_token stop_token() const override { return stop_.get_token(); }
  [[nodiscard]] std::shared_ptr<Requestor> requestor() override;

  /// The request's data set (if it has one) has been read to its last piece, or cannot be.
  [[nodiscard]] bool consumed() const { return consumed_; }
  [[nodiscard]] std::chrono::steady_clock::time_point started() const { return started_; }
  void cancel() { stop_.request_stop(); }
  /// Reads and drops what the service left, so that the association goes on with the next message.
  Task<void> drain();
  /// The command set of a response: identifying fields of the request, the rest from `answer`.
  [[nodiscard]] network::Command response_with(const Answer& answer) const;
  Task<Result<>> send(network::Command response, const std::optional<DataSet>& data_set);

 private:
  void set_consumed();

  std::shared_ptr<Conversation> conversation_;
  network::Message message_;
  network::PresentationContext context_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  bool consumed_;
  std::stop_source stop_;
};

}  // namespace pacs::services
