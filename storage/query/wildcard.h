// Wild card matching (PS3.4 §C.2.2.2.4) of UTF-8 text.
#pragma once

#include <string_view>

namespace pacs::storage {

/// "*" stands for any sequence of characters, also none, "?" for any one character (not byte). All
/// else must be equal, case included. Takes at most |text|² / 4 steps whatever the pattern, since a
/// pattern that asks for more letters than there are is refused at once.
[[nodiscard]] bool wildcard_matches(std::string_view pattern, std::string_view text);

[[nodiscard]] inline bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

}  // namespace pacs::storage
