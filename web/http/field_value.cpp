#include "web/http/field_value.h"

#include <algorithm>
#include <charconv>
#include <memory>

namespace pacs::web {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// tchar of RFC 9110 §5.6.2.
bool is_token_character(char c) {
  const bool alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string quoted_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += is_control(c) ? ' ' : c;
  }
  return quoted + '"';
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string token_or_quoted(std::string_view text) {
  return is_token(text) ? std::string(text) : quoted_string(text);
}

std::string quoted_for_people(std::string_view text) {
  constexpr std::size_t kShown = 300;
  std::string shown(text);
  std::erase_if(shown, [](char c) { return static_cast<unsigned char>(c) > 0x7E; });
  if (shown.size() > kShown) shown = shown.substr(0, kShown) + "...";
  return quoted_string(shown);
}

std::optional<std::string> listed_field(const Fields& fields, std::string_view name) {
  std::optional<std::string> list;
  for (const auto& [key, value] : fields) {
    if (!equal_without_case(key, name)) continue;
    list = list ? *list + ", " + value : value;
  }
  return list;
}

Result<unsigned> parse_quality(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  digits.append(fraction.substr(0, 3)).append(3 - std::min<std::size_t>(fraction.size(), 3), '0');
  unsigned quality = 0;
  const auto end = std::to_address(digits.end());
  const auto [stop, error] = std::from_chars(std::to_address(digits.begin()), end, quality);
  if (text.empty() || error != std::errc{} || stop != end || quality > 1000) {
    return fail(ErrorKind::Malformed, "a quality value (q) is a number from 0 to 1");
  }
  return quality;
}

void FieldCursor::skip_blanks() {
  while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
}

bool FieldCursor::at_end() {
  skip_blanks();
  return rest_.empty();
}

bool FieldCursor::take(char mark) {
  skip_blanks();
  if (!rest_.starts_with(mark)) return false;
  rest_.remove_prefix(1);
  return true;
}

std::string_view FieldCursor::word(std::string_view ends) {
  skip_blanks();
  const auto is_end = [&](char c) { return c == ' ' || c == '\t' || ends.find(c) != ends.npos; };
  const auto end = std::ranges::find_if(rest_, is_end);
  const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(found.size());
  return found;
}

Result<std::string> FieldCursor::value(std::string_view ends) {
  if (!take('"')) return std::string(word(ends));
  std::string text;
  while (!rest_.empty()) {
    char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') return text;
    if (c == '\\' && !rest_.empty()) {
      c = rest_.front();
      rest_.remove_prefix(1);
    }
    text += c;
  }
  return fail(ErrorKind::Malformed, "a quoted string is not closed");
}

}  // namespace pacs::web
