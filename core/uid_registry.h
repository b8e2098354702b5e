// The UID registry of PS3.6 Annex A, and what makes a UID valid (PS3.5 §9.1).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace pacs {

enum class UidType : std::uint8_t {
  SopClass,
  MetaSopClass,
  TransferSyntax,
  SopInstance,
  FrameOfReference,
  CodingScheme,
  ApplicationContextName,
  ServiceClass,
  ApplicationHostingModel,
  MappingResource,
  LdapOid,
};

struct UidEntry {
  std::string_view uid;
  std::string_view keyword;
  std::string_view name;
  UidType type;
  bool retired;
  bool storage;  ///< a SOP class whose instances are sent by C-STORE
};

/// nullptr for a UID that the registry does not name.
[[nodiscard]] const UidEntry* find_uid(std::string_view uid);
/// By keyword: "CTImageStorage".
[[nodiscard]] const UidEntry* find_uid_keyword(std::string_view keyword);
/// The UID of a keyword; what is no keyword is taken for a UID.
[[nodiscard]] std::string_view uid_named(std::string_view keyword_or_uid);
/// "CT Image Storage", or the UID itself when the registry does not name it.
[[nodiscard]] std::string_view uid_name(std::string_view uid);
/// Every entry, in the order of the registry.
[[nodiscard]] const std::vector<const UidEntry*>& uid_registry();

/// Whether instances of the SOP class are composite objects sent by C-STORE, retired ones included
/// (PS3.4 §B.5, §GG.3 and the older editions).
[[nodiscard]] bool is_storage_sop_class(std::string_view uid);
/// All of them, in the order of the registry.
[[nodiscard]] const std::vector<std::string_view>& storage_sop_classes();

inline constexpr std::size_t kUidLengthMax = 64;  // characters, PS3.5 §9.1

/// PS3.5 §9.1 to the letter; the error says what is wrong.
[[nodiscard]] Result<> check_uid(std::string_view uid);
[[nodiscard]] inline bool is_valid_uid(std::string_view uid) {
  return check_uid(uid).has_value();
}
/// What real objects carry and nothing suffers from: digits and dots, 1 to 64 characters, no empty
/// component; leading zeros pass.
[[nodiscard]] bool is_usable_uid(std::string_view uid);

}  // namespace pacs
