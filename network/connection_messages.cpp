// DIMSE messages over a connection: PDVs to messages and back (PS3.7 §6.3).
#include <utility>

#include <fmt/format.h>

#include "network/connection.h"
#include "network/dimse/status.h"

namespace pacs::network {
namespace {

// So much of small messages goes into one send; a larger send is not measurably faster.
constexpr std::size_t kGatheredBytes = 64 * 1024;

}  // namespace

void Connection::count_received(const Command& command) {
  if (!is_response(command.field)) {
    if (command.field != CommandField::CCancelRq) ++performing_;
  } else if (awaiting_ > 0 && status_class(command.status.value_or(0)) != StatusClass::Pending) {
    --awaiting_;
  }
}

// Requests are counted before they are sent: the response may be here before `send` returns.
void Connection::count_request(const Command& command) {
  if (!is_response(command.field) && command.field != CommandField::CCancelRq) ++awaiting_;
}

// Its source failed before the first byte was sent.
void Connection::withdraw_request(const Command& command) {
  if (!is_response(command.field) && command.field != CommandField::CCancelRq) --awaiting_;
}

void Connection::count_response(const Command& command) {
  if (is_response(command.field) && performing_ > 0 &&
      status_class(command.status.value_or(0)) != StatusClass::Pending) {
    --performing_;
  }
  if (readers_.taken()) set_read_deadline();
  if (winding_down_ && performing_ == 0) wind_down();
}

Result<> Connection::may_read() const {
  if (ended() || !readers_.taken()) return {};
  return fail(ErrorKind::Internal, "two coroutines read from one association");
}

Error Connection::why_no_message() const {
  return ended() ? ending_->reason : Error{ErrorKind::Cancelled, "the read was cancelled"};
}

// nullopt: the association has ended, or the read was cancelled.
Task<std::optional<MessageAssembler::Step>> Connection::next_step() {
  while (!ended() && next_pdv_ == pdvs_.end()) {
    const bool more = co_await next_pdu();
    if (!more) break;
  }
  if (ended() || next_pdv_ == pdvs_.end()) co_return std::nullopt;
  MessageAssembler::Step step = assembler_->take(*next_pdv_++);
  if (auto* fault = std::get_if<PduFault>(&step)) {
    co_await carry_out(machine_.invalid_data(std::move(*fault)));
    co_return std::nullopt;
  }
  co_return step;
}

Task<Result<std::optional<Message>>> Connection::receive() {
  PACS_CO_TRY(may_read());
  while (true) {
    const std::optional<MessageAssembler::Step> step = co_await next_step();
    if (!step) break;
    if (const auto* set = std::get_if<MessageAssembler::CommandSet>(&*step)) {
      Result<std::optional<Message>> message = co_await take_command_set(*set);
      if (!message || *message) co_return message;
    }
    // A data set fragment here belongs to a message that was not read to its end: passed over.
  }
  if (released() && assembler_->between_messages()) co_return std::nullopt;
  co_return fail(why_no_message());
}

// A message; nullopt when the command was wrong but could be answered (the rest of the message is
// passed over); an error when it could not.
Task<Result<std::optional<Message>>> Connection::take_command_set(
    MessageAssembler::CommandSet set) {
  const std::uint8_t context_id = set.context_id;
  Result<Command> command = decode_command(set.bytes);
  if (command) {
    assembler_->command_was_read(command->has_data_set);
    count_received(*command);
    co_return Message{context_id, *std::move(command)};
  }
  std::optional<Command> request = salvage_request(set.bytes);
  if (!request) {
    user_abort(Outcome::ProtocolError, command.error());
    co_return fail(std::move(command).error());
  }
  assembler_->command_was_read(request->has_data_set);
  count_received(*request);
  Command response = failure_response(*request, command.error());
  PACS_CO_TRY(co_await send(context_id, std::move(response), {}));
  co_return std::nullopt;
}

Task<Result<DataPiece>> Connection::read_data_set() {
  PACS_CO_TRY(may_read());
  if (!assembler_->in_data_set()) {
    co_return fail(ErrorKind::Internal, "read_data_set was called, but no data set is to come");
  }
  while (true) {
    const std::optional<MessageAssembler::Step> step = co_await next_step();
    if (!step) break;
    const auto& fragment = std::get<MessageAssembler::DataFragment>(*step);
    if (fragment.bytes.empty() && !fragment.last) continue;
    co_return DataPiece{fragment.bytes, fragment.last};
  }
  if (released()) {
    co_return fail(ErrorKind::ConnectionClosed,
                   "the peer released the association in the middle of a message");
  }
  co_return fail(why_no_message());
}

Result<> Connection::may_send(std::uint8_t context_id) const {
  if (ended()) return fail(ending_->reason);
  if (negotiated_.accepted(context_id) == nullptr) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("presentation context {} was not accepted", context_id));
  }
  if (!machine_.allowed(Event::DataRequest)) {
    return fail(ErrorKind::ConnectionClosed, "the association is being released");
  }
  return {};
}

