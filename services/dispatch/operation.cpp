#include "services/dispatch/operation.h"

#include <fmt/format.h>

#include "encoding/data_set_codec.h"
#include "services/dispatch/data_source.h"

namespace pacs::services {

OngoingOperation::OngoingOperation(std::shared_ptr<Conversation> conversation,
                                   network::Message message, network::PresentationContext context)
    : conversation_(std::move(conversation)),
      message_(std::move(message)),
      context_(std::move(context)),
      consumed_(!message_.command.has_data_set) {}

const network::Negotiated& OngoingOperation::association() const {
  return conversation_->negotiated();
}

void OngoingOperation::set_consumed() {
  if (consumed_) return;
  consumed_ = true;
  conversation_->changed_.notify_all();
}

Task<Result<network::DataPiece>> OngoingOperation::read_data_set() {
  if (consumed_) co_return network::DataPiece{.bytes = {}, .last = true};
  Result<network::DataPiece> piece = co_await conversation_->association_->read_data_set();
  // The loop is only told; it receives (and the bytes of the piece go) when this coroutine and the
  // one that called it have suspended.
  if (!piece || piece->last) set_consumed();
  co_return piece;
}

Task<Result<DataSet>> OngoingOperation::read_identifier() {
  if (!request().has_data_set) {
    co_return fail(ErrorKind::Malformed, "the request has no data set");
  }
  Result<Bytes> whole = co_await read_whole(
      [this] { return read_data_set(); }, conversation_->responder_.limits().identifier_bytes_max);
  if (!whole) co_return fail(std::move(whole.error()));
  const TransferSyntax* syntax = find_transfer_syntax(context_.transfer_syntax);
  if (syntax == nullptr) co_return fail(ErrorKind::Unsupported, "unknown transfer syntax");
  co_return pacs::read_data_set(share(std::move(*whole)), *syntax);
}

Task<void> OngoingOperation::drain() {
  while (!consumed_) co_await read_data_set();
}

network::Command OngoingOperation::response_with(const Answer& answer) const {
  network::Command response = network::response_to(request(), answer.status);
  response.error_comment = answer.error_comment;
  response.offending_elements = answer.offending_elements;
  response.error_id = answer.error_id;
  response.attribute_identifiers = answer.attribute_identifiers;
  if (!answer.sop_instance_uid.empty()) response.sop_instance_uid = answer.sop_instance_uid;
  if (answer.sub_operations) {
    response.remaining = answer.sub_operations->remaining;
    response.completed = answer.sub_operations->completed;
    response.failed = answer.sub_operations->failed;
    response.warning = answer.sub_operations->warning;
  }
  return response;
}

Task<Result<>> OngoingOperation::send(network::Command response,
                                      const std::optional<DataSet>& data_set) {
  if (!conversation_->connected_)
    co_return fail(ErrorKind::ConnectionClosed, "the association ended");
  network::DataSource source;
  if (data_set) {
    const TransferSyntax* syntax = find_transfer_syntax(context_.transfer_syntax);
    if (syntax == nullptr) co_return fail(ErrorKind::Unsupported, "unknown transfer syntax");
    Result<Bytes> bytes = write_data_set(*data_set, *syntax);
    if (!bytes) co_return fail(std::move(bytes.error()));
    response.has_data_set = true;
    source = data_source(share(std::move(*bytes)));
  }
  Result<> sent = co_await conversation_->association_->send(context_.id, std::move(response),
                                                             std::move(source));
  co_return sent;
}

// Responses to sub-operations, and C-CANCEL, come behind what is left of the data set: the loop
// must go on receiving, which passes over the rest.
std::shared_ptr<Requestor> OngoingOperation::requestor() {
  set_consumed();
  return conversation_;
}

Task<Result<>> OngoingOperation::respond_pending(const Answer& answer) {
  set_consumed();
  Result<> sent = co_await send(response_with(answer), answer.data_set);
  co_return sent;
}

Task<Result<>> OngoingOperation::respond_pending(std::uint16_t status,
                                                 std::span<const ByteView> data_sets) {
  set_consumed();
  if (!conversation_->connected_)
    co_return fail(ErrorKind::ConnectionClosed, "the association ended");
  Result<> sent = co_await conversation_->association_->send_each(
      context_.id, network::response_to(request(), status), data_sets);
  co_return sent;
}

}  // namespace pacs::services
