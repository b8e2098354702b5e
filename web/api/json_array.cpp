#include "web/api/json_array.h"

#include <optional>

#include "core/text.h"

namespace pacs::web {
namespace {

tl::unexpected<Error> malformed(std::size_t offset, std::string message) {
  return fail(Error{ErrorKind::Malformed, std::move(message)}.at(offset));
}

}  // namespace

Result<std::vector<std::string_view>> split_json_array(std::string_view text) {
  text = without_white_space(text);
  if (!text.starts_with('[')) return std::vector{text};
  std::vector<std::string_view> elements;
  std::size_t depth = 0, begin = 1;
  bool in_string = false;
  std::optional<std::size_t> end;
  for (std::size_t at = 0; at < text.size() && !end; ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    if (c == '[' || c == '{') ++depth;
    const bool closes = c == ']' || c == '}';
    if (closes && --depth == 0) {
      if (c != ']') return malformed(at, "the JSON array ends with a brace");
      end = at;
    }
    if (!end && !(c == ',' && depth == 1)) continue;
    const std::string_view element = without_white_space(text.substr(begin, at - begin));
    if (!element.empty()) {
      elements.push_back(element);
    } else if (!end || !elements.empty()) {
      return malformed(at, "the JSON array has an empty element");
    }
    begin = at + 1;
  }
  if (!end) return malformed(text.size(), "the JSON array does not end");
  if (*end + 1 != text.size()) return malformed(*end + 1, "something follows the JSON array");
  return elements;
}

}  // namespace pacs::web
