// Identifiers of C-FIND, C-MOVE and C-GET (PS3.4 §C.4.1.1.3, §C.4.2.1.4, §K.4.1.1.3) read into
// Query and Selection.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/date_time.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/number_string.h"
#include "core/uid_registry.h"
#include "core/value_check.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/character_sets/text_values.h"
#include "encoding/model/model_values.h"
#include "storage/query/query.h"

namespace pacs::storage {
namespace {

/// Of one value that is not a UID. Conforming ones have 64 characters; text that people paste has
/// more; what is longer than this can match nothing.
constexpr std::size_t kKeyValueBytesMax = 32 << 10;
/// Keys in all, items' included: a query is matched key by key.
constexpr std::size_t kKeysMax = 4096;
/// Values of all keys together: the instances of the largest studies, one by one, as many as 8 MiB
/// hold of the longest UIDs. Each becomes text of its own, which takes forty times what a short one
/// takes in the identifier.
constexpr std::size_t kValuesMax = 128 << 10;
/// Sequences within sequences: no attribute that anybody matches on lies deeper.
constexpr std::size_t kKeyNestingMax = 16;

/// PS3.4 Tables C.6-1 to C.6-4: the unique key of each level.
constexpr std::array<Tag, 4> kUniqueKeys{tags::PatientID, tags::StudyInstanceUID,
                                         tags::SeriesInstanceUID, tags::SOPInstanceUID};

Tag unique_key(QueryLevel level) {
  return kUniqueKeys[static_cast<std::size_t>(level)];
}

QueryLevel top_level(QueryModel model) {
  return model == QueryModel::StudyRoot ? QueryLevel::Study : QueryLevel::Patient;
}
QueryLevel bottom_level(QueryModel model) {
  return model == QueryModel::PatientStudyOnly ? QueryLevel::Study : QueryLevel::Image;
}

tl::unexpected<Error> refuse(ErrorKind kind, Tag tag, std::string message) {
  return fail(Error{kind, std::move(message)}.on(tag));
}
/// A900 (PS3.4 Table C.4-1).
tl::unexpected<Error> mismatch(Tag tag, std::string message) {
  return refuse(ErrorKind::Mismatch, tag, std::move(message));
}
/// C000 (PS3.4 Table C.4-1).
tl::unexpected<Error> malformed(Tag tag, std::string message) {
  return refuse(ErrorKind::Malformed, tag, std::move(message));
}

Result<QueryLevel> level_of(const DataSet& identifier, QueryModel model) {
  constexpr Tag kLevel = tags::QueryRetrieveLevel;
  const std::string_view text = identifier.text(kLevel, 0);
  if (text.empty()) return mismatch(kLevel, "the identifier has no Query/Retrieve Level");
  // Its VM is 1; to take one of several levels would be a guess at what is asked for.
  if (std::ranges::count(identifier, kLevel, &Element::tag) > 1 ||
      identifier.find(kLevel)->value_count() > 1) {
    return mismatch(kLevel, "the identifier has more than one Query/Retrieve Level");
  }
  const auto level = parse_query_level(text);
  if (!level) {
    return mismatch(kLevel, "the Query/Retrieve Level is not PATIENT, STUDY, SERIES or IMAGE");
  }
  if (*level < top_level(model) || *level > bottom_level(model)) {
    return mismatch(kLevel,
                    fmt::format("the information model has no level {}", to_string(*level)));
  }
  return *level;
}

/// PS3.4 §C.2.2.2.4: the VRs with wildcards.
bool has_wildcards(VR vr) {
  switch (vr) {
    case VR::AE:
    case VR::CS:
    case VR::LO:
    case VR::LT:
    case VR::PN:
    case VR::SH:
    case VR::ST:
    case VR::UC:
    case VR::UR:
    case VR::UT:
      return true;
    default:
      return false;
  }
}
/// PS3.4 §C.2.2.2.5.
bool has_ranges(VR vr) {
  return vr == VR::DA || vr == VR::TM || vr == VR::DT;
}

bool is_range(VR vr, std::string_view value) {
  if (vr == VR::DT) return !DateTime::parse(value);
  return value.find('-') != std::string_view::npos;
}

template <typename T>
Result<> without_value(Result<T> result) {
  return std::move(result).map([](const T&) {});
}

/// Whether a value is one of its VR, as far as matching depends on it: text may be anything.
Result<> check_key_value(VR vr, std::string_view value) {
  switch (vr) {
    case VR::DA:
      return without_value(parse_date_range(value));
    case VR::TM:
      return without_value(parse_time_range(value));
    case VR::DT:
      return without_value(parse_date_time_range(value));
    case VR::UI:
      if (is_usable_uid(value)) return {};
      return fail(ErrorKind::Malformed, "the value is not a UID (PS3.5 §9.1)");
    case VR::AS:
    case VR::DS:
    case VR::IS:
      return check_value(vr, value);
    case VR::FL:
    case VR::FD:
      return without_value(read_decimal(value));  // neither infinite nor NaN: nothing equals that
    default:
      return {};
  }
}

/// Counts the values of a key before they are taken out.
Result<> count_values(const Element& element, std::size_t& counted) {
  counted += element.value_count();
  if (counted <= kValuesMax) return {};
  return malformed(element.tag(), fmt::format("the keys have more than {} values", kValuesMax));
}

/// The values of an element as text in UTF-8, those that are empty left out.
std::vector<std::string> values_of(const Element& element, const CharacterSet& characters) {
  std::vector<std::string> values;
  const VRKind kind = info(element.vr()).kind;
  if (kind == VRKind::Text) {
    for_each_text(element, characters, [&](std::string_view value) {
      std::string text(value);
      std::erase(text, '\0');  // no database holds a NUL in text
      if (!text.empty()) values.push_back(std::move(text));
    });
    return values;
  }
  for (std::size_t i = 0; i < element.value_count(); ++i) {
    if (kind == VRKind::Float) {
      const auto number = element.number(i);
      if (!number) break;
      append_shortest(values.emplace_back(), *number);
    } else {
      const auto number = element.integer(i);
      if (!number) break;
      values.push_back(kind == VRKind::Tag ? fmt::format("{:08X}", *number)
                                           : fmt::format("{}", *number));
    }
  }
  return values;
}

class IdentifierReader {
 public:
  explicit IdentifierReader(const QueryRules& rules) { query_.rules = rules; }

