// Small things done to text everywhere: padding and white space taken off, and what a terminal
// would obey made visible.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pacs {

[[nodiscard]] constexpr bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Without the spaces behind it and the NULs that some devices pad with (PS3.5 §6.2).
[[nodiscard]] constexpr std::string_view trimmed_end(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

/// Without the spaces before it either.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) {
  text = trimmed_end(text);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

/// Without the white space of JSON and HTTP around it (RFC 8259 §2, RFC 9110 §5.6.3).
[[nodiscard]] constexpr std::string_view without_white_space(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

/// For messages: the first 32 characters, those beyond ASCII as "?".
[[nodiscard]] std::string excerpt(std::string_view text);

/// For messages: control characters, also those of UTF-8 above ASCII (U+0080 to U+009F), as \x1b.
/// A file's name can move a terminal otherwise.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace pacs
