// A-ASSOCIATE-RQ and A-ASSOCIATE-AC: PS3.8 §9.3.2 and §9.3.3.
#include <algorithm>
#include <bitset>

#include <fmt/format.h>

#include "core/text.h"
#include "network/pdu/items.h"

namespace pacs::network {
namespace {

// Item types: PS3.8 Tables 9-12 to 9-18.
enum Item : std::uint8_t {
  kApplicationContext = 0x10,
  kPresentationContextRq = 0x20,
  kPresentationContextAc = 0x21,
  kAbstractSyntax = 0x30,
  kTransferSyntax = 0x40,
  kUserInformation = 0x50,
};

constexpr std::size_t kReservedBytes = 32;

// PS3.8 §9.3.2: "leading and trailing spaces (20H) being non-significant". Some devices fill up
// with NULs instead.
std::string read_ae_title(ByteView field) {
  return std::string{trimmed(as_text(field))};
}

void append_ae_title(Bytes& to, std::string_view title) {
  title = title.substr(0, kAeTitleCharacters);
  append(to, as_bytes(title));
  to.insert(to.end(), kAeTitleCharacters - title.size(), std::byte{' '});
}

// Bytes 11 to 74 of both PDUs.
void append_title_fields(Bytes& to, std::string_view called_ae, std::string_view calling_ae) {
  append_ae_title(to, called_ae);
  append_ae_title(to, calling_ae);
  to.insert(to.end(), kReservedBytes, std::byte{0});
}

// The fixed fields both PDUs begin with: PS3.8 Tables 9-11 and 9-17.
template <typename Associate>
Parsed decode_fixed_fields(FieldReader& from, Associate& associate) {
  associate.protocol_version = from.u16();
  from.u16();  // reserved
  const ByteView fields = from.take(2 * kAeTitleCharacters + kReservedBytes);
  if (from.failed()) {
    return fault(AbortReason::InvalidPduParameterValue, from.offset(),
                 "A-ASSOCIATE PDU is shorter than its fixed fields");
  }
  associate.called_ae = read_ae_title(fields.first(kAeTitleCharacters));
  associate.calling_ae = read_ae_title(fields.subspan(kAeTitleCharacters, kAeTitleCharacters));
  Bytes usual;
  append_title_fields(usual, associate.called_ae, associate.calling_ae);
  if (!std::ranges::equal(fields, usual))
    associate.title_fields.assign(fields.begin(), fields.end());
  return {};
}

// PS3.8 Table 9-17, bytes 11 to 74 of an answer: "This reserved field shall be sent with a value
// identical to the value received in the same field of the A-ASSOCIATE-RQ PDU".
template <typename Associate>
void encode_fixed_fields(const Associate& associate, Bytes& to) {
  append(to, associate.protocol_version, ByteOrder::Big);
  append(to, std::uint16_t{0}, ByteOrder::Big);
  if (associate.title_fields.empty()) {
    append_title_fields(to, associate.called_ae, associate.calling_ae);
  } else {
    append(to, associate.title_fields);
  }
}

// What must be unique in one PDU.
struct Seen {
  bool application_context = false;
  bool user_information = false;
  std::bitset<256> context_ids;
};

// PS3.8 §9.3.2.2: "Presentation-context-ID values shall be odd integers between 1 and 255".
Parsed check_context_id(std::uint8_t id, const ItemView& item, Seen& seen) {
  if (id % 2 == 0) {
    return fault(AbortReason::InvalidPduParameterValue, item.offset,
                 fmt::format("presentation context id {} is even", id));
  }
  if (seen.context_ids[id]) {
    return fault(AbortReason::InvalidPduParameterValue, item.offset,
                 fmt::format("presentation context id {} is used twice", id));
  }
  seen.context_ids.set(id);
  return {};
}

// The three reserved bytes behind a context id; in an AC the middle one is Result/Reason.
tl::expected<std::uint8_t, PduFault> read_context_header(FieldReader& from, const ItemView& item,
                                                         Seen& seen, std::uint8_t& id) {
  id = from.u8();
  from.u8();
  const std::uint8_t result = from.u8();
  from.u8();
  if (from.failed()) {
    return fault(AbortReason::InvalidPduParameterValue, item.offset,
                 "presentation context item is shorter than its fixed fields");
  }
  PACS_TRY(check_context_id(id, item, seen));
  return result;
}

// PS3.8 §9.3.2.2, Tables 9-13 to 9-15.
Parsed decode_proposal(const ItemView& item, Seen& seen, AssociateRq& rq) {
  FieldReader from = item.reader();
  PresentationContextProposal context;
  PACS_TRY(read_context_header(from, item, seen, context.id));
  bool has_abstract_syntax = false;
  while (!from.at_end()) {
    PACS_TRY(const ItemView sub_item, read_item(from));
    if (sub_item.type != kAbstractSyntax && sub_item.type != kTransferSyntax) continue;
    PACS_TRY(std::string uid, read_uid(sub_item.value, sub_item.offset + 4));
    if (sub_item.type == kTransferSyntax) {
      context.transfer_syntaxes.push_back(std::move(uid));
    } else if (std::exchange(has_abstract_syntax, true)) {
      return fault(AbortReason::UnexpectedPduParameter, sub_item.offset,
                   "presentation context with a second abstract syntax");
    } else {
      context.abstract_syntax = std::move(uid);
    }
  }
  if (!has_abstract_syntax || context.transfer_syntaxes.empty()) {
    return fault(AbortReason::InvalidPduParameterValue, item.offset,
                 "presentation context without abstract syntax or transfer syntax");
  }
  rq.contexts.push_back(std::move(context));
  return {};
}

Result<> encode_context(const PresentationContextProposal& context, Bytes& to) {
  const std::size_t start = to.size();
  {
    const ItemScope item(to, kPresentationContextRq);
    append(to, static_cast<std::uint32_t>(context.id) << 24, ByteOrder::Big);
    append_text_item(to, kAbstractSyntax, context.abstract_syntax);
    for (const std::string& syntax : context.transfer_syntaxes) {
      append_text_item(to, kTransferSyntax, syntax);
    }
  }
  return check_item(to, start, "presentation context");
}

// PS3.8 §9.3.3.2, Tables 9-18 and 9-19. "If the Result/Reason field has a value other than
// acceptance (0), this field shall not be significant": a missing transfer syntax is fine then.
Parsed decode_answer(const ItemView& item, Seen& seen, AssociateAc& ac) {
  FieldReader from = item.reader();
  PresentationContextAnswer context;
  PACS_TRY(context.result, read_context_header(from, item, seen, context.id));
  bool has_transfer_syntax = false;
  while (!from.at_end()) {
    PACS_TRY(const ItemView sub_item, read_item(from));
    if (sub_item.type != kTransferSyntax) continue;
    PACS_TRY(context.transfer_syntax, read_uid(sub_item.value, sub_item.offset + 4));
    if (std::exchange(has_transfer_syntax, true)) {
      return fault(AbortReason::UnexpectedPduParameter, sub_item.offset,
                   "presentation context with a second transfer syntax");
    }
  }
  if (context.result == context_result::kAcceptance && !has_transfer_syntax) {
    return fault(AbortReason::InvalidPduParameterValue, item.offset,
                 "accepted presentation context without transfer syntax");
  }
  ac.contexts.push_back(std::move(context));
  return {};
}

Result<> encode_context(const PresentationContextAnswer& context, Bytes& to) {
  const std::size_t start = to.size();
  {
    const ItemScope item(to, kPresentationContextAc);
    append(to, static_cast<std::uint32_t>(context.id) << 24 | context.result << 8U, ByteOrder::Big);
    append_text_item(to, kTransferSyntax, context.transfer_syntax);
  }
  return check_item(to, start, "presentation context");
}

Result<> encode_application_context(std::string_view uid, Bytes& to) {
  const std::size_t start = to.size();
  append_text_item(to, kApplicationContext, uid);
  return check_item(to, start, "application context");
}

Parsed decode_context(const ItemView& item, Seen& seen, AssociateRq& rq) {
  return item.type == kPresentationContextRq ? decode_proposal(item, seen, rq) : Parsed{};
}
Parsed decode_context(const ItemView& item, Seen& seen, AssociateAc& ac) {
  return item.type == kPresentationContextAc ? decode_answer(item, seen, ac) : Parsed{};
}

template <typename Associate>
Parsed decode_variable_item(const ItemView& item, Seen& seen, Associate& associate) {
  if (item.type == kApplicationContext) {
    if (std::exchange(seen.application_context, true)) {
      return fault(AbortReason::UnexpectedPduParameter, item.offset,
                   "a second application context item");
    }
    PACS_TRY(associate.application_context, read_uid(item.value, item.offset + 4));
    return {};
  }
  if (item.type == kUserInformation) {
    if (std::exchange(seen.user_information, true)) {
      return fault(AbortReason::UnexpectedPduParameter, item.offset,
                   "a second user information item");
    }
    PACS_TRY(associate.user, decode_user_information(item));
    return {};
  }
  // Everything else is a presentation context or, PS3.8 §9.3.1, unknown: ignored and skipped.
  return decode_context(item, seen, associate);
}

template <typename Associate>
tl::expected<Pdu, PduFault> decode_associate(ByteView body) {
  Associate associate;
  FieldReader from(body, kPduHeaderBytes);
  PACS_TRY(decode_fixed_fields(from, associate));
  Seen seen;
  while (!from.at_end()) {
    PACS_TRY(const ItemView item, read_item(from));
    PACS_TRY(decode_variable_item(item, seen, associate));
  }
  // PS3.8 Table 9-11: "one Application Context Item, one or more Presentation Context Items and one
  // User Information Item". The last is read as empty when absent: nothing in it is needed to go
  // on.
  if (!seen.application_context || associate.contexts.empty()) {
    return fault(AbortReason::InvalidPduParameterValue, from.offset(),
                 "A-ASSOCIATE PDU without application context or presentation context item");
  }
  return Pdu{std::move(associate)};
}

template <typename Associate>
Result<> encode_associate(const Associate& associate, Bytes& to) {
  encode_fixed_fields(associate, to);
  PACS_TRY(encode_application_context(associate.application_context, to));
  for (const auto& context : associate.contexts) {
    PACS_TRY(encode_context(context, to));
  }
  return encode_user_information(associate.user, to);
}

}  // namespace

tl::expected<ItemView, PduFault> read_item(FieldReader& from) {
  ItemView item;
  item.offset = from.offset();
  item.type = from.u8();
  from.u8();  // reserved
  item.value = from.counted();
  if (from.failed()) {
    return fault(AbortReason::InvalidPduParameterValue, item.offset,
                 fmt::format("item {:02x}H passes the end of what holds it", item.type));
  }
  return item;
}

tl::expected<std::string, PduFault> read_uid(ByteView field, std::uint64_t offset) {
  const std::string_view uid = trimmed_end(as_text(field));
  if (uid.size() > kUidCharactersMax) {
    return fault(AbortReason::InvalidPduParameterValue, offset,
                 fmt::format("UID of {} characters; 64 is the most", uid.size()));
  }
  return std::string{uid};
}

tl::expected<Pdu, PduFault> decode_associate_rq(ByteView body) {
  return decode_associate<AssociateRq>(body);
}

Result<> check_item(const Bytes& to, std::size_t start, std::string_view name) {
  const std::size_t length = to.size() - start - kItemHeaderBytes;
  if (length <= kItemBytesMax) return {};
  return fail(ErrorKind::LimitExceeded,
              fmt::format("the {} item would be of {} bytes; PS3.8 gives its length 16 bits, {}",
                          name, length, kItemBytesMax));
}

Result<> encode_associate_rq(const AssociateRq& rq, Bytes& to) {
  return encode_associate(rq, to);
}

tl::expected<Pdu, PduFault> decode_associate_ac(ByteView body) {
  return decode_associate<AssociateAc>(body);
}

Result<> encode_associate_ac(const AssociateAc& ac, Bytes& to) {
  return encode_associate(ac, to);
}

}  // namespace pacs::network
