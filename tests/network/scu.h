// What tests send as SCU.
#pragma once

#include <memory>
#include <utility>

#include "network/association.h"
#include "network/dimse/status.h"
#include "test_port.h"

namespace pacs::network {

inline Command echo_request(std::uint16_t message_id = 1) {
  Command command;
  command.field = CommandField::CEchoRq;
  command.message_id = message_id;
  command.sop_class_uid = kVerification;
  return command;
}

inline Command store_request(std::uint16_t message_id = 1) {
  Command command;
  command.field = CommandField::CStoreRq;
  command.message_id = message_id;
  command.sop_class_uid = kCtImageStorage;
  command.sop_instance_uid = "1.2.3.4";
  command.priority = 0;
  return command;
}

/// Gives `bytes` in pieces of `piece_bytes`.
inline DataSource pieces_of(ByteView bytes, std::size_t piece_bytes) {
  return [rest = bytes, piece_bytes]() mutable -> Result<ByteView> {
    const ByteView piece = rest.first(std::min(piece_bytes, rest.size()));
    rest = rest.subspan(piece.size());
    return piece;
  };
}

inline Bytes numbered_bytes(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 251);
  return bytes;
}

/// The response to the request sent last.
inline Task<Result<Command>> response(Association& association) {
  auto message = co_await association.receive();
  if (!message) co_return fail(std::move(message).error());
  if (!*message) co_return fail(ErrorKind::ConnectionClosed, "released");
  co_return std::move((*message)->command);
}

/// Opens, echoes, releases.
inline Task<Result<Command>> echo_once(RequestOptions options) {
  auto opened = co_await request_association(std::move(options), {});
  if (!opened) co_return fail(std::move(opened).error());
  const std::shared_ptr<Association> association = *std::move(opened);
  const auto* context = association->negotiated().accepted_for(kVerification);
  if (context == nullptr) co_return fail(ErrorKind::Rejected, "no context for verification");
  const Result<> sent = co_await association->send(context->id, echo_request(7));
  if (!sent) co_return fail(sent.error());
  Result<Command> answer = co_await response(*association);
  if (!answer) co_return answer;
  const Result<> released = co_await association->release();
  if (!released) co_return fail(released.error());
  co_return answer;
}

/// Opens, stores `data` in pieces, releases.
inline Task<Result<Command>> store_once(RequestOptions options, ByteView data,
                                        std::size_t piece_bytes) {
  auto opened = co_await request_association(std::move(options), {});
  if (!opened) co_return fail(std::move(opened).error());
  const std::shared_ptr<Association> association = *std::move(opened);
  const auto* context = association->negotiated().accepted_for(kCtImageStorage);
  if (context == nullptr) co_return fail(ErrorKind::Rejected, "no context for CT");
  const Result<> sent =
      co_await association->send(context->id, store_request(), pieces_of(data, piece_bytes));
  if (!sent) co_return fail(sent.error());
  Result<Command> answer = co_await response(*association);
  if (!answer) co_return answer;
  const Result<> released = co_await association->release();
  if (!released) co_return fail(released.error());
  co_return answer;
}

}  // namespace pacs::network
