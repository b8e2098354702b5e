#include "web/dicomweb/store/json_objects.h"

#include "core/text.h"

namespace pacs::web {
namespace {

/// Behind the string that begins at `at`; npos when it does not end.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\')
      ++at;
    else if (json[at] == '"')
      return at + 1;
  }
  return json.npos;
}

/// How long the object is that `json` begins with; npos when it does not end.
std::size_t object_length(std::string_view json) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      at = string_end(json, at);
      continue;
    }
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) return at + 1;
    ++at;
  }
  return json.npos;
}

tl::unexpected<Error> no_array() {
  return fail(ErrorKind::Malformed, "the metadata is not a JSON array of objects");
}

}  // namespace

Result<std::vector<std::string_view>> json_objects(std::string_view json) {
  json = without_white_space(json);
  const bool is_array = json.starts_with('[') && json.ends_with(']');
  if (is_array) json = without_white_space(json.substr(1, json.size() - 2));
  std::vector<std::string_view> objects;
  bool comma = false;  // before what comes next
  while (!json.empty()) {
    const std::size_t length = json.starts_with('{') ? object_length(json) : json.npos;
    if (length == json.npos) return no_array();
    objects.push_back(json.substr(0, length));
    json = without_white_space(json.substr(length));
    comma = json.starts_with(',');
    if (comma != !json.empty()) return no_array();
    if (comma) json = without_white_space(json.substr(1));
  }
  if (comma || (!is_array && objects.size() != 1)) return no_array();
  return objects;
}

}  // namespace pacs::web
