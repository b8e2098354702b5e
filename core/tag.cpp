#include "core/tag.h"

#include <fmt/format.h>

#include <charconv>

namespace pacs {

std::string Tag::to_string() const {
  return fmt::format("({:04x},{:04x})", group(), element());
}

std::optional<Tag> Tag::parse(std::string_view text) {
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
  }
  std::string digits;
  if (text.size() == 9 && text[4] == ',') {
    digits.append(text.substr(0, 4)).append(text.substr(5));
  } else if (text.size() == 8) {
    digits = text;
  } else {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, number, 16);
  if (error != std::errc{} || end != last) return std::nullopt;
  return Tag{number};
}

}  // namespace pacs
