// Connection: the one implementation of Association. It carries the machine's effects out on a
// transport, keeps the deadlines, and turns PDVs into messages.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "network/association.h"
#include "network/deadline.h"
#include "network/dimse/message_assembler.h"
#include "network/dimse/message_cutter.h"
#include "network/pdu/machine.h"
#include "network/receive_buffer.h"
#include "network/transport.h"
#include "network/turnstile.h"

namespace pacs::network {

/// How an association (or the attempt at one) ended: for the log line and the metric's label.
enum class Outcome : std::uint8_t {
  None,  ///< it has not
  Released,
  Rejected,       ///< A-ASSOCIATE-RJ
  AbortedByPeer,  ///< A-ABORT came
  AbortedByUser,  ///< we wanted no more: idle, shutting down, the service's decision
  ProtocolError,  ///< the peer broke the protocol: A-ABORT went
  ConnectionLost,
  NoAssociation,  ///< closed, or silent until ARTIM, before there was one
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// Bytes in and out, counted where they pass.
struct Traffic {
  std::function<void(std::size_t)> received, sent;
};

class Connection final : public Association, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<Transport> transport, UpperLayer::Side side, AssociationLimits limits,
             std::string id, Traffic traffic);
  ~Connection() override;

  // Association
  [[nodiscard]] const Negotiated& negotiated() const override { return negotiated_; }
  [[nodiscard]] bool ended() const override { return outcome_ != Outcome::None; }
  Task<Result<std::optional<Message>>> receive() override;
  Task<Result<DataPiece>> read_data_set() override;
  Task<Result<>> send(std::uint8_t context_id, Command command, DataSource data_set) override;
  Task<Result<>> send_each(std::uint8_t context_id, Command pending,
                           std::span<const ByteView> data_sets) override;
  Task<Result<>> release() override;
  void abort() override;

  // Acceptor side.
  /// TLS handshake and A-ASSOCIATE-RQ, both within ARTIM. nullopt when it will not come.
  Task<std::optional<AssociateRq>> await_request();
  Task<Result<>> accept(Acceptance acceptance);
  Task<void> reject(AssociateRj answer);
  /// After the last word: waits until the peer has closed or ARTIM expires (Sta13), then closes.
  Task<void> finish();
  /// No new operations: aborts now when nothing is being performed, else as soon as it is answered.
  void wind_down();

  // Requestor side: the transport is connected; TLS handshake, A-ASSOCIATE-RQ, and the answer, all
  // before limits.connect after `began`.
  Task<Result<>> request(const AssociationRequest& request, AssociateRq rq,
                         std::chrono::steady_clock::time_point began);

  /// What users of the association hold. However and on whatever thread they let go of it, the
  /// connection ends on its strand; one that a requestor has not released is aborted.
  [[nodiscard]] std::shared_ptr<Association> hand_out();

  [[nodiscard]] Outcome outcome() const { return outcome_; }
  /// Why it ended, in words.
  [[nodiscard]] const Error& end_reason() const { return end_reason_; }
  [[nodiscard]] const std::string& id() const { return negotiated_.id; }
  [[nodiscard]] boost::asio::any_io_executor executor() { return transport_->executor(); }
  /// The counters end before the connection does, which a service may still hold.
  void forget_traffic() { traffic_ = {}; }
  void close();

 private:
  // Reading.
  Task<void> next_pdu();                     ///< until there are PDVs or the association has ended
  Task<bool> read_more(std::size_t needed);  ///< false: ended or cancelled
  Task<std::optional<Pdv>> next_pdv();
  Task<void> break_off(PduFault fault);  ///< P-DATA that the assembler refuses
  Task<Result<std::optional<Message>>> take_command_set(MessageAssembler::CommandSet set);
  void set_read_deadline();
  void read_deadline_expired();
  void artim_expired();
  [[nodiscard]] std::chrono::milliseconds artim() const;
  [[nodiscard]] std::chrono::milliseconds release_time() const;

  // Effects.
  Task<void> carry_out(Effects effects);
  void carry_out_later(Effects effects);  ///< from where nothing can be awaited
  Task<void> send_pdu(const Pdu& pdu);
  Task<Result<>> write(std::span<const ByteView> pieces);
  void end(Outcome outcome, Error reason);
  void user_abort(Outcome outcome, Error reason);
  void hurry();
  void transport_failed(const Error& error);
  Task<void> close_in_order();
  Task<void> await_close();

  // Sending.
  Task<Result<>> send_message(MessageCutter& cutter, ByteView command_set,
                              const DataSource& data_set);
  Task<Result<>> send_gathered(MessageCutter& cutter);
  Task<Result<>> send_data(std::span<const ByteView> pieces);
  Result<> may_send(std::uint8_t context_id) const;
  void establish(Negotiated negotiated);
  void count_request(const Command& command);
  void withdraw_request(const Command& command);
  void count_response(const Command& command);
  [[nodiscard]] Result<> may_read() const;
  void count_received(const Command& command);

  std::unique_ptr<Transport> transport_;
  UpperLayer::Side side_;
  AssociationLimits limits_;
  Traffic traffic_;
  UpperLayer machine_;
  Negotiated negotiated_;

  ReceiveBuffer buffer_;
  std::size_t pdu_in_use_bytes_ = 0;  ///< front of buffer_ that pdvs_ looks at
  PdvList pdvs_;
  PdvList::Iterator next_pdv_;
  MessageAssembler assembler_{ContextSet{}, 0};
  bool reading_ = false;
  bool established_ = false;

  std::optional<AssociateRq> indicated_;
  std::optional<std::variant<AssociateAc, AssociateRj>> confirmed_;

  Turnstile senders_;  ///< message by message
  Turnstile writers_;  ///< write by write: control PDUs go between those of a message
  Deadline artim_, read_deadline_, write_deadline_;
  std::size_t performing_ = 0;  ///< requests received and not yet answered finally
  std::size_t awaiting_ = 0;    ///< requests sent and not yet answered finally
  bool winding_down_ = false;
  bool finishing_ = false;
  Outcome outcome_ = Outcome::None;
  Error end_reason_;
};

}  // namespace pacs::network