  Result<Query> read(const DataSet& identifier) {
    if (has_levels()) {
      PACS_TRY(query_.level, level_of(identifier, query_.rules.model));
    }
    PACS_TRY(query_.keys, keys_of(identifier, CharacterSet::of(identifier), 0));
    PACS_TRY(check_hierarchy());
    return std::move(query_);
  }

 private:
  [[nodiscard]] bool has_levels() const {
    return query_.rules.model != QueryModel::ModalityWorklist;
  }

  Result<std::vector<QueryKey>> keys_of(const DataSet& item, const CharacterSet& characters,
                                        std::size_t depth) {
    std::vector<QueryKey> keys;
    for (const Element& element : item) {
      const Tag tag = element.tag();
      if (tag == tags::SpecificCharacterSet || tag.is_group_length() || tag.is_private_creator() ||
          (depth == 0 && tag == tags::QueryRetrieveLevel)) {
        continue;
      }
      if (says_zone_of_times(tag, depth) && query_.rules.timezone_adjustment) {
        PACS_TRY(read_time_zone(element));
        continue;
      }
      if (++keys_ > kKeysMax) {
        return malformed(tag, fmt::format("the identifier has more than {} keys", kKeysMax));
      }
      PACS_TRY(auto key, key_of(element, item, characters, depth));
      keys.push_back(std::move(key));
    }
    std::ranges::stable_sort(keys, {}, &QueryKey::tag);
    return keys;
  }

