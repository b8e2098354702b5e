// The data dictionary of PS3.6 §6-9 and PS3.7 §E: what a tag is called, and its VR.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tag.h"
#include "core/vr_types.h"

namespace pacs {

struct DictionaryEntry {
  Tag tag;                ///< for repeating groups with every x as 0: (6000,3000)
  std::uint32_t mask;     ///< FFFFFFFF, or 0 in the digits that repeat: FF00FFFF for 60xx
  std::array<VR, 3> vrs;  ///< the first is what Implicit VR means when nothing else decides
  std::uint8_t vr_count;  ///< more than one where the registry says "US or SS or OW"
  bool retired;
  std::string_view vm;       ///< "1", "1-n", "2-2n"
  std::string_view keyword;  ///< empty for elements that only a group length or a creator names
  std::string_view name;

  [[nodiscard]] constexpr VR vr() const { return vrs[0]; }
  [[nodiscard]] constexpr std::span<const VR> alternatives() const {
    return {vrs.data(), vr_count};
  }
};

/// The entry of a tag: exact, of a repeating group (50xx, 60xx, 7Fxx, 1000, 1010, 0020,31xx ...), a
/// group length (gggg,0000) or a private creator (gggg,0010-00FF); nullptr for what the standard
/// does not name. Constant time: the implicit VR parser asks for every element.
[[nodiscard]] const DictionaryEntry* lookup(Tag tag);

/// What is known of a vendor's private element.
struct PrivateEntry {
  VR vr;
  std::string_view vm, name;
};

/// A private element (gggg,xxee) whose block is reserved by `private_creator` (PS3.5 §7.8.1), as
/// far as its vendor has published it; nullopt otherwise (the VR is UN then, PS3.5 §6.2.2).
[[nodiscard]] std::optional<PrivateEntry> lookup_private(Tag tag, std::string_view private_creator);

/// VR of a tag in Implicit VR Little Endian: UN when the dictionary does not know.
[[nodiscard]] inline VR dictionary_vr(Tag tag) {
  const DictionaryEntry* entry = lookup(tag);
  return entry != nullptr ? entry->vr() : VR::UN;
}

/// By keyword, case-sensitive: "PatientName".
[[nodiscard]] const DictionaryEntry* find_keyword(std::string_view keyword);

/// The keywords nearest to a mistyped one, best first: for "did you mean".
[[nodiscard]] std::vector<std::string_view> nearest_keywords(std::string_view keyword,
                                                             std::size_t count = 3);

/// "PatientName", "0010,0010", "(0010,0010)" or "00100010": what a person types.
[[nodiscard]] std::optional<Tag> parse_tag_or_keyword(std::string_view text);

/// Every entry in tag order, repeating ones behind.
[[nodiscard]] std::span<const DictionaryEntry> dictionary_entries();
[[nodiscard]] std::span<const DictionaryEntry> repeating_dictionary_entries();

}  // namespace pacs
