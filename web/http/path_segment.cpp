#include "web/http/path_segment.h"

#include "core/percent_encoding.h"

namespace pacs::web {
namespace {

constexpr std::string_view kEscaped = "~/.";  // ~0, ~1, ~2

}  // namespace

std::string segment_of(std::string_view text) {
  const bool dots = text == "." || text == "..";
  std::string segment;
  for (const char c : text) {
    const std::size_t escape = kEscaped.find(c);
    if (escape == kEscaped.npos || (c == '.' && !(dots && segment.empty()))) {
      segment += c;
    } else {
      segment += '~';
      segment += static_cast<char>('0' + escape);
    }
  }
  return percent_encoded(segment);
}

std::string text_of_segment(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const char next = segment[i] == '~' && i + 1 < segment.size() ? segment[i + 1] : '\0';
    if (next >= '0' && next < static_cast<char>('0' + kEscaped.size())) {
      text += kEscaped[static_cast<std::size_t>(next - '0')];
      ++i;
    } else {
      text += segment[i];
    }
  }
  return text;
}

}  // namespace pacs::web