  Result<QueryKey> key_of(const Element& element, const DataSet& item,
                          const CharacterSet& characters, std::size_t depth) {
    QueryKey key{element.tag()};
    if (key.tag.is_private()) key.private_creator = item.private_creator(key.tag);
    PACS_TRY(key.vr, vr_of(element, key.private_creator));
    if (key.vr == VR::SQ) {
      PACS_TRY(read_items(element, key, characters, depth));
      if (key.matching == Matching::Sequence && !is_matched_on(key)) leave_unmatched(key);
      return key;
    }
    if (element.value().empty() || is_answered_by_caller(key.tag) ||
        says_zone_of_times(key.tag, depth) || is_empty_number(element, key)) {
      return key;
    }
    if (info(key.vr).kind == VRKind::Bytes || !is_matched_on(key)) {
      leave_unmatched(key);
      return key;
    }
    const Element values = Element::view(key.tag, key.vr, element.value(), element.byte_order());
    PACS_TRY(count_values(values, values_));
    key.values = values_of(values, characters);
    PACS_TRY(read_matching(key));
    return key;
  }

  /// PS3.4 §C.2.2.1.3: "If an Optional Key Attribute is not supported for matching", it is as if it
  /// had no value. Else a key that no object has would be one that no object matches: what clients
  /// of other archives send by habit would hide everything.
  [[nodiscard]] bool is_matched_on(const QueryKey& key) const {
    if (key.tag.is_private()) {
      return !key.private_creator.empty() &&
             std::ranges::count(query_.rules.private_creators, key.private_creator) != 0;
    }
    // Groups below are of commands, files and directories, never of what is stored (PS3.5 §7.1).
    constexpr std::uint16_t kFirstGroupOfObjects = 0x0008;
    return key.tag.group() >= kFirstGroupOfObjects && key.tag != tags::QueryRetrieveView &&
           lookup(key.tag) != nullptr;
  }
  void leave_unmatched(QueryKey& key) {
    key.matching = Matching::Universal;
    query_.unmatched.push_back(key.tag);
  }

  /// dcmjs-dimse, which modalities in JavaScript are made with, writes a Pregnancy Status that has
  /// no value as 0. No binary number of a worklist is ever 0 (PS3.3 §C.2.3, PS3.4 Table K.6-1).
  [[nodiscard]] bool is_empty_number(const Element& element, const QueryKey& key) const {
    return query_.rules.model == QueryModel::ModalityWorklist &&
           info(key.vr).kind == VRKind::Unsigned &&
           std::ranges::all_of(element.value(), [](std::byte b) { return b == std::byte{0}; });
  }

  /// They say where the archive is, not what is in it: nothing to match on.
  static bool is_answered_by_caller(Tag tag) {
    return tag == tags::RetrieveAETitle || tag == tags::InstanceAvailability;
  }

  /// PS3.4 §C.4.1.1.3.1: it says which zone the times of the request are in, and is never matched.
  /// Where its use was not agreed on, it says nothing and is only to be returned.
  static bool says_zone_of_times(Tag tag, std::size_t depth) {
    return depth == 0 && tag == tags::TimezoneOffsetFromUTC;
  }

  /// PS3.4 §C.2.2.1.1 takes the VR of an attribute for known. One text VR in place of another does
  /// no harm: the dictionary's counts.
  static Result<VR> vr_of(const Element& element, std::string_view creator) {
    const VR given = element.vr();
    if (element.tag().is_private()) {  // of which its vendor, not the standard, has the word
      const auto known = lookup_private(element.tag(), creator);
      return given == VR::UN && known ? known->vr : given;
    }
    const DictionaryEntry* entry = lookup(element.tag());
    if (entry == nullptr || std::ranges::count(entry->alternatives(), given) != 0) return given;
    const bool both_text =
        info(given).kind == VRKind::Text && info(entry->vr()).kind == VRKind::Text;
    if (given == VR::UN || both_text) return entry->vr();
    return malformed(element.tag(), fmt::format("the key has VR {}, but {} is {}", to_string(given),
                                                entry->keyword, to_string(entry->vr())));
  }

