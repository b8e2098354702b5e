// Small things done to text everywhere: padding taken off, and what a terminal would obey made
// visible.
#pragma once

#include <string>
#include <string_view>

namespace pacs {

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

/// For messages: control characters, also those of UTF-8 above ASCII (U+0080 to U+009F), as \x1b.
/// A file's name can move a terminal otherwise.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace pacs
