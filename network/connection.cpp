// The machine's effects, reading and writing PDUs, deadlines. connection_lifecycle.cpp establishes
// and ends; connection_messages.cpp turns PDVs into messages and back.
#include "network/connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <fmt/format.h>

namespace pacs::network {
namespace {

// For the peer to answer the end of TLS; TCP needs none.
constexpr std::chrono::milliseconds kGoodbye{1000};

// For a requestor's last word to arrive and the peer to close. An acceptor grants all of ARTIM; who
// asked and gave up has nothing more to wait for, and often is a person.
constexpr std::chrono::milliseconds kRequestorArtim{1000};

/// True while it lives: also when memory runs out meanwhile, `finish` must not wait for ever.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag = true) {}
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

UpperLayer make_machine(UpperLayer::Side side, const AssociationLimits& limits) {
  return {side, PduLimits{limits.pdu_bytes_max, limits.association_pdu_bytes_max}};
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::None:
      return "open";
    case Outcome::Released:
      return "released";
    case Outcome::Rejected:
      return "rejected";
    case Outcome::AbortedByPeer:
      return "aborted_by_peer";
    case Outcome::AbortedByUser:
      return "aborted_by_us";
    case Outcome::ProtocolError:
      return "protocol_error";
    case Outcome::ConnectionLost:
      return "connection_lost";
    case Outcome::NoAssociation:
      return "no_association";
  }
  return "unknown";
}

Connection::Connection(std::unique_ptr<Transport> transport, UpperLayer::Side side,
                       AssociationLimits limits, std::string id, Traffic traffic)
    : transport_(std::move(transport)),
      side_(side),
      limits_(limits),
      traffic_(std::move(traffic)),
      machine_(make_machine(side, limits)),
      senders_(transport_->executor()),
      writers_(transport_->executor()),
      artim_(transport_->executor(), [this] { artim_expired(); }),
      read_deadline_(transport_->executor(), [this] { read_deadline_expired(); }),
      write_deadline_(transport_->executor(), [this] {
        if (ended()) return close();
        transport_failed({ErrorKind::Timeout,
                          fmt::format("the peer took nothing for {} ms", limits_.send.count())});
      }) {
  negotiated_.id = std::move(id);
  negotiated_.tls = transport_->is_tls();
}

Connection::~Connection() = default;

void Connection::end(Outcome outcome, Error reason) {
  if (ended()) return;
  outcome_ = outcome;
  end_reason_ = std::move(reason);
  read_deadline_.clear();
  transport_->cancel_read();  // whoever waits for a message learns it now
}

void Connection::close() {
  artim_.clear();
  read_deadline_.clear();
  write_deadline_.clear();
  transport_->close();
}

void Connection::transport_failed(const Error& error) {
  machine_.transport_closed();
  end(established_ ? Outcome::ConnectionLost : Outcome::NoAssociation, error);
  close();
}

// The machine's effects, in the order it gave them.
Task<void> Connection::carry_out(Effects effects) {
  for (Effect& effect : effects) {
    if (auto* send = std::get_if<SendPdu>(&effect)) {
      if (std::holds_alternative<Abort>(send->pdu)) hurry();
      co_await send_pdu(send->pdu);
      if (const auto* rejection = std::get_if<AssociateRj>(&send->pdu)) {
        end(Outcome::Rejected, {ErrorKind::Rejected, describe(*rejection)});
      }
    } else if (std::holds_alternative<StartArtim>(effect)) {
      artim_.set(artim());
    } else if (std::holds_alternative<StopArtim>(effect)) {
      artim_.clear();
    } else if (std::holds_alternative<CloseTransport>(effect)) {
      co_await close_in_order();
    } else if (auto* indicated = std::get_if<AssociateIndication>(&effect)) {
      indicated_ = std::move(indicated->request);
    } else if (auto* confirmed = std::get_if<AssociateConfirmation>(&effect)) {
      confirmed_ = std::move(confirmed->answer);
    } else if (const auto* data = std::get_if<DataIndication>(&effect)) {
      pdvs_ = data->values;
      next_pdv_ = pdvs_.begin();
    } else if (std::holds_alternative<ReleaseIndication>(effect)) {
      co_await carry_out(machine_.release_response());
      end(Outcome::Released, {ErrorKind::ConnectionClosed, "the peer released the association"});
    } else if (std::holds_alternative<ReleaseConfirmation>(effect)) {
      end(Outcome::Released, {ErrorKind::ConnectionClosed, "the association was released"});
    } else if (auto* aborted = std::get_if<AbortIndication>(&effect)) {
      using Cause = AbortIndication::Cause;
      end(!established_ && aborted->cause == Cause::TransportLost ? Outcome::NoAssociation
          : aborted->cause == Cause::Peer                         ? Outcome::AbortedByPeer
          : aborted->cause == Cause::Protocol                     ? Outcome::ProtocolError
                                                                  : Outcome::ConnectionLost,
          std::move(aborted->error));
    }
  }
}

Task<void> Connection::close_in_order() {
  if (!ended() && !confirmed_) {  // AA-2: nobody else says why
    end(established_ ? Outcome::ConnectionLost : Outcome::NoAssociation,
        {ErrorKind::Timeout,
         fmt::format("no word from the peer within ARTIM, {} ms", limits_.artim.count())});
  }
  if (outcome_ == Outcome::Released && !reading_) {
    write_deadline_.set(kGoodbye);
    co_await transport_->say_goodbye();
  }
  close();
}

void Connection::carry_out_later(Effects effects) {
  boost::asio::co_spawn(
      transport_->executor(),
      [self = shared_from_this(), effects = std::move(effects)]() mutable -> Task<void> {
        co_await self->carry_out(std::move(effects));
      },
      boost::asio::detached);
}

Task<Result<>> Connection::write(std::span<const ByteView> pieces) {
  co_await writers_.enter();
  const Turnstile::Passage passage(writers_);
  write_deadline_.set(limits_.send);
  Result<> written = co_await transport_->write(pieces);
  write_deadline_.clear();
  if (!written) {
    transport_failed(written.error());
    co_return fail(end_reason_);  // what was there first: that it took too long, say
  }
  if (traffic_.sent) {
    std::size_t bytes = 0;
    for (const ByteView piece : pieces) bytes += piece.size();
    traffic_.sent(bytes);
  }
  co_return written;
}

Task<void> Connection::send_pdu(const Pdu& pdu) {
  Bytes bytes;
  if (const Result<> encoded = encode_pdu(pdu, bytes); !encoded) {
    transport_failed(encoded.error());
    co_return;
  }
  const ByteView piece{bytes};
  co_await write({&piece, 1});  // a failure has ended the association: nothing to add
}

// Reading: PDUs off the front of the buffer.

Task<bool> Connection::read_more(std::size_t needed) {
  const std::span<std::byte> room = buffer_.room(needed);
  const std::size_t useful = needed - std::min(needed, buffer_.received().size());
  Result<std::size_t> count = 0;
  {
    const Raised raised(reading_);
    set_read_deadline();
    count = co_await transport_->read_some(room, useful);
  }
  read_deadline_.clear();
  if (!count) {
    if (count.error().kind == ErrorKind::Cancelled) co_return false;
    if (count.error().kind != ErrorKind::ConnectionClosed) {
      transport_failed(count.error());
      co_return false;
    }
  }
  if (!count || *count == 0) {
    co_await carry_out(machine_.transport_closed());
    end(established_ ? Outcome::ConnectionLost : Outcome::NoAssociation,
        {ErrorKind::ConnectionClosed, "the peer closed the connection"});
    close();
    co_return false;
  }
  buffer_.received_more(*count);
  if (traffic_.received) traffic_.received(*count);
  co_return true;
}

Task<void> Connection::next_pdu() {
  buffer_.drop(std::exchange(pdu_in_use_bytes_, 0));
  pdvs_ = {};
  next_pdv_ = {};
  while (!ended()) {
    Fed fed = machine_.feed(buffer_.received());
    if (fed.consumed_bytes == 0) {
      const bool more = co_await read_more(fed.needed_bytes);
      if (!more) co_return;
      continue;
    }
    pdu_in_use_bytes_ = fed.consumed_bytes;
    co_await carry_out(std::move(fed.effects));
    if (next_pdv_ != pdvs_.end() || indicated_ || confirmed_) co_return;
    buffer_.drop(std::exchange(pdu_in_use_bytes_, 0));
  }
}

// How long the peer may be silent depends on whose turn it is.
void Connection::set_read_deadline() {
  if (machine_.state() != State::Sta6 || ended()) return;  // ARTIM's time
  if (!assembler_.between_messages() || !buffer_.empty()) {
    read_deadline_.set(limits_.idle);  // in the middle of a message or PDU
  } else if (performing_ > 0) {
    read_deadline_.clear();  // it waits for us
  } else {
    read_deadline_.set(awaiting_ > 0 ? limits_.dimse_response : limits_.idle);
  }
}

void Connection::read_deadline_expired() {
  if (!reading_ || ended()) return;
  user_abort(Outcome::AbortedByUser,
             {ErrorKind::Timeout,
              awaiting_ > 0 ? fmt::format("no response from the peer within {} ms",
                                          limits_.dimse_response.count())
                            : fmt::format("the peer was silent for {} ms", limits_.idle.count())});
}

// Sta2 and Sta13 have ARTIM in Table 9-10. We use it in Sta4, Sta5 and Sta7 as well, where the
// table would wait for ever: there it ends as an A-ABORT of the user.
void Connection::artim_expired() {
  if (machine_.allowed(Event::ArtimExpired)) return carry_out_later(machine_.artim_expired());
  std::string reason;
  if (machine_.state() == State::Sta4) {
    reason = fmt::format("the TLS handshake did not end within {} ms", limits_.connect.count());
  } else if (machine_.state() == State::Sta5) {
    reason =
        fmt::format("no answer to the association request within {} ms", limits_.connect.count());
  } else {
    reason = fmt::format("no answer to the release within {} ms", release_time().count());
  }
  user_abort(Outcome::AbortedByUser, {ErrorKind::Timeout, std::move(reason)});
}

std::chrono::milliseconds Connection::artim() const {
  return side_ == UpperLayer::Side::Requestor ? std::min(limits_.artim, kRequestorArtim)
                                              : limits_.artim;
}

std::chrono::milliseconds Connection::release_time() const {
  return std::min(limits_.artim, limits_.dimse_response);
}

// Our A-ABORT is next: a peer that takes nothing does not take that either, and a write before it
// that hangs must not hold a requestor up.
void Connection::hurry() {
  if (side_ != UpperLayer::Side::Requestor) return;
  limits_.send = std::min(limits_.send, artim());
  write_deadline_.set(limits_.send);
}

}  // namespace pacs::network