  /// PS3.4 §C.2.2.2.6: "a Key Attribute ... structured as a Sequence of Items ... contains a single
  /// Item".
  Result<> read_items(const Element& element, QueryKey& key, const CharacterSet& characters,
                      std::size_t depth) {
    if (element.form() != Element::Form::Sequence) {
      // What came as UN: only to be returned.
      if (!element.value().empty()) leave_unmatched(key);
      return {};
    }
    const Sequence& items = element.items();
    if (items.size() > 1) return malformed(key.tag, "a sequence key has more than one item");
    if (items.empty()) return {};
    if (depth + 1 >= kKeyNestingMax) {
      return malformed(key.tag, fmt::format("keys are nested more than {} deep", kKeyNestingMax));
    }
    const DataSet& item = items.front().data_set;
    const bool own_text = item.contains(tags::SpecificCharacterSet);
    PACS_TRY(key.items, keys_of(item, own_text ? CharacterSet::of(item) : characters, depth + 1));
    const bool restricts = std::ranges::any_of(
        key.items, [](const QueryKey& inner) { return inner.matching != Matching::Universal; });
    key.matching = restricts ? Matching::Sequence : Matching::Universal;
    return {};
  }

  /// PS3.4 §C.2.2.2.1 to §C.2.2.2.8: which kind of matching the values ask for.
  Result<> read_matching(QueryKey& key) const {
    if (key.values.empty()) return {};
    // "*" alone is universal (PS3.4 §C.2.2.2.4). Clients send it for other VRs, too.
    const auto is_universal = [](const std::string& value) {
      return value.find_first_not_of('*') == std::string::npos;
    };
    if (std::ranges::any_of(key.values, is_universal)) {
      key.values.clear();
      return {};
    }
    if (query_.rules.empty_value_matching && key.values.size() == 1 &&
        key.values.front() == "\"\"") {
      key.values.clear();
      key.matching = Matching::Empty;
      return {};
    }
    key.matching = Matching::Single;
    for (const std::string& value : key.values) {
      if (value.size() > kKeyValueBytesMax) {
        return malformed(key.tag,
                         fmt::format("a value of {} bytes is too long for a key: {} at most",
                                     value.size(), kKeyValueBytesMax));
      }
      if (auto checked = check_key_value(key.vr, value); !checked) {
        return malformed(key.tag, checked.error().message);
      }
      if (has_wildcards(key.vr) && value.find_first_of("*?") != std::string::npos) {
        key.matching = Matching::Wildcard;
      }
      if (has_ranges(key.vr) && is_range(key.vr, value)) key.matching = Matching::Range;
    }
    if (key.matching == Matching::Range && key.values.size() > 1) {
      return malformed(key.tag, "a range cannot be one of several values");
    }
    return {};
  }

  /// "+0100", "-0330" (PS3.3 §C.12.1.1.8).
  Result<> read_time_zone(const Element& element) {
    const std::string_view text = element.text(0);
    if (text.empty()) return {};
    const auto digit = [&](std::size_t at) { return text[at] - '0'; };
    const bool shaped = text.size() == 5 && (text[0] == '+' || text[0] == '-') &&
                        std::ranges::all_of(text.substr(1), [](char letter) {
                          return letter >= '0' && letter <= '9';
                        });
    const int minutes =
        shaped ? (digit(1) * 10 + digit(2)) * 60 + digit(3) * 10 + digit(4) : 24 * 60;
    constexpr int kEastMax = 14 * 60, kWestMax = 12 * 60;
    if (minutes > (text[0] == '+' ? kEastMax : kWestMax)) {
      return malformed(element.tag(), "the offset from UTC must be from -1200 to +1400");
    }
    query_.offset_minutes = static_cast<std::int16_t>(text[0] == '+' ? minutes : -minutes);
    return {};
  }

