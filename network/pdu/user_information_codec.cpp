// The user information item and its sub-items: PS3.8 §9.3.2.3 and §D.1, PS3.7 §D.3.3.
#include "network/pdu/items.h"

#include <fmt/format.h>

namespace pacs::network {
namespace {

// Sub-item types: PS3.8 Table D.1-1, PS3.7 Tables D.3-1 to D.3-15.
enum SubItem : std::uint8_t {
  kMaximumLength = 0x51,
  kImplementationClassUid = 0x52,
  kOperationsWindow = 0x53,
  kRoleSelection = 0x54,
  kImplementationVersionName = 0x55,
  kExtendedNegotiation = 0x56,
  kCommonExtendedNegotiation = 0x57,
  kUserIdentityRq = 0x58,
  kUserIdentityAc = 0x59,
};

constexpr std::uint8_t kUserInformationItem = 0x50;

tl::unexpected<PduFault> overrun(const ItemView& item) {
  return fault(AbortReason::InvalidPduParameterValue, item.offset,
               fmt::format("sub-item {:02x}H: its fields pass its end", item.type));
}

// Reads a UID with its 16-bit length in front.
tl::expected<std::string, PduFault> counted_uid(FieldReader& from) {
  const std::uint64_t offset = from.offset();
  return read_uid(from.counted(), offset);
}

// PS3.7 Table D.3-9: SCU-role and SCP-role are 0 or 1.
Parsed decode_role(const ItemView& item, UserInformation& user) {
  FieldReader from = item.reader();
  RoleSelection role;
  PACS_TRY(role.sop_class_uid, counted_uid(from));
  role.scu = from.u8() != 0;
  role.scp = from.u8() != 0;
  if (from.failed()) return overrun(item);
  user.roles.push_back(std::move(role));
  return {};
}

void encode_role(const RoleSelection& role, Bytes& to) {
  const ItemScope item(to, kRoleSelection);
  append_counted(to, role.sop_class_uid);
  to.push_back(role.scu ? std::byte{1} : std::byte{0});
  to.push_back(role.scp ? std::byte{1} : std::byte{0});
}

// PS3.7 Table D.3-11.
Parsed decode_extended(const ItemView& item, UserInformation& user) {
  FieldReader from = item.reader();
  PACS_TRY(std::string uid, counted_uid(from));
  if (from.failed()) return overrun(item);
  const ByteView information = from.rest();
  user.extended.push_back({std::move(uid), {information.begin(), information.end()}});
  return {};
}

void encode_extended(const ExtendedNegotiation& extended, Bytes& to) {
  const ItemScope item(to, kExtendedNegotiation);
  append_counted(to, extended.sop_class_uid);
  append(to, extended.information);
}

// PS3.7 Table D.3-12. "Sub-item-version ... shall be 0"; fields that a later version puts behind
// those we know are ignored (note 2 there).
Parsed decode_common_extended(const ItemView& item, UserInformation& user) {
  FieldReader from = item.reader();
  CommonExtendedNegotiation common;
  PACS_TRY(common.sop_class_uid, counted_uid(from));
  PACS_TRY(common.service_class_uid, counted_uid(from));
  const std::uint64_t related_offset = from.offset() + 2;
  FieldReader related(from.counted(), related_offset);
  if (from.failed()) return overrun(item);
  while (!related.at_end()) {
    PACS_TRY(std::string uid, counted_uid(related));
    if (related.failed()) return overrun(item);
    common.related_general_sop_classes.push_back(std::move(uid));
  }
  user.common_extended.push_back(std::move(common));
  return {};
}

void encode_common_extended(const CommonExtendedNegotiation& common, Bytes& to) {
  const ItemScope item(to, kCommonExtendedNegotiation);
  append_counted(to, common.sop_class_uid);
  append_counted(to, common.service_class_uid);
  const std::size_t length_at = to.size();
  append(to, std::uint16_t{0}, ByteOrder::Big);
  for (const std::string& uid : common.related_general_sop_classes) append_counted(to, uid);
  store(to.data() + length_at, static_cast<std::uint16_t>(to.size() - length_at - 2),
        ByteOrder::Big);
}

// PS3.7 Table D.3-14.
Parsed decode_user_identity(const ItemView& item, UserInformation& user) {
  FieldReader from = item.reader();
  UserIdentity identity;
  identity.type = from.u8();
  identity.positive_response_requested = from.u8() != 0;
  identity.primary = as_text(from.counted());
  identity.secondary = as_text(from.counted());
  if (from.failed()) return overrun(item);
  user.user_identity = std::move(identity);
  return {};
}

void encode_user_identity(const UserIdentity& identity, Bytes& to) {
  const ItemScope item(to, kUserIdentityRq);
  to.push_back(std::byte{identity.type});
  to.push_back(identity.positive_response_requested ? std::byte{1} : std::byte{0});
  append_counted(to, identity.primary);
  append_counted(to, identity.secondary);
}

Parsed decode_sub_item(const ItemView& item, UserInformation& user) {
  FieldReader from = item.reader();
  switch (item.type) {
    case kMaximumLength:  // PS3.8 Table D.1-1
      user.max_pdu_bytes = from.u32();
      break;
    case kImplementationClassUid: {  // PS3.7 Table D.3-1
      PACS_TRY(user.implementation_class_uid, read_uid(item.value, item.offset + 4));
      break;
    }
    case kOperationsWindow:  // PS3.7 Table D.3-7
      user.operations_window.emplace();
      user.operations_window->invoked = from.u16();
      user.operations_window->performed = from.u16();
      break;
    case kRoleSelection:
      return decode_role(item, user);
    case kImplementationVersionName:  // PS3.7 Table D.3-3
      user.implementation_version_name = as_text(item.value);
      break;
    case kExtendedNegotiation:
      return decode_extended(item, user);
    case kCommonExtendedNegotiation:
      return decode_common_extended(item, user);
    case kUserIdentityRq:
      return decode_user_identity(item, user);
    case kUserIdentityAc:  // PS3.7 Table D.3-15
      user.user_identity_response = as_text(from.counted());
      break;
    default:
      break;  // PS3.8 §9.3.1: items of unknown type are ignored and skipped
  }
  if (from.failed()) return overrun(item);
  return {};
}

}  // namespace

tl::expected<UserInformation, PduFault> decode_user_information(const ItemView& item) {
  UserInformation user;
  FieldReader from = item.reader();
  while (!from.at_end()) {
    PACS_TRY(const ItemView sub_item, read_item(from));
    PACS_TRY(decode_sub_item(sub_item, user));
  }
  return user;
}

namespace {

// In the ascending order of sub-item types that PS3.7 §D.3.3 suggests and DCMTK uses.
void encode_sub_items(const UserInformation& user, Bytes& to) {
  if (user.max_pdu_bytes) {
    const ItemScope sub_item(to, kMaximumLength);
    append(to, *user.max_pdu_bytes, ByteOrder::Big);
  }
  if (!user.implementation_class_uid.empty()) {
    append_text_item(to, kImplementationClassUid, user.implementation_class_uid);
  }
  if (user.operations_window) {
    const ItemScope sub_item(to, kOperationsWindow);
    append(to, user.operations_window->invoked, ByteOrder::Big);
    append(to, user.operations_window->performed, ByteOrder::Big);
  }
  for (const RoleSelection& role : user.roles) encode_role(role, to);
  if (!user.implementation_version_name.empty()) {
    append_text_item(to, kImplementationVersionName, user.implementation_version_name);
  }
  for (const ExtendedNegotiation& extended : user.extended) encode_extended(extended, to);
  for (const CommonExtendedNegotiation& c : user.common_extended) encode_common_extended(c, to);
  if (user.user_identity) encode_user_identity(*user.user_identity, to);
  if (user.user_identity_response) {
    const ItemScope sub_item(to, kUserIdentityAc);
    append_counted(to, *user.user_identity_response);
  }
}

}  // namespace

Result<> encode_user_information(const UserInformation& user, Bytes& to) {
  const std::size_t start = to.size();
  {
    const ItemScope item(to, kUserInformationItem);
    encode_sub_items(user, to);
  }
  return check_item(to, start, "user information");
}

}  // namespace pacs::network
