// The life of a connection: establishing an association on either side, and its ends.
#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>

#include "network/connection.h"

namespace pacs::network {

// Establishing.

Result<> Connection::establish(AssociateAc answer) {
  PACS_TRY(negotiated_.conclude(std::move(answer)));
  ContextSet accepted;
  for (const PresentationContext& context : negotiated_.contexts) accepted.set(context.id);
  assembler_.emplace(accepted, limits_.command_bytes_max);
  return {};
}

Task<const AssociateRq*> Connection::await_request() {
  co_await carry_out(machine_.transport_indicated());  // AE-5: ARTIM starts
  const Result<> shaken = co_await transport_->handshake();
  if (!shaken) transport_failed(shaken.error());
  while (machine_.state() == State::Sta2 && !ended()) co_await next_pdu();
  co_return machine_.state() == State::Sta3 ? &negotiated_.request : nullptr;
}

Task<Result<>> Connection::accept(AssociateAc answer) {
  PACS_CO_TRY(establish(answer));
  co_await carry_out(machine_.associate_accept(std::move(answer)));
  if (ended()) co_return fail(ending_->reason);
  co_return Result<>{};
}

Task<void> Connection::reject(AssociateRj answer) {
  co_await carry_out(machine_.associate_reject(answer));
}

Task<Result<>> Connection::request(AssociateRq rq, std::chrono::steady_clock::time_point began) {
  using std::chrono::milliseconds;
  negotiated_.request = rq;
  co_await carry_out(machine_.associate_request(std::move(rq)));  // AE-1: it is connected already
  const auto spent =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  artim_.set(std::max(limits_.connect - spent, milliseconds{1}));
  const Result<> shaken = co_await transport_->handshake();
  if (!shaken) transport_failed(shaken.error());  // a timeout has been recorded already
  if (ended()) co_return fail(ending_->reason);
  co_await carry_out(machine_.transport_confirmed());  // AE-2
  while (machine_.state() == State::Sta5 && !ended()) co_await next_pdu();
  if (ended()) co_return fail(ending_->reason);
  co_return Result<>{};
}

void Connection::take_answer(AssociateAc& answer) {
  artim_.clear();
  if (Result<> agreed = establish(std::move(answer)); !agreed) {
    user_abort(Outcome::ProtocolError, std::move(agreed).error());
  }
}

void Connection::take_answer(AssociateRj& answer) {
  end(Outcome::Rejected,
      {ErrorKind::Rejected, "the peer rejected the association: " + describe(answer)});
}

// Ending.

void Connection::user_abort(Outcome outcome, Error reason) {
  if (ended()) return;
  Effects effects = machine_.abort_request();
  end(outcome, std::move(reason));
  boost::asio::co_spawn(
      transport_->executor(),
      [self = shared_from_this(), effects = std::move(effects)]() mutable -> Task<void> {
        co_await self->carry_out(std::move(effects));
        if (self->negotiated_.side == Side::Requestor) co_await self->finish();
      },
      boost::asio::detached);
}

void Connection::abort() {
  user_abort(Outcome::AbortedByUser, {ErrorKind::ConnectionClosed, "the association was aborted"});
}

std::shared_ptr<Association> Connection::hand_out() {
  return {this, [self = shared_from_this()](Association*) {
            const auto executor = self->executor();
            boost::asio::dispatch(executor, [self] {
              if (self->negotiated_.side == Side::Acceptor) return;  // the server ends it
              boost::asio::co_spawn(
                  self->executor(), [self]() -> Task<void> { co_await self->finish(); },
                  boost::asio::detached);
            });
          }};
}

void Connection::wind_down() {
  winding_down_ = true;
  if (performing_ == 0 && established()) {
    user_abort(Outcome::AbortedByUser,
               {ErrorKind::ConnectionClosed, "the server is shutting down"});
  }
}

void Connection::make_room() {
  end(loss(), {ErrorKind::OutOfResources, "closed to make room for another connection"});
  close();
}

Task<Result<>> Connection::release() {
  co_await senders_.enter();
  const Turnstile::Passage passage(senders_);
  if (ended()) co_return fail(ending_->reason);
  PACS_CO_TRY(may_read());
  co_await carry_out(machine_.release_request());
  artim_.set(release_time());
  while (!ended()) {
    co_await next_pdu();  // P-DATA before the A-RELEASE-RP (AR-6) is dropped
  }
  artim_.clear();
  if (!released()) co_return fail(ending_->reason);
  co_return Result<>{};
}

// Sta13: waits until the peer closes; only then has our last PDU certainly arrived. Closing with
// unread bytes would send a reset, which overtakes it.
Task<void> Connection::await_close() {
  // The user may still hold views into buffer_: what comes now goes elsewhere.
  const ByteView unread = buffer_.received().subspan(pdu_in_use_bytes_);
  ReceiveBuffer late;
  std::ranges::copy(unread, late.room(std::max(unread.size(), kPduHeaderBytes)).begin());
  late.received_more(unread.size());
  artim_.set(artim());
  while (machine_.state() == State::Sta13) {
    Fed fed = machine_.feed(late.received());
    if (fed.consumed_bytes > 0) {
      co_await carry_out(std::move(fed.effects));
      late.drop(fed.consumed_bytes);
      continue;
    }
    const Result<std::size_t> count =
        co_await transport_->read_some(late.room(fed.needed_bytes), 1);
    if (!count || *count == 0) co_return;
    late.received_more(*count);
  }
}

Task<void> Connection::finish() {
  if (!ended()) {
    Effects effects = machine_.abort_request();
    end(Outcome::AbortedByUser, {ErrorKind::ConnectionClosed, "the service ended the association"});
    co_await carry_out(std::move(effects));
  }
  // A read that `end` has cancelled is about to return: TLS allows one at a time.
  co_await readers_.enter();
  const Turnstile::Passage last(readers_);
  lingers_ = true;
  if (machine_.state() == State::Sta13) co_await await_close();
  machine_.transport_closed();
  close();
}

}  // namespace pacs::network
