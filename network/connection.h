// Connection: the one implementation of Association, which keeps sockets, timers and the machine
// out of what services include. It carries the machine's effects out on a transport, keeps the
// deadlines, and turns PDVs into messages.
#pragma once

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
  Released,
  Rejected,       ///< A-ASSOCIATE-RJ
  AbortedByPeer,  ///< A-ABORT came
  AbortedByUser,  ///< we wanted no more: idle, shutting down, the service's decision
  ProtocolError,  ///< the peer broke the protocol: A-ABORT went
  ConnectionLost,
  NoAssociation,  ///< closed, or silent until ARTIM, before there was one
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

struct Ending {
  Outcome outcome;
  Error reason;  ///< in words
};

/// Bytes in and out, counted where they pass.
struct Traffic {
  std::function<void(std::size_t)> received, sent;
};

class Connection final : public Association, public std::enable_shared_from_this<Connection> {
 public:
  /// `identity` holds the id, our side and the peer's address.
  Connection(std::unique_ptr<Transport> transport, Negotiated identity, AssociationLimits limits,
             Traffic traffic);
  ~Connection() override;

  // Association
  [[nodiscard]] const Negotiated& negotiated() const override { return negotiated_; }
  [[nodiscard]] bool ended() const override { return ending_.has_value(); }
  Task<Result<std::optional<Message>>> receive() override;
  Task<Result<DataPiece>> read_data_set() override;
  Task<Result<>> send(std::uint8_t context_id, Command command, DataSource data_set) override;
  Task<Result<>> send_each(std::uint8_t context_id, Command pending,
                           std::span<const ByteView> data_sets) override;
  Task<Result<>> release() override;
  void abort() override;

  // Acceptor side.
  /// TLS handshake and A-ASSOCIATE-RQ, both within ARTIM. nullptr when none came.
  Task<const AssociateRq*> await_request();
  Task<Result<>> accept(AssociateAc answer);
  Task<void> reject(AssociateRj answer);
  /// Aborts what has not ended; waits until the peer has closed or ARTIM expires (Sta13), closes.
  Task<void> finish();
  /// Aborts as soon as no operation is being performed.
  void wind_down();
  /// Closes a connection that has no association: another one needs its place.
  void make_room();

  // Requestor side: the transport is connected; TLS handshake, A-ASSOCIATE-RQ, and the answer, all
  // before limits.connect after `began`.
  Task<Result<>> request(AssociateRq rq, std::chrono::steady_clock::time_point began);

  /// What users of the association hold. On whatever thread they drop it, the connection ends on
  /// its strand; one that a requestor has not released is aborted.
  [[nodiscard]] std::shared_ptr<Association> hand_out();

  /// Once it has ended, as it has after `finish`.
  [[nodiscard]] const Ending& ending() const { return *ending_; }
  [[nodiscard]] const std::string& id() const { return negotiated_.id; }
  [[nodiscard]] boost::asio::any_io_executor executor() { return transport_->executor(); }
  /// A service may hold the connection for longer than the counters live.
  void forget_traffic() { traffic_ = {}; }
  void close();

 private:
  // Reading.
  Task<bool> next_pdu();  ///< takes one and does what follows; false: ended or cancelled
  Task<bool> read_more(std::size_t needed);  ///< false: ended or cancelled
  Task<std::optional<MessageAssembler::Step>> next_step();
  [[nodiscard]] Error why_no_message() const;
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
  Task<void> answer_release();
  Task<void> release_confirmed();
  void take_answer(AssociateAc& answer);
  void take_answer(AssociateRj& answer);
  [[nodiscard]] Result<> establish(AssociateAc answer);
  [[nodiscard]] bool established() const { return assembler_.has_value(); }
  [[nodiscard]] bool released() const { return ended() && ending_->outcome == Outcome::Released; }
  /// What a lost connection is now.
  [[nodiscard]] Outcome loss() const {
    return established() ? Outcome::ConnectionLost : Outcome::NoAssociation;
  }
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
  void count_request(const Command& command);
  void withdraw_request(const Command& command);
  void count_response(const Command& command);
  [[nodiscard]] Result<> may_read() const;
  void count_received(const Command& command);

  std::unique_ptr<Transport> transport_;
  AssociationLimits limits_;
  Traffic traffic_;
  UpperLayer machine_;
  Negotiated negotiated_;

  ReceiveBuffer buffer_;
  std::size_t pdu_in_use_bytes_ = 0;  ///< front of buffer_ that pdvs_ looks at
  PdvList pdvs_;
  PdvList::Iterator next_pdv_;
  std::optional<MessageAssembler> assembler_;  ///< from when the association is established

  Turnstile readers_;  ///< one at a time; `finish` waits for a read that `end` has cancelled
  Turnstile senders_;  ///< message by message
  Turnstile writers_;  ///< write by write: control PDUs go between those of a message
  Deadline artim_, read_deadline_, write_deadline_;
  std::size_t performing_ = 0;  ///< requests received and not yet answered finally
  std::size_t awaiting_ = 0;    ///< requests sent and not yet answered finally
  bool winding_down_ = false;   ///< the server's wish: `wind_down`
  bool lingers_ = false;        ///< `finish` has the readers' turnstile to itself
  std::optional<Ending> ending_;
};

}  // namespace pacs::network
