// Keys and candidates in few words, for the tests of matching.
#pragma once

#include <string>
#include <vector>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "storage/query/query_match.h"

namespace pacs::storage::test {

inline QueryKey key(Tag tag, Matching matching, std::vector<std::string> values = {}) {
  return {tag, dictionary_vr(tag), matching, std::move(values)};
}
inline QueryKey single(Tag tag, std::string value) {
  return key(tag, Matching::Single, {std::move(value)});
}
inline QueryKey wildcard(Tag tag, std::string value) {
  return key(tag, Matching::Wildcard, {std::move(value)});
}
inline QueryKey range(Tag tag, std::string value) {
  return key(tag, Matching::Range, {std::move(value)});
}
inline QueryKey sequence(Tag tag, std::vector<QueryKey> items) {
  QueryKey result = key(tag, Matching::Sequence);
  result.items = std::move(items);
  return result;
}

inline Query query(std::vector<QueryKey> keys, QueryRules rules = {}) {
  Query result;
  result.rules = rules;
  result.keys = std::move(keys);
  return result;
}

struct Text {
  Tag tag;
  std::string_view value;
};
inline DataSet data_set(std::initializer_list<Text> texts) {
  DataSet result;
  for (const Text& text : texts) result.set_text(text.tag, text.value);
  return result;
}

inline bool one_matches(const QueryKey& one, const DataSet& candidate, QueryRules rules = {}) {
  return matches(query({one}, rules), candidate);
}

}  // namespace pacs::storage::test
