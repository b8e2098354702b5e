#include "storage/query/query_match.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/number_string.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/character_sets/text_values.h"
#include "encoding/model/model_values.h"

namespace pacs::storage {
namespace {

bool numbers_match(VR vr, std::string_view wanted, std::string_view value) {
  const auto integer = read_integer(wanted);
  const auto other = read_integer(value);
  if (integer && other) return *integer == *other;
  const auto number = read_decimal(wanted);
  const auto stored = read_decimal(value);
  if (number && stored) {
    // 0.1 as text may be the nearest float or a digit of the nearest double.
    if (vr == VR::FL) return static_cast<float>(*number) == static_cast<float>(*stored);
    return *number == *stored;
  }
  return wanted == value;
}

/// What is matched: one data set or item, and what holds for all of it.
class Candidate {
 public:
  Candidate(const DataSet& data_set, const Query& query, ZoneOffsets zones)
      : data_set_(data_set), query_(query), zones_(zones) {}
  /// An item speaks the character set of the data set around it unless it names its own (PS3.3
  /// §C.12.1.1.2).
  Candidate(const DataSet& item, const Candidate& around)
      : data_set_(item),
        query_(around.query_),
        zones_(around.zones_),
        around_(item.contains(tags::SpecificCharacterSet) ? nullptr : &around) {}

  [[nodiscard]] bool matches(const QueryKey& key, std::span<const QueryKey> keys) const {
    switch (key.matching) {
      case Matching::Universal:
        return true;
      case Matching::Empty:
        return is_empty(key);
      case Matching::Sequence:
        return matches_sequence(key);
      case Matching::Range:
        if (const QueryKey* other = combined_with(key, keys, query_.rules)) {
          return matches_moment(key.vr == VR::DA ? key : *other, key.vr == VR::DA ? *other : key);
        }
        break;
      case Matching::Single:
      case Matching::Wildcard:
        break;
    }
    return matches_values(key);
  }

 private:
  /// The element that a key means; a private one lies in whichever block its creator has reserved
  /// (PS3.5 §7.8.1).
  [[nodiscard]] const Element* find(const QueryKey& key) const {
    if (!key.tag.is_private() || key.private_creator.empty()) return data_set_.find(key.tag);
    for (const Element& element : data_set_) {
      const Tag creator = element.tag();
      if (creator.group() != key.tag.group() || !creator.is_private_creator()) continue;
      if (element.text(0) != key.private_creator) continue;
      return data_set_.find(
          Tag{creator.group(),
              static_cast<std::uint16_t>(creator.element() << 8 | (key.tag.element() & 0xFF))});
    }
    return nullptr;
  }

  [[nodiscard]] bool is_empty(const QueryKey& key) const {
    const Element* element = find(key);
    if (element == nullptr || element->value_count() == 0) return true;
    return info(element->vr()).kind == VRKind::Text && element->text().empty();
  }

  [[nodiscard]] bool matches_sequence(const QueryKey& key) const {
    // "If the Key Attribute [...] contains no Key Item Attribute [...] all entities shall match".
    if (is_universal(key)) return true;
    const Element* element = find(key);
    if (element == nullptr) return false;
    return std::ranges::any_of(element->items(), [&](const Item& item) {
      const Candidate inner{item.data_set, *this};
      return std::ranges::all_of(
          key.items, [&](const QueryKey& one) { return inner.matches(one, key.items); });
    });
  }

  [[nodiscard]] bool matches_values(const QueryKey& key) const {
    if (is_universal(key)) return true;
    // Departs from PS3.4 §C.2.2.1.2, by which "all matching against the zero length Required Key
    // shall be considered a successful match": who asks for a birth date does not want all patients
    // that have none. Other archives do the same.
    const Element* found = find(key);
    if (found == nullptr || found->form() != Element::Form::Value) return false;
    // What came as UN (implicit VR, or a writer that did not know) is read as what it is.
    const Element element =
        found->vr() == VR::UN
            ? Element::view(found->tag(), key.vr, found->value(), found->byte_order())
            : *found;
    const std::vector<std::string> values = values_of(element);
    const auto matches_one = [&](const std::string& wanted) {
      return std::ranges::any_of(values, [&](const std::string& value) {
        if (key.vr == VR::DA && zones_.shift() != 0) {
          return date_in_range(wanted, value, time_beside(key.tag), zones_.shift());
        }
        return value_matches(key, wanted, value, query_.rules, zones_);
      });
    };
    return needs_all_values(key, query_.rules) ? std::ranges::all_of(key.values, matches_one)
                                               : std::ranges::any_of(key.values, matches_one);
  }

  [[nodiscard]] std::string_view time_beside(Tag date) const {
    const auto time = time_of_date(date);
    return time ? data_set_.text(*time, 0) : std::string_view{};
  }

  [[nodiscard]] bool matches_moment(const QueryKey& date, const QueryKey& time) const {
    return moment_in_range(date.values.front(), time.values.front(), data_set_.text(date.tag, 0),
                           data_set_.text(time.tag, 0), zones_.shift());
  }

