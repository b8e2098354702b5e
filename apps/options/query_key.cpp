#include "apps/options/query_key.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"

namespace pacs::apps {

namespace {

constexpr std::size_t kItemsMax = 100;  // items in the sequence of a key; real keys have one

tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last) return std::nullopt;
  return number;
}

Result<KeyStep> parse_step(std::string_view text) {
  const std::size_t bracket = text.find('[');
  const std::string_view name = text.substr(0, bracket);
  const std::optional<Tag> tag = parse_tag_or_keyword(name);
  if (!tag) {
    const auto nearest = nearest_keywords(name, 1);
    return wrong(fmt::format(
        "\"{}\" is neither a keyword nor a tag{}", name,
        nearest.empty() ? std::string{} : fmt::format("; did you mean {}?", nearest.front())));
  }
  KeyStep step{.tag = *tag};
  if (bracket == text.npos) return step;
  std::string_view digits = text.substr(bracket + 1);
  if (!digits.ends_with(']')) return wrong(fmt::format("\"{}\" lacks a ]", text));
  digits.remove_suffix(1);
  const auto item = parse_number<std::size_t>(digits);
  if (!item || *item >= kItemsMax) {
    return wrong(fmt::format("\"{}\" is not an item number: write {}[0]", digits, name));
  }
  step.into_item = true;
  step.item = *item;
  return step;
}

/// UN when the VR is not known. That of a private element follows from the creator that reserved
/// its block in `in` (PS3.5 §7.8.1).
VR vr_in(const DataSet& in, Tag tag) {
  const auto known = lookup_private(tag, in.private_creator(tag));
  return known ? known->vr : dictionary_vr(tag);
}

/// Why no value can be written for an element whose VR is not known, and what to do.
std::string unknown_vr(const DataSet& in, Tag tag) {
  const std::string number = fmt::format("{:04x},{:04x}", tag.group(), tag.element());
  const std::string only_asked_for =
      fmt::format("it can only be asked for, without a value: -k {}", number);
  if (!tag.is_private() || tag.element() < 0x1000) {
    return "its VR is not known; " + only_asked_for;
  }
  const std::string_view creator = in.private_creator(tag);
  if (!creator.empty()) {
    return fmt::format("the VR of this private element of \"{}\" is not known; {}", creator,
                       only_asked_for);
  }
  return fmt::format(
      "what a private element is depends on its creator: write -k {:04x},{:04x}=CREATOR before it",
      tag.group(), tag.element() >> 8);
}

/// False when the value is not valid for the VR.
bool set_value(DataSet& to, Tag tag, VR vr, const std::string& value) {
  if (vr == VR::SQ) {
    to.set_items(tag, {});
    return value.empty();
  }
  if (info(vr).kind == VRKind::Text) {
    to.set_text(tag, vr, value);
    return true;
  }
  if (value.empty()) {
    to.set_bytes(tag, vr, {});
    return true;
  }
  switch (info(vr).kind) {
    case VRKind::Integer:
    case VRKind::Unsigned:
      if (const auto number = parse_number<std::int64_t>(value)) {
        to.set_integer(tag, vr, *number);
        return true;
      }
      return false;
    case VRKind::Float:
      if (const auto number = parse_number<double>(value)) {
        to.set_number(tag, vr, *number);
        return true;
      }
      return false;
    case VRKind::Tag:
      if (const std::optional<Tag> named = parse_tag_or_keyword(value)) {
        to.set_tag(tag, *named);
        return true;
      }
      return false;
    default:
      return false;  // bytes
  }
}

Result<> put_at(DataSet& to, const QueryKeyText& key, std::size_t depth) {
  const KeyStep& step = key.path[depth];
  const bool last = depth + 1 == key.path.size();
  const VR vr = vr_in(to, step.tag);
  if (last && !step.into_item) {
    if (!key.has_value && to.contains(step.tag)) return {};  // it is returned anyhow
    if (set_value(to, step.tag, vr, key.value)) return {};
    if (vr == VR::UN) {
      return wrong(fmt::format("-k {}: {}", key.text, unknown_vr(to, step.tag)));
    }
    return wrong(
        fmt::format("-k {}: \"{}\" is not a value of VR {}", key.text, key.value, to_string(vr)));
  }
  if (vr != VR::SQ) {
    return wrong(fmt::format("-k {}: {} is not a sequence", key.text, to_string(KeyPath{step})));
  }
  Sequence items = to.items(step.tag);
  if (items.size() <= step.item) items.resize(step.item + 1);
  if (!last) {
    PACS_TRY(put_at(items[step.item].data_set, key, depth + 1));
  }
  to.set_items(step.tag, std::move(items));
  return {};
}

