#include "tests/storage/query/query_language.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/data_sets/header_blob.h"
#include "storage/objects/file_storage.h"

namespace pacs::storage::test {

DataSet data_set_of(const Attributes& attributes) {
  DataSet ds;
  for (const auto& [tag, text] : attributes) ds.set_text(tag, dictionary_vr(tag), text);
  return ds;
}

QueriedIndex::QueriedIndex() {
  auto opened = SqlIndex::open_sqlite_index(make_file_system(), folder_.path(), false);
  if (!opened) {
    ADD_FAILURE() << opened.error().to_string();
    return;
  }
  index_ = std::move(*opened);
}

void QueriedIndex::holds(const Attributes& attributes) {
  holds(data_set_of(attributes));
}

void QueriedIndex::holds(DataSet header) {
  std::vector<DataSet> one;
  one.push_back(std::move(header));
  hold_all(std::move(one));
}

void QueriedIndex::hold_all(std::vector<DataSet> headers) {
  std::vector<IndexedInstance> rows;
  for (DataSet& ds : headers) {
    const std::string number = std::to_string(++numbers_);
    const auto give = [&](Tag tag, const std::string& value) {
      if (ds.text(tag).empty()) ds.set_text(tag, value);
    };
    give(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
    give(tags::StudyInstanceUID, "1.2." + number);
    give(tags::SeriesInstanceUID, std::string(ds.text(tags::StudyInstanceUID)) + ".1");
    give(tags::SOPInstanceUID, std::string(ds.text(tags::SeriesInstanceUID)) + "." + number);
    IndexedInstance row;
    row.number = numbers_;
    row.record = {std::string(ds.text(tags::SOPClassUID)),
                  std::string(ds.text(tags::SOPInstanceUID)),
                  std::string(ds.text(tags::SeriesInstanceUID)),
                  std::string(ds.text(tags::StudyInstanceUID)),
                  "1.2.840.10008.1.2.1",
                  1000,
                  348,
                  numbers_,
                  object_key(numbers_)};
    row.columns = column_values(ds);
    Header header;
    header.data_set = ds;
    row.header = encode_header(header).value();
    rows.push_back(std::move(row));
    headers_.push_back(std::move(ds));
  }
  std::vector<const IndexedInstance*> pointers;
  for (const auto& row : rows) pointers.push_back(&row);
  const auto applied = index_->apply(pointers, numbers_);
  EXPECT_TRUE(applied) << applied.error().to_string();
}

Query QueriedIndex::query(QueryLevel level, const Attributes& keys) {
  QueryRules rules;
  rules.model = QueryModel::PatientRoot;
  rules.relational = true;
  return query(level, data_set_of(keys), rules);
}

Query QueriedIndex::query(QueryLevel level, const DataSet& keys, QueryRules rules) {
  DataSet identifier = keys;
  identifier.set_text(tags::QueryRetrieveLevel, to_string(level));
  auto parsed = parse_query(identifier, rules);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().to_string();
    return {};
  }
  return std::move(*parsed);
}

std::vector<DataSet> QueriedIndex::answers(Query query, std::size_t page) {
  std::vector<DataSet> all;
  auto matches = search(index_->database().readers(), std::move(query));
  if (!matches) {
    ADD_FAILURE() << matches.error().to_string();
    return all;
  }
  for (;;) {
    auto some = (*matches)->next(page);
    if (!some) {
      ADD_FAILURE() << some.error().to_string();
      return all;
    }
    if (some->empty()) return all;
    EXPECT_LE(some->size(), page);
    for (DataSet& answer : *some) all.push_back(std::move(answer));
  }
}

std::optional<std::uint64_t> QueriedIndex::total(Query query) {
  auto matches = search(index_->database().readers(), std::move(query));
  const auto total = matches ? (*matches)->total() : tl::make_unexpected(matches.error());
  EXPECT_TRUE(total) << total.error().to_string();
  return total.value_or(std::nullopt);
}

std::string QueriedIndex::asked(QueryLevel level, Attributes keys, Tag shown) {
  if (std::ranges::find(keys, shown, &Attributes::value_type::first) == keys.end()) {
    keys.emplace_back(shown, "");
  }
  return asked(query(level, keys), shown);
}

std::string QueriedIndex::asked(Query query, Tag shown) {
  std::vector<std::string> values;
  for (const DataSet& answer : answers(std::move(query))) {
    values.emplace_back(answer.text(shown));
  }
  std::ranges::sort(values);
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : " ") + value;
  return text;
}

}  // namespace pacs::storage::test