  /// PS3.4 §C.4.1.2.2: without relational queries "the Unique Key Attributes of all levels above"
  /// are there with single values.
  Result<> check_hierarchy() const {
    if (query_.rules.relational || !has_levels()) return {};
    for (auto level = top_level(query_.rules.model); level < query_.level;
         level = static_cast<QueryLevel>(static_cast<int>(level) + 1)) {
      const Tag tag = unique_key(level);
      const auto key = std::ranges::find(query_.keys, tag, &QueryKey::tag);
      if (key == query_.keys.end() || key->matching != Matching::Single ||
          key->values.size() != 1) {
        return mismatch(tag, fmt::format("a query at level {} without relational queries needs one "
                                         "{} (PS3.4 §C.4.1.2.2)",
                                         to_string(query_.level), lookup(tag)->keyword));
      }
    }
    return {};
  }

  Query query_;
  std::size_t keys_ = 0, values_ = 0;
};

/// The values of a key for retrieval, checked: nobody means to fetch by a pattern.
Result<std::vector<std::string>> retrieval_values(const DataSet& identifier, Tag tag,
                                                  const CharacterSet& characters,
                                                  std::size_t& counted) {
  const Element* element = identifier.find(tag);
  if (element == nullptr) return std::vector<std::string>{};
  const VR vr = dictionary_vr(tag);
  const Element found = Element::view(tag, vr, element->value(), element->byte_order());
  PACS_TRY(count_values(found, counted));
  auto values = values_of(found, characters);
  for (const std::string& value : values) {
    if (value.size() > kKeyValueBytesMax) return malformed(tag, "the value is too long for a key");
    if (auto checked = check_key_value(vr, value); !checked) {
      return malformed(tag, checked.error().message);
    }
    if (vr != VR::UI && value.find_first_of("*?") != std::string::npos) {
      return malformed(tag, "a key of a retrieval must not have wildcards (PS3.4 §C.4.2.1.4)");
    }
  }
  return values;
}

}  // namespace

Result<Query> parse_query(const DataSet& identifier, const QueryRules& rules) {
  return IdentifierReader(rules).read(identifier);
}

Result<Selection> parse_selection(const DataSet& identifier, const QueryRules& rules) {
  PACS_TRY(const auto level, level_of(identifier, rules.model));
  const CharacterSet characters = CharacterSet::of(identifier);
  Selection selection;
  std::size_t counted = 0;
  const std::array<std::vector<std::string>*, 4> lists{
      &selection.patient_ids, &selection.study_uids, &selection.series_uids,
      &selection.instance_uids};
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto at = static_cast<QueryLevel>(i);
    const Tag tag = kUniqueKeys[i];
    PACS_TRY(auto values, retrieval_values(identifier, tag, characters, counted));
    if (at > level && !values.empty()) {
      return mismatch(
          tag, fmt::format("the key lies below the level {} of the retrieval", to_string(level)));
    }
    if (at == level && values.empty()) {
      return mismatch(tag, fmt::format("a retrieval at level {} must say by {} what it wants",
                                       to_string(level), lookup(tag)->keyword));
    }
    const bool above = at >= top_level(rules.model) && at < level && !rules.relational;
    // Departs from PS3.4 §C.4.2.2.1: a Patient ID above the level may be left out, as users of
    // DCMTK's getscu and movescu do, whose default is the Patient Root model: the UIDs say it all.
    // One that is given must be the study's.
    const bool needed = at != QueryLevel::Patient;
    if (above && (values.size() > 1 || (needed && values.empty()))) {
      return mismatch(tag, fmt::format("a retrieval at level {} without relational retrieval needs "
                                       "one {} (PS3.4 §C.4.2.2.1)",
                                       to_string(level), lookup(tag)->keyword));
    }
    *lists[i] = std::move(values);
  }
  if (selection.patient_ids.empty()) return selection;
  // Departs from PS3.4 §C.4.2.1.4, which has unique keys only: a Patient ID is unique where it was
  // issued, and another person's images are not to be sent.
  PACS_TRY(const auto issuer,
           retrieval_values(identifier, tags::IssuerOfPatientID, characters, counted));
  selection.issuer_of_patient_id = fmt::format("{}", fmt::join(issuer, "\\"));
  return selection;
}

}  // namespace pacs::storage
