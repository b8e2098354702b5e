// What the JSON model (PS3.18 §F) and the XML model (PS3.19 §A) both make of values.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/dicom_element.h"
#include "core/person_name.h"
#include "core/text.h"

namespace pacs {

/// The bytes of a binary value in little endian; of an encapsulated one its items with their
/// headers.
[[nodiscard]] Bytes bytes_for_model(const Element& element);

/// Appends the index-th number of a binary value, or the eight digits of a tag (AT). False when
/// JSON has to quote it: tags, infinity and NaN, and numbers that a double would round.
[[nodiscard]] bool append_digits(std::string& to, const Element& element, std::size_t index);

/// Appends the shortest digits that give a finite number back.
void append_shortest(std::string& to, double number);

/// Appends a number (or tag, for AT) given by its digits, in little endian; false when they are not
/// a value of the VR.
[[nodiscard]] bool append_from_text(Bytes& to, VR vr, std::string_view text);

inline constexpr std::array<std::string_view, 3> kNameGroups{"Alphabetic", "Ideographic",
                                                             "Phonetic"};

/// Calls `each(group, text)` for the component groups of a PN value that are there (PS3.5
/// §6.2.1.2).
template <typename Each>
void for_each_name_group(std::string_view name, Each each) {
  for (std::size_t group = 0; group < kNameGroups.size(); ++group) {
    const bool last = group + 1 == kNameGroups.size();
    const std::size_t end = last ? name.size() : std::min(name.find('='), name.size());
    const std::string_view text = trimmed_end(name.substr(0, end));
    if (!text.empty()) each(kNameGroups[group], text);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
}

/// The components of a group (PS3.5 §6.2.1.1) under the names that PS3.19 §A.1.5 gives them.
struct NameComponent {
  const char* name;
  std::string PersonNameGroup::*text;
};
inline constexpr std::array<NameComponent, 5> kNameComponents{{
    {"FamilyName", &PersonNameGroup::family},
    {"GivenName", &PersonNameGroup::given},
    {"MiddleName", &PersonNameGroup::middle},
    {"NamePrefix", &PersonNameGroup::prefix},
    {"NameSuffix", &PersonNameGroup::suffix},
}};

}  // namespace pacs
