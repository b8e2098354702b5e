#include "storage/query/wildcard.h"

#include <algorithm>
#include <cstddef>

namespace pacs::storage {
namespace {

/// Where the character behind the one at `at` begins; what is not UTF-8 counts byte by byte.
std::size_t next_character(std::string_view text, std::size_t at) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  ++at;
  while (at < text.size() && continues(text[at])) ++at;
  return at;
}

}  // namespace

bool wildcard_matches(std::string_view pattern, std::string_view text) {
  const auto stars = static_cast<std::size_t>(std::ranges::count(pattern, '*'));
  if (pattern.size() - stars > text.size()) return false;

  // Only the last star ever needs another try: what earlier ones have matched could not be matched
  // further left, so moving them further right finds nothing new. Hence no recursion.
  constexpr std::size_t kNoStar = std::string_view::npos;
  std::size_t in_pattern = 0;
  std::size_t in_text = 0;
  std::size_t behind_star = kNoStar;
  std::size_t tried_from = 0;
  while (in_text < text.size()) {
    const char wanted = in_pattern < pattern.size() ? pattern[in_pattern] : '\0';
    const bool more = in_pattern < pattern.size();
    if (more && wanted == '*') {
      behind_star = ++in_pattern;
      if (behind_star == pattern.size()) return true;
      tried_from = in_text;
    } else if (more && wanted == '?') {
      in_text = next_character(text, in_text);
      ++in_pattern;
    } else if (more && wanted == text[in_text]) {
      ++in_text;
      ++in_pattern;
    } else if (behind_star != kNoStar) {
      tried_from = next_character(text, tried_from);
      in_text = tried_from;
      in_pattern = behind_star;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(in_pattern), [](char c) { return c == '*'; });
}

}  // namespace pacs::storage
