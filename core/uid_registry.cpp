#include "core/uid_registry.h"

#include <algorithm>
#include <iterator>

namespace pacs {
namespace {

#include "core/uid_registry_data.inc"

}  // namespace

const UidEntry* find_uid(std::string_view uid) {
  const auto* found = std::ranges::lower_bound(kUids, uid, {}, &UidEntry::uid);
  return found != std::end(kUids) && found->uid == uid ? found : nullptr;
}

const UidEntry* find_uid_keyword(std::string_view keyword) {
  if (keyword.empty()) return nullptr;
  const auto* found = std::ranges::find(kUids, keyword, &UidEntry::keyword);
  return found != std::end(kUids) ? found : nullptr;
}

std::string_view uid_name(std::string_view uid) {
  const UidEntry* entry = find_uid(uid);
  return entry != nullptr && !entry->name.empty() ? entry->name : uid;
}

const std::vector<const UidEntry*>& uid_registry() {
  static const auto all = [] {
    std::vector<const UidEntry*> entries;
    for (const std::uint16_t position : kRegistryOrder) entries.push_back(&kUids[position]);
    return entries;
  }();
  return all;
}

bool is_storage_sop_class(std::string_view uid) {
  const UidEntry* entry = find_uid(uid);
  return entry != nullptr && entry->storage;
}

const std::vector<std::string_view>& storage_sop_classes() {
  static const auto all = [] {
    std::vector<std::string_view> uids;
    for (const UidEntry* entry : uid_registry()) {
      if (entry->storage) uids.push_back(entry->uid);
    }
    return uids;
  }();
  return all;
}

namespace {

/// What is wrong with a UID, or "" (PS3.5 §9.1).
std::string_view fault_of(std::string_view uid, bool leading_zeros_pass) {
  if (uid.empty()) return "a UID is empty";
  if (uid.size() > kUidLengthMax) return "a UID is longer than 64 characters";
  std::size_t start = 0;
  for (std::size_t at = 0; at <= uid.size(); ++at) {
    if (at == uid.size() || uid[at] == '.') {
      if (at == start) return "a UID has an empty component";
      if (!leading_zeros_pass && uid[start] == '0' && at - start > 1) {
        return "a component of a UID starts with 0";
      }
      start = at + 1;
    } else if (uid[at] < '0' || uid[at] > '9') {
      return "a UID holds something else than digits and dots";
    }
  }
  return {};
}

}  // namespace

Result<> check_uid(std::string_view uid) {
  const std::string_view fault = fault_of(uid, false);
  if (!fault.empty()) return fail(ErrorKind::Malformed, std::string{fault});
  return {};
}

bool is_usable_uid(std::string_view uid) {
  return fault_of(uid, true).empty();
}

std::string_view uid_named(std::string_view keyword_or_uid) {
  const UidEntry* entry = find_uid_keyword(keyword_or_uid);
  return entry != nullptr ? entry->uid : keyword_or_uid;
}

}  // namespace pacs
