// What the JSON model (PS3.18 §F) and the XML model (PS3.19 §A) both make of values.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "core/dicom_element.h"
#include "encoding/character_set.h"

namespace pacs {

/// The bytes of a binary value in little endian; of an encapsulated one its items with their
/// headers.
[[nodiscard]] Bytes bytes_for_model(const Element& element);

/// Appends a number (or tag, for AT) given by its digits, in little endian; false when they are not
/// a value of the VR.
[[nodiscard]] bool append_from_text(Bytes& to, VR vr, std::string_view text);

/// Without the padding at the end and, where they carry no meaning, the spaces in front.
[[nodiscard]] inline std::string_view without_padding(std::string_view text,
                                                      bool in_front = false) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (in_front && text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

/// Calls `each` for every value of a text element in UTF-8, empty ones between others included; not
/// at all when there is nothing but padding.
template <typename Each>
void for_each_text(const Element& element, const CharacterSet& charset, Each each) {
  const VR vr = element.vr();
  const std::string decoded = charset.to_utf8(as_text(element.value()), vr);
  const std::string_view all = without_padding(decoded);
  if (all.empty()) return;
  // PS3.5 Table 6.2-1: LT, ST, UT and UR have one value, in which a backslash is a letter.
  const bool multi = info(vr).multi_valued;
  for (std::size_t start = 0; start <= all.size();) {
    const std::size_t end = multi ? std::min(all.find('\\', start), all.size()) : all.size();
    each(without_padding(all.substr(start, end - start), multi && vr != VR::UC));
    start = end + 1;
  }
}

inline constexpr std::array<std::string_view, 3> kNameGroups{"Alphabetic", "Ideographic",
                                                             "Phonetic"};

/// Calls `each(group, text)` for the component groups of a PN value that are there (PS3.5
/// §6.2.1.2).
template <typename Each>
void for_each_name_group(std::string_view name, Each each) {
  for (std::size_t group = 0; group < kNameGroups.size(); ++group) {
    const bool last = group + 1 == kNameGroups.size();
    const std::size_t end = last ? name.size() : std::min(name.find('='), name.size());
    const std::string_view text = without_padding(name.substr(0, end));
    if (!text.empty()) each(kNameGroups[group], text);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
}

/// The shortest digits that give a finite number back.
template <typename Float>
void append_shortest(std::string& to, Float number) {
  if (number == 0 && std::signbit(number)) {
    to += "-0.0";  // "-0" is an integer to many readers, which has no sign
    return;
  }
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append(digits.data(), end);
}

}  // namespace pacs