Task<Result<>> Connection::send(std::uint8_t context_id, Command command, DataSource data_set) {
  co_await senders_.enter();
  const Turnstile::Passage passage(senders_);
  PACS_CO_TRY(may_send(context_id));
  command.has_data_set = static_cast<bool>(data_set);
  const Bytes command_set = encode_command(command);
  MessageCutter cutter(context_id, negotiated_.peer_max_pdu_bytes());
  count_request(command);
  Result<> sent = co_await send_message(cutter, command_set, data_set);
  if (sent) {
    count_response(command);
  } else if (!ended()) {
    withdraw_request(command);
  }
  co_return sent;
}

Task<Result<>> Connection::send_message(MessageCutter& cutter, ByteView command_set,
                                        const DataSource& data_set) {
  cutter.add_command(command_set);
  bool begun = false;
  while (data_set) {
    Result<ByteView> piece = ByteView{};
    if (data_set.waits()) {
      Result<ByteView> awaited = co_await data_set.later();
      piece = std::move(awaited);
    } else {
      piece = data_set.now();
    }
    if (!piece) {
      // The peer has half a message and will not get the other half: no message can follow it.
      if (begun) {
        user_abort(Outcome::AbortedByUser,
                   {ErrorKind::ConnectionClosed,
                    "aborted in the middle of a message: " + piece.error().to_string()});
      }
      co_return fail(std::move(piece).error());
    }
    if (piece->empty()) {
      cutter.finish_data();
      break;
    }
    ByteView rest = *piece;
    while (!rest.empty()) {
      rest = rest.subspan(cutter.add_data(rest));
      if (!cutter.must_send()) continue;
      begun = true;
      PACS_CO_TRY(co_await send_gathered(cutter));
    }
  }
  co_return co_await send_gathered(cutter);
}

Task<Result<>> Connection::send_gathered(MessageCutter& cutter) {
  const Result<> sent = co_await send_data(cutter.gathered());
  cutter.sent();
  co_return sent;
}

Task<Result<>> Connection::send_data(std::span<const ByteView> pieces) {
  if (ended()) co_return fail(ending_->reason);
  machine_.data_request();  // DT-1 or AR-7
  const Result<> sent = co_await write(pieces);
  co_return sent;
}

Task<Result<>> Connection::send_each(std::uint8_t context_id, Command pending,
                                     std::span<const ByteView> data_sets) {
  co_await senders_.enter();
  const Turnstile::Passage passage(senders_);
  PACS_CO_TRY(may_send(context_id));
  pending.has_data_set = true;
  const Bytes command_set = encode_command(pending);
  Bytes gathered;
  for (std::size_t i = 0; i < data_sets.size(); ++i) {
    const WholeMessage message{context_id, command_set, data_sets[i]};
    append_message(gathered, message, negotiated_.peer_max_pdu_bytes());
    if (gathered.size() < kGatheredBytes && i + 1 < data_sets.size()) continue;
    const ByteView piece{gathered};
    PACS_CO_TRY(co_await send_data({&piece, 1}));
    gathered.clear();
  }
  count_response(pending);
  co_return Result<>{};
}

}  // namespace pacs::network
