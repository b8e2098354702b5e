// Invariant: an identifier is refused with the offending element, or becomes a query that the
// identifier itself answers, but for ranges, empty values and tags that come twice; the answer is
// the same text in whichever character set it goes out.
#include <algorithm>

#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/data_sets/data_set_codec.h"
#include "storage/query/query_match.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;
using namespace pacs::storage;

bool answers_itself(const std::vector<QueryKey>& keys) {
  // Keys are in the order of their tags; of two elements with one tag only the first is looked at.
  const auto twice = std::ranges::adjacent_find(keys, {}, &QueryKey::tag);
  return twice == keys.end() && std::ranges::all_of(keys, [](const QueryKey& key) {
           return key.matching != Matching::Range && key.matching != Matching::Empty &&
                  answers_itself(key.items);
         });
}

QueryRules rules_of(unsigned bits) {
  QueryRules rules;
  rules.model = static_cast<QueryModel>(bits % 4);
  rules.relational = (bits & 4) != 0;
  rules.combined_date_time = (bits & 8) != 0;
  rules.fuzzy_names = (bits & 16) != 0;
  rules.timezone_adjustment = (bits & 32) != 0;
  rules.empty_value_matching = (bits & 64) != 0;
  rules.multiple_value_matching = (bits & 128) != 0;
  return rules;
}

void check_answer(const DataSet& identifier) {
  const DataSet utf8 = to_utf8(identifier);
  require(equal_content(to_utf8(utf8), utf8));
  for (const CharacterSet& wanted :
       {CharacterSet::of(identifier), CharacterSet{"ISO_IR 100"}, CharacterSet{"GB18030"},
        CharacterSet{"ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 149"}}) {
    require(equal_content(to_utf8(in_character_set(utf8, wanted)), utf8));
  }
}

}  // namespace

/// The rules agreed on, then the identifier in Implicit VR Little Endian.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const QueryRules rules = rules_of(data[0]);
  const ByteView bytes = std::as_bytes(std::span{data + 1, size - 1});
  const auto identifier =
      read_data_set(share(Bytes(bytes.begin(), bytes.end())), implicit_vr_little_endian());
  if (!identifier) return 0;
  check_answer(*identifier);
  if (rules.model != QueryModel::ModalityWorklist) {
    const auto selection = parse_selection(*identifier, rules);
    if (!selection) require(selection.error().tag.has_value());
  }
  const auto query = parse_query(*identifier, rules);
  if (!query) {
    require(query.error().tag.has_value());
    return 0;
  }
  const bool itself = matches(*query, *identifier);
  if (answers_itself(query->keys)) require(itself);
  for (const QueryKey& key : query->keys) {
    if (is_universal(key)) require(matches(key, DataSet{}, *query));
    if (key.matching == Matching::Empty) require(matches(key, DataSet{}, *query));
  }
  return 0;
}
