// Person names: the values of PN (PS3.5 §6.2.1).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pacs {

/// The parts of a name with separators between them, none behind the last that is not empty.
[[nodiscard]] std::string join_name(std::span<const std::string> parts, char separator);

/// One way to write a name: up to five components separated by ^ (PS3.5 §6.2.1.1).
struct PersonNameGroup {
  std::string family;
  std::string given;
  std::string middle;
  std::string prefix;
  std::string suffix;

  [[nodiscard]] static PersonNameGroup parse(std::string_view text);
  /// "Doe^John": empty components at the end are left out.
  [[nodiscard]] std::string to_string() const;
  /// "Dr. John Quincy Doe, PhD": for people.
  [[nodiscard]] std::string formatted() const;
  [[nodiscard]] bool empty() const;

  friend bool operator==(const PersonNameGroup&, const PersonNameGroup&) = default;
};

/// One PN value: alphabetic, ideographic and phonetic writing of a name, separated by =.
struct PersonName {
  PersonNameGroup alphabetic;
  PersonNameGroup ideographic;
  PersonNameGroup phonetic;

  /// Never fails: what is beyond the fifth component stays in the suffix, what is beyond the third
  /// group in the phonetic one. The text should be decoded: in ISO 2022 character sets the bytes of
  /// ^ and = may be halves of letters.
  [[nodiscard]] static PersonName parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool empty() const;

  friend bool operator==(const PersonName&, const PersonName&) = default;
};

}  // namespace pacs