  /// The values of an element as UTF-8 text, numbers in decimal.
  [[nodiscard]] std::vector<std::string> values_of(const Element& element) const {
    std::vector<std::string> values;
    const VRKind kind = info(element.vr()).kind;
    if (kind == VRKind::Text) {
      for_each_text(element, characters(), [&](std::string_view value) {
        std::erase(values.emplace_back(value), '\0');  // as the index holds it
      });
      return values;
    }
    for (std::size_t i = 0; i < element.value_count(); ++i) {
      if (kind == VRKind::Float) {
        const auto number = element.number(i);
        if (number && std::isfinite(*number)) append_shortest(values.emplace_back(), *number);
      } else if (const auto number = element.integer(i)) {
        values.push_back(kind == VRKind::Tag ? Tag{static_cast<std::uint32_t>(*number)}.to_string()
                                             : std::to_string(*number));
      }
    }
    return values;
  }

  [[nodiscard]] const CharacterSet& characters() const {
    if (around_ != nullptr) return around_->characters();
    if (!characters_) characters_ = CharacterSet::of(data_set_);
    return *characters_;
  }

  const DataSet& data_set_;
  const Query& query_;
  ZoneOffsets zones_;
  const Candidate* around_ = nullptr;
  mutable std::optional<CharacterSet> characters_;  // made when the first text is compared
};

}  // namespace

ZoneOffsets zone_offsets(const DataSet& candidate, const Query& query) {
  // PS3.4 §C.2.2.2.1.3: only "if [...] Timezone query adjustment was negotiated". What says no zone
  // then is in the zone of the key.
  if (!query.rules.timezone_adjustment || !query.offset_minutes) return {};
  const int key = *query.offset_minutes;
  const std::string_view text = candidate.text(tags::TimezoneOffsetFromUTC, 0);
  return {key, text.empty() ? key : parse_offset(text).value_or(key)};
}

bool value_matches(const QueryKey& key, std::string_view key_value, std::string_view value,
                   const QueryRules& rules, ZoneOffsets zones) {
  switch (key.vr) {
    case VR::PN:
      return name_matches(key_value, value, rules.fuzzy_names);
    case VR::DA:
      return date_in_range(key_value, value);
    case VR::TM:
      return time_in_range(key_value, value, zones.shift());
    case VR::DT:
      return date_time_in_range(key_value, value, zones.key, zones.value);
    case VR::AT: {
      const auto wanted = Tag::parse(key_value);
      return wanted && wanted == Tag::parse(value);
    }
    case VR::IS:
    case VR::DS:
      return numbers_match(key.vr, key_value, value);
    default:
      break;
  }
  if (info(key.vr).kind != VRKind::Text) return numbers_match(key.vr, key_value, value);
  return key.matching == Matching::Wildcard ? wildcard_matches(key_value, value)
                                            : key_value == value;
}

bool needs_all_values(const QueryKey& key, const QueryRules& rules) {
  if (!rules.multiple_value_matching || key.values.size() < 2) return false;
  switch (key.vr) {
    case VR::AE:
    case VR::AS:
    case VR::AT:
    case VR::CS:
    case VR::LO:
    case VR::PN:
    case VR::SH:
    case VR::UC:
      break;
    default:
      return false;
  }
  // "and a defined VM greater than 1"
  const DictionaryEntry* entry = lookup(key.tag);
  return entry == nullptr || entry->vm != "1";
}

bool is_universal(const QueryKey& key) {
  // PS3.4 §C.2.2.1.3: an optional key whose matching is not supported is processed "in the same
  // manner as a zero length Required Key". Nobody looks for pixels by their bytes.
  const bool bytes = info(key.vr).kind == VRKind::Bytes;
  if (bytes && key.matching != Matching::Empty) return true;
  switch (key.matching) {
    case Matching::Universal:
      return true;
    case Matching::Sequence:
      return std::ranges::all_of(key.items, is_universal);
    case Matching::Wildcard:
      // PS3.4 §C.2.2.2.4 Note 1: "*" alone "is equivalent to Universal Matching".
      return std::ranges::any_of(key.values, [](const std::string& value) {
        return !value.empty() && value.find_first_not_of('*') == std::string::npos;
      });
    default:
      return false;
  }
}

const QueryKey* combined_with(const QueryKey& key, std::span<const QueryKey> keys,
                              const QueryRules& rules) {
  if (!rules.combined_date_time || key.matching != Matching::Range || key.values.empty()) {
    return nullptr;
  }
  const auto tag = key.vr == VR::DA ? time_of_date(key.tag) : date_of_time(key.tag);
  if (!tag) return nullptr;
  const auto other = std::ranges::find(keys, *tag, &QueryKey::tag);
  if (other == keys.end() || other->matching != Matching::Range || other->values.empty()) {
    return nullptr;
  }
  const QueryKey& date = key.vr == VR::DA ? key : *other;
  const QueryKey& time = key.vr == VR::DA ? *other : key;
  return same_form_of_range(date.values.front(), time.values.front()) ? &*other : nullptr;
}

bool matches(const QueryKey& key, const DataSet& candidate, const Query& query) {
  return Candidate{candidate, query, zone_offsets(candidate, query)}.matches(key, query.keys);
}

bool matches(const Query& query, const DataSet& candidate) {
  const Candidate whole{candidate, query, zone_offsets(candidate, query)};
  return std::ranges::all_of(query.keys,
                             [&](const QueryKey& key) { return whole.matches(key, query.keys); });
}

}  // namespace pacs::storage
