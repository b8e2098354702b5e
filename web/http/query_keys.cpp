#include "web/http/query_keys.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/text.h"
#include "encoding/model/model_values.h"
#include "web/http/http_message.h"

namespace pacs::web {
namespace {

/// Sequences in sequences and their attribute: deeper than anybody asks.
constexpr std::size_t kPathTagsMax = 8;

std::string name_of(Tag tag) {
  const DictionaryEntry* entry = lookup(tag);
  return entry != nullptr && !entry->keyword.empty() ? std::string(entry->keyword)
                                                     : tag.to_string();
}

tl::unexpected<Error> cannot_be(Tag tag, std::string_view why) {
  return bad_request(fmt::format("{} {}", name_of(tag), why));
}

/// Calls `each` with each of a list's values.
template <typename Each>
Result<> for_each_value(std::string_view list, Each each) {
  for (;;) {
    const std::size_t end = list.find('\\');
    PACS_TRY(each(list.substr(0, end)));
    if (end == list.npos) return {};
    list.remove_prefix(end + 1);
  }
}

/// Of VRs whose values have no separator (PS3.5 §6.2): a backslash is text.
bool has_one_value(VR vr) {
  return vr == VR::LT || vr == VR::ST || vr == VR::UT || vr == VR::UR;
}

Result<> put_text(DataSet& item, Tag tag, VR vr, std::string_view value) {
  std::string text(value);
  if (vr == VR::UI) std::ranges::replace(text, ',', '\\');
  const std::string_view before = item.text(tag);
  if (!before.empty() && !text.empty()) {
    if (has_one_value(vr)) return cannot_be(tag, "comes twice and can have one value only");
    text = std::string(before) + "\\" + text;
  }
  if (text.empty() && item.contains(tag)) return {};
  item.set_text(tag, vr, text);
  return {};
}

Result<> put_numbers(DataSet& item, Tag tag, VR vr, std::string_view value) {
  Bytes bytes;
  if (const Element* before = item.find(tag)) append(bytes, before->value());
  if (!value.empty()) {
    PACS_TRY(for_each_value(value, [&](std::string_view text) -> Result<> {
      if (append_from_text(bytes, vr, trimmed(text))) return {};
      return cannot_be(tag, vr == VR::AT ? "must be a tag of eight digits" : "must be a number");
    }));
  }
  item.set_bytes(tag, vr, std::move(bytes));
  return {};
}

VR vr_of(const DataSet& item, Tag tag) {
  if (!tag.is_private()) return dictionary_vr(tag);
  const auto known = lookup_private(tag, item.private_creator(tag));
  return known ? known->vr : VR::UN;
}

}  // namespace

Result<std::int64_t> read_number(std::string_view name, std::string_view text, std::int64_t min,
                                 std::int64_t max) {
  std::int64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last || number < min || number > max) {
    return bad_request(fmt::format("{} must be a number from {} to {}", name, min, max));
  }
  return number;
}

Result<bool> read_flag(std::string_view name, std::string_view text) {
  if (text != "true" && text != "false") {
    return bad_request(fmt::format("{} must be true or false", name));
  }
  return text == "true";
}

Result<KeyPath> read_key_path(std::string_view text) {
  KeyPath path;
  for (std::string_view rest = text;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    const auto tag = parse_tag_or_keyword(name);
    const bool known = tag && (tag->is_private() || lookup(*tag) != nullptr);
    if (!known || path.size() == kPathTagsMax) {
      const auto nearest = nearest_keywords(name, 1);
      return bad_request(fmt::format(
          "\"{}\" is neither a parameter nor the keyword or tag of an attribute{}", printable(text),
          nearest.empty() ? std::string{} : fmt::format("; did you mean {}?", nearest.front())));
    }
    if (!path.empty() && dictionary_vr(path.back()) != VR::SQ) {
      return bad_request(
          fmt::format("{} is not a sequence: nothing lies in it", name_of(path.back())));
    }
    path.push_back(*tag);
    if (dot == rest.npos) return path;
    rest.remove_prefix(dot + 1);
  }
}

Result<> put_key(DataSet& identifier, std::span<const Tag> path, std::string_view value) {
  const Tag tag = path.front();
  if (tag == tags::SpecificCharacterSet) return {};  // that of a URL is known
  if (path.size() > 1) {
    Sequence items = identifier.items(tag);
    if (items.empty()) items.emplace_back();
    PACS_TRY(put_key(items.front().data_set, path.subspan(1), value));
    identifier.set_items(tag, std::move(items));
    return {};
  }
  const VR vr = tag.is_private_creator() ? VR::LO : vr_of(identifier, tag);
  switch (info(vr).kind) {
    case VRKind::Text:
      return put_text(identifier, tag, vr, value);
    case VRKind::Sequence:
      if (!value.empty()) return cannot_be(tag, "is a sequence: name an attribute in it");
      if (!identifier.contains(tag)) identifier.set_items(tag, {});
      return {};
    case VRKind::Bytes:
      if (!value.empty() && !tag.is_private()) return cannot_be(tag, "cannot be matched on");
      identifier.set_text(tag, vr, value);
      return {};
    default:
      return put_numbers(identifier, tag, vr, value);
  }
}

}  // namespace pacs::web
