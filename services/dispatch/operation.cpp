#include "services/dispatch/operation.h"

#include <utility>

#include "encoding/data_sets/data_set_codec.h"
#include "encoding/scan/inflate.h"
#include "encoding/scan/token_scanner.h"
#include "services/dispatch/data_pieces.h"
#include "services/dispatch/served_association.h"

namespace pacs::services {
namespace {

network::Command response_with(const Answer& answer, const network::Command& request) {
  network::Command response = network::response_to(request, answer.status);
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

/// About what a token takes as part of a data set, and what a service takes that makes text of its
/// own of each value.
std::uint64_t memory_of(const Token& token) {
  constexpr std::uint64_t kElementBytes = 2 * sizeof(Element), kItemBytes = 2 * sizeof(Item);
  constexpr std::uint64_t kValueBytes = 2 * sizeof(std::string), kNumberBytes = 2;
  switch (token.kind) {
    case Token::Kind::Element: {
      const Element element = Element::view(token.tag, token.vr, token.value, token.order);
      const bool text = info(token.vr).kind == VRKind::Text;
      const std::uint64_t values = text ? element.value_count() : token.value.size() / kNumberBytes;
      return kElementBytes + kValueBytes * values;
    }
    case Token::Kind::ItemStart:
      return kItemBytes;
    default:
      return kElementBytes;
  }
}

/// The same of a data set, before it is made. Whether its end is one is for who makes it to say.
Result<std::uint64_t> memory_of(ByteView bytes, const TransferSyntax& syntax,
                                const Limits& limits) {
  TokenScanner scanner{syntax, ScanOptions{.limits = limits}};
  scanner.input_ends();
  Token token;
  std::uint64_t memory = 0;
  for (;;) {
    switch (scanner.next(bytes, token)) {
      case TokenScanner::Found::Token:
        memory += memory_of(token);
        break;
      case TokenScanner::Found::Error:
        return fail(scanner.error());
      case TokenScanner::Found::Stop:
      case TokenScanner::Found::NeedMore:
        return memory;
    }
  }
}

}  // namespace

Operation::Operation(std::shared_ptr<ServedAssociation> served,
                     std::shared_ptr<Requestor> requestor, network::Command request,
                     network::PresentationContext context)
    : served_(std::move(served)),
      requestor_(std::move(requestor)),
      request_(std::move(request)),
      context_(std::move(context)),
      consumed_(!request_.has_data_set),
      share_(served_->budget) {}

const network::Negotiated& Operation::association() const {
  return served_->association->negotiated();
}

void Operation::set_consumed() {
  if (consumed_) return;
  consumed_ = true;
  served_->changed.notify_all();
}

Task<Result<network::DataPiece>> Operation::read_data_set() {
  if (consumed_) co_return network::DataPiece{.bytes = {}, .last = true};
  Result<network::DataPiece> piece = co_await served_->association->read_data_set();
  // The loop is only told; it receives (and the bytes of the piece go) when this coroutine and the
  // one that called it have suspended.
  if (!piece || piece->last) set_consumed();
  co_return piece;
}

Task<Result<DataSet>> Operation::read_identifier(DataSetLimits limits) {
  if (!request_.has_data_set) co_return fail(ErrorKind::Malformed, "the request has no data set");
  PACS_CO_TRY(Bytes whole,
              co_await read_whole([this] { return read_data_set(); }, limits.bytes_max, &share_));
  PACS_CO_TRY(const TransferSyntax* syntax, syntax_of(context_));
  ReadOptions options;
  options.limits.elements_max = limits.elements_max;
  options.limits.inflated_bytes_max = limits.bytes_max;
  std::uint64_t held = 2 * whole.size();
  if (syntax->deflated) {
    PACS_CO_TRY(share_.hold(held += limits.bytes_max));
    PACS_CO_TRY(whole, inflate_all(whole, options.limits));
    syntax = &explicit_vr_little_endian();  // PS3.5 §A.5
  }
  PACS_CO_TRY(const std::uint64_t elements, memory_of(whole, *syntax, options.limits));
  PACS_CO_TRY(share_.hold(held + elements));
  PACS_CO_TRY(DataSet data_set, pacs::read_data_set(share(std::move(whole)), *syntax, options));
  // PS3.4 §F.7.2.2.1: what an N-SET changes is in the set of its N-CREATE.
  if (request_.field != network::CommandField::NSetRq) {
    const std::string& peer = association().request.calling_ae;
    name_character_set(data_set, served_->limits.character_sets.of(peer));
  }
  co_return data_set;
}

Task<void> Operation::drain() {
  while (!consumed_) co_await read_data_set();
}

Task<Result<>> Operation::send(const Answer& answer) {
  network::Command response = response_with(answer, request_);
  network::DataSource source;
  if (answer.data_set) {
    PACS_CO_TRY(const TransferSyntax* const syntax, syntax_of(context_));
    PACS_CO_TRY(Bytes bytes, write_data_set(*answer.data_set, *syntax));
    source = data_source(share(std::move(bytes)));
  }
  Result<> sent =
      co_await served_->association->send(context_.id, std::move(response), std::move(source));
  co_return sent;
}

// Responses to sub-operations, and C-CANCEL, come behind what is left of the data set: the loop
// must go on receiving, which passes over the rest.
std::shared_ptr<Requestor> Operation::requestor() {
  set_consumed();
  return requestor_;
}

Task<Result<>> Operation::respond_pending(const Answer& answer) {
  set_consumed();
  Result<> sent = co_await send(answer);
  co_return sent;
}

Task<Result<>> Operation::respond_pending(std::uint16_t status,
                                          std::span<const ByteView> data_sets) {
  set_consumed();
  network::Command response = network::response_to(request_, status);
  Result<> sent =
      co_await served_->association->send_each(context_.id, std::move(response), data_sets);
  co_return sent;
}

}  // namespace pacs::services