Result<> put_character_set(std::string& character_set, const QueryKeyText& key) {
  if (key.value.empty()) return {};  // to ask for it without a value means nothing
  if (!character_set.empty() && character_set != key.value) {
    return wrong(
        fmt::format("-k {}: the character set is already \"{}\"", key.text, character_set));
  }
  character_set = key.value;
  return {};
}

std::string text_of(const Element& element) {
  if (element.form() == Element::Form::Sequence) {
    const std::size_t items = element.items().size();
    return items == 0 ? std::string{} : fmt::format("{} item{}", items, items == 1 ? "" : "s");
  }
  switch (info(element.vr()).kind) {
    case VRKind::Text:
      return std::string{element.text()};
    case VRKind::Integer:
    case VRKind::Unsigned:
    case VRKind::Float:
    case VRKind::Tag: {
      std::string text;
      for (std::size_t i = 0; i < element.value_count(); ++i) {
        if (i != 0) text += '\\';
        if (info(element.vr()).kind == VRKind::Float) {
          text += fmt::format("{}", element.number(i).value_or(0));
        } else if (info(element.vr()).kind == VRKind::Tag) {
          text += Tag{static_cast<std::uint32_t>(element.integer(i).value_or(0))}.to_string();
        } else {
          text += fmt::format("{}", element.integer(i).value_or(0));
        }
      }
      return text;
    }
    default:
      return element.value().empty() ? std::string{}
                                     : fmt::format("{} bytes", element.value().size());
  }
}

}  // namespace

Result<QueryKeyText> parse_query_key(std::string_view text) {
  QueryKeyText key{.text = std::string{text}, .path = {}, .value = {}};
  const std::size_t equals = text.find('=');
  key.has_value = equals != text.npos;
  if (key.has_value) key.value = text.substr(equals + 1);
  std::string_view rest = text.substr(0, equals);
  for (bool more = true; more;) {
    const std::size_t dot = rest.find('.');
    Result<KeyStep> step = parse_step(rest.substr(0, dot));
    if (!step) return wrong(fmt::format("-k {}: {}", text, step.error().message));
    more = dot != rest.npos;
    if (more) {
      step->into_item = true;  // "Sequence.Keyword" means its first item
      rest.remove_prefix(dot + 1);
    }
    key.path.push_back(*step);
  }
  return key;
}

KeyPath as_written(KeyPath path) {
  return path;
}

Result<WrittenKeys> read_written_keys(std::span<const std::string> texts, std::string character_set,
                                      KeyPath (*place)(KeyPath)) {
  WrittenKeys written{.keys = {}, .character_set = std::move(character_set)};
  for (const std::string& text : texts) {
    PACS_TRY(QueryKeyText key, parse_query_key(text));
    key.path = place(std::move(key.path));
    if (key.path.front().tag == tags::SpecificCharacterSet && key.path.size() == 1) {
      PACS_TRY(put_character_set(written.character_set, key));
      continue;
    }
    const auto same = std::ranges::find_if(written.keys, [&](const QueryKeyText& earlier) {
      return key.has_value && earlier.has_value && earlier.path == key.path &&
             earlier.value != key.value;
    });
    if (same != written.keys.end()) {
      return wrong(fmt::format("-k {}: {} is already \"{}\"; write a list as one key: -k '{}\\{}'",
                               text, to_string(key.path), same->value, same->text, key.value));
    }
    written.keys.push_back(std::move(key));
  }
  return written;
}

Result<> put_key(DataSet& identifier, const QueryKeyText& key) {
  return put_at(identifier, key, 0);
}

std::string value_at(const DataSet& answer, const KeyPath& path) {
  const DataSet* in = &answer;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Element* element = in->find(path[i].tag);
    if (element == nullptr) return {};
    if (i + 1 == path.size()) return text_of(*element);
    if (element->items().size() <= path[i].item) return {};
    in = &element->items()[path[i].item].data_set;
  }
  return {};
}

std::string to_string(const KeyPath& path) {
  std::string text;
  for (const KeyStep& step : path) {
    if (!text.empty()) text += '.';
    const DictionaryEntry* entry = lookup(step.tag);
    if (entry != nullptr && !entry->keyword.empty()) {
      text += entry->keyword;
    } else {
      text += fmt::format("{:04x},{:04x}", step.tag.group(), step.tag.element());
    }
    if (step.into_item) text += fmt::format("[{}]", step.item);
  }
  return text;
}

}  // namespace pacs::apps
