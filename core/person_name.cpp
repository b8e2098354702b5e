#include "core/person_name.h"

#include <array>

#include "core/text.h"

namespace pacs {
namespace {

/// Separators at the end separate nothing.
std::string_view without(char separator, std::string_view text) {
  while (!text.empty() && text.back() == separator) text.remove_suffix(1);
  return text;
}

/// Takes the text up to the separator off the front; the last part takes all.
std::string_view take(std::string_view& rest, char separator, bool last) {
  const std::size_t end = last ? rest.npos : rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

}  // namespace

std::string join_name(std::span<const std::string> parts, char separator) {
  std::string text;
  std::size_t pending = 0;  // separators owed before the next part that is not empty
  for (const std::string& part : parts) {
    if (!part.empty()) {
      text.append(pending, separator).append(part);
      pending = 0;
    }
    ++pending;
  }
  return text;
}

PersonNameGroup PersonNameGroup::parse(std::string_view text) {
  PersonNameGroup group;
  text = without('^', trimmed(text));
  // "family name complex, given name complex, middle name, name prefix, name suffix"
  group.family = trimmed(take(text, '^', false));
  group.given = trimmed(take(text, '^', false));
  group.middle = trimmed(take(text, '^', false));
  group.prefix = trimmed(take(text, '^', false));
  group.suffix = trimmed(take(text, '^', true));
  return group;
}

std::string PersonNameGroup::to_string() const {
  return join_name(std::array{family, given, middle, prefix, suffix}, '^');
}

std::string PersonNameGroup::formatted() const {
  std::string text;
  for (const std::string* part : {&prefix, &given, &middle, &family}) {
    if (part->empty()) continue;
    if (!text.empty()) text += ' ';
    text += *part;
  }
  if (!suffix.empty()) text.append(text.empty() ? "" : ", ").append(suffix);
  return text;
}

bool PersonNameGroup::empty() const {
  return family.empty() && given.empty() && middle.empty() && prefix.empty() && suffix.empty();
}

PersonName PersonName::parse(std::string_view text) {
  PersonName name;
  text = without('=', trimmed(text));
  name.alphabetic = PersonNameGroup::parse(take(text, '=', false));
  name.ideographic = PersonNameGroup::parse(take(text, '=', false));
  name.phonetic = PersonNameGroup::parse(take(text, '=', true));
  return name;
}

std::string PersonName::to_string() const {
  return join_name(
      std::array{alphabetic.to_string(), ideographic.to_string(), phonetic.to_string()}, '=');
}

bool PersonName::empty() const {
  return alphabetic.empty() && ideographic.empty() && phonetic.empty();
}

}  // namespace pacs
