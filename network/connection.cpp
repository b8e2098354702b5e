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

// How long the peer has to answer the end of TLS; TCP has nothing to answer.
constexpr std::chrono::milliseconds kGoodbye{1000};

// How long a requestor waits for its last PDU to arrive and the peer to close. An acceptor waits
// for all of ARTIM; behind a requestor that gave up there is often a person.
constexpr std::chrono::milliseconds kRequestorArtim{1000};

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

/// The effect is done, without waiting.
Task<void> done() {
  return {};
}

UpperLayer make_machine(Side side, const AssociationLimits& limits) {
  return {side, PduLimits{limits.pdu_bytes_max, limits.association_pdu_bytes_max}};
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
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

Connection::Connection(std::unique_ptr<Transport> transport, Negotiated identity,
                       AssociationLimits limits, Traffic traffic)
    : transport_(std::move(transport)),
      limits_(limits),
      traffic_(std::move(traffic)),
      machine_(make_machine(identity.side, limits)),
      negotiated_(std::move(identity)),
      readers_(transport_->executor()),
      senders_(transport_->executor()),
      writers_(transport_->executor()),
      artim_(transport_->executor(), [this] { artim_expired(); }),
      read_deadline_(transport_->executor(), [this] { read_deadline_expired(); }),
      write_deadline_(transport_->executor(), [this] {
        if (ended()) return close();
        transport_failed({ErrorKind::Timeout,
                          fmt::format("the peer took nothing for {} ms", limits_.send.count())});
      }) {
  negotiated_.tls = transport_->is_tls();
}

Connection::~Connection() = default;

void Connection::end(Outcome outcome, Error reason) {
  if (ended()) return;
  ending_ = {outcome, std::move(reason)};
  read_deadline_.clear();
  transport_->cancel_read();  // wakes who waits for a message
}

void Connection::close() {
  artim_.clear();
  read_deadline_.clear();
  write_deadline_.clear();
  transport_->close();
}

void Connection::transport_failed(const Error& error) {
  machine_.transport_closed();
  end(loss(), error);
  close();
}

// In the order the machine gave them. Only an effect that waits is a coroutine.
Task<void> Connection::carry_out(Effects effects) {
  const Overloaded perform{
      [](ConnectTransport&) { return done(); },  // it is connected already
      [](SendData&) { return done(); },          // send_data does it
      [this](SendPdu& send) { return send_pdu(send.pdu); },
      [this](CloseTransport&) { return close_in_order(); },
      [this](StartArtim&) { return artim_.set(artim()), done(); },
      [this](StopArtim&) { return artim_.clear(), done(); },
      [this](AssociateIndication& indicated) {
        negotiated_.request = std::move(indicated.request);
        return done();
      },
      [this](AssociateConfirmation& confirmed) {
        std::visit([this](auto& answer) { take_answer(answer); }, confirmed.answer);
        return done();
      },
      [this](DataIndication& data) {
        pdvs_ = data.values;
        next_pdv_ = pdvs_.begin();
        return done();
      },
      [this](ReleaseIndication&) { return answer_release(); },
      [this](ReleaseConfirmation&) { return release_confirmed(); },
      [this](AbortIndication& aborted) {
        using Cause = AbortIndication::Cause;
        end(aborted.cause == Cause::Peer       ? Outcome::AbortedByPeer
            : aborted.cause == Cause::Protocol ? Outcome::ProtocolError
                                               : loss(),
            std::move(aborted.error));
        return done();
      },
  };
  for (Effect& effect : effects) {
    Task<void> performing = std::visit(perform, effect);
    if (performing.valid()) co_await std::move(performing);
  }
}

// In a release collision (PS3.8 §9.2.2.2, Table 9-8) the requestor answers first, Sta9 to Sta11,
// and the acceptor, in Sta10, when it has that answer; both still wait for the other's then.
Task<void> Connection::answer_release() {
  if (machine_.state() == State::Sta10) co_return;
  co_await carry_out(machine_.release_response());
  if (machine_.state() == State::Sta11) co_return;
  end(Outcome::Released, {ErrorKind::ConnectionClosed, "the peer released the association"});
}

Task<void> Connection::release_confirmed() {
  if (machine_.state() == State::Sta12) co_await carry_out(machine_.release_response());
  end(Outcome::Released, {ErrorKind::ConnectionClosed, "the association was released"});
}

Task<void> Connection::close_in_order() {
  if (!ended()) {  // AA-2 comes without an indication that says why
    end(loss(), {ErrorKind::Timeout,
                 fmt::format("the peer sent nothing within ARTIM, {} ms", limits_.artim.count())});
  }
  if (released() && (lingers_ || !readers_.taken())) {
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
    co_return fail(ending_->reason);  // the first reason: a timeout, for example
  }
  if (traffic_.sent) {
    std::size_t bytes = 0;
    for (const ByteView piece : pieces) bytes += piece.size();
    traffic_.sent(bytes);
  }
  co_return written;
}

Task<void> Connection::send_pdu(const Pdu& pdu) {
  if (std::holds_alternative<Abort>(pdu)) hurry();
  Bytes bytes;
  if (const Result<> encoded = encode_pdu(pdu, bytes); !encoded) {
    transport_failed(encoded.error());
    co_return;
  }
  const ByteView piece{bytes};
  co_await write({&piece, 1});  // a failure has ended the association
  if (const auto* rejection = std::get_if<AssociateRj>(&pdu)) {
    end(Outcome::Rejected, {ErrorKind::Rejected, describe(*rejection)});
  }
}

// Reading: PDUs off the front of the buffer.

Task<bool> Connection::read_more(std::size_t needed) {
  const std::span<std::byte> room = buffer_.room(needed);
  const std::size_t useful = needed - std::min(needed, buffer_.received().size());
  Result<std::size_t> count = 0;
  {
    co_await readers_.enter();
    const Turnstile::Passage reading(readers_);
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
    end(loss(), {ErrorKind::ConnectionClosed, "the peer closed the connection"});
    close();
    co_return false;
  }
  buffer_.received_more(*count);
  if (traffic_.received) traffic_.received(*count);
  co_return true;
}

Task<bool> Connection::next_pdu() {
  buffer_.drop(std::exchange(pdu_in_use_bytes_, 0));
  pdvs_ = {};
  next_pdv_ = {};
  while (!ended()) {
    Fed fed = machine_.feed(buffer_.received());
    if (fed.consumed_bytes != 0) {
      pdu_in_use_bytes_ = fed.consumed_bytes;
      co_await carry_out(std::move(fed.effects));
      co_return !ended();
    }
    const bool more = co_await read_more(fed.needed_bytes);
    if (!more) break;
  }
  co_return false;
}

// How long the peer may be silent depends on whose turn it is.
void Connection::set_read_deadline() {
  if (machine_.state() != State::Sta6 || ended()) return;  // ARTIM counts
  if (!assembler_->between_messages() || !buffer_.empty()) {
    read_deadline_.set(limits_.idle);  // in the middle of a message or PDU
  } else if (performing_ > 0) {
    read_deadline_.clear();  // the peer waits for us
  } else {
    read_deadline_.set(awaiting_ > 0 ? limits_.dimse_response : limits_.idle);
  }
}

void Connection::read_deadline_expired() {
  if (!readers_.taken() || ended()) return;
  user_abort(Outcome::AbortedByUser,
             {ErrorKind::Timeout,
              awaiting_ > 0 ? fmt::format("no response from the peer within {} ms",
                                          limits_.dimse_response.count())
                            : fmt::format("the peer was silent for {} ms", limits_.idle.count())});
}

// Sta2 and Sta13 have ARTIM in Table 9-10. We use it in Sta4, Sta5 and Sta7 as well, where the
// table has no timer: there we abort as the user.
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
  return negotiated_.side == Side::Requestor ? std::min(limits_.artim, kRequestorArtim)
                                             : limits_.artim;
}

std::chrono::milliseconds Connection::release_time() const {
  return std::min(limits_.artim, limits_.dimse_response);
}

// Our A-ABORT is next: a peer that takes nothing does not take that either, and a write that hangs
// before it must not delay a requestor.
void Connection::hurry() {
  if (negotiated_.side != Side::Requestor) return;
  limits_.send = std::min(limits_.send, artim());
  write_deadline_.set(limits_.send);
}

}  // namespace pacs::network
