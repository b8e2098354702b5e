// What tests of the worklist say: it has these steps; asked this, it shows those.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "storage/worklist/sql_worklist.h"
#include "storage/worklist/worklist_order.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {

using Texts = std::vector<std::pair<Tag, std::string>>;

inline void put_texts(DataSet& data_set, const Texts& texts) {
  for (const auto& [tag, value] : texts) data_set.set_text(tag, value);
}

/// A whole order with one step; `of_order` and `of_step` go over what is usual.
inline DataSet order_of(const Texts& of_order, const Texts& of_step) {
  DataSet step;
  put_texts(step, {{tags::ScheduledStationAETitle, "CT1"},
                   {tags::ScheduledProcedureStepStartDate, "20240705"},
                   {tags::ScheduledProcedureStepStartTime, "1000"},
                   {tags::Modality, "CT"},
                   {tags::ScheduledProcedureStepID, "S1"}});
  put_texts(step, of_step);
  DataSet order;
  put_texts(order, {{tags::PatientName, "Doe^Jane"},
                    {tags::PatientID, "P1"},
                    {tags::AccessionNumber, "A1"},
                    {tags::StudyInstanceUID, "1.2.3"},
                    {tags::RequestedProcedureID, "R1"}});
  put_texts(order, of_order);
  order.set_items(tags::ScheduledProcedureStepSequence, {Item{std::move(step)}});
  return order;
}

/// A worklist in a database of its own.
class TestWorklist {
 public:
  TestWorklist() {
    auto opened = IndexDatabase::open_sqlite(make_file_system(), folder_.path(), false);
    if (!opened) {
      ADD_FAILURE() << opened.error().to_string();
      return;
    }
    database_ = std::move(*opened);
    worklist_ = std::make_unique<SqlWorklist>(*database_);
  }
  Worklist* operator->() { return worklist_.get(); }
  Worklist& operator*() { return *worklist_; }

  void has(const Texts& of_order, const Texts& of_step) { has(order_of(of_order, of_step)); }
  void has(const DataSet& order) {
    const auto items = items_of_order(order);
    ASSERT_TRUE(items) << items.error().to_string();
    const auto added = worklist_->put(*items, Worklist::Existing::Refuse);
    ASSERT_TRUE(added) << added.error().to_string();
  }

  static QueryRules rules() {
    QueryRules rules;
    rules.model = QueryModel::ModalityWorklist;
    rules.combined_date_time = true;
    return rules;
  }
  static DataSet identifier(const Texts& keys, const Texts& of_step) {
    DataSet identifier, step;
    put_texts(identifier, keys);
    put_texts(step, of_step);
    identifier.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    identifier.set_items(tags::ScheduledProcedureStepSequence, {Item{std::move(step)}});
    return identifier;
  }
  /// All answers, pulled `page` at a time; fails the test on an error.
  std::vector<DataSet> answers(const DataSet& asked, const WorklistView& view = {},
                               std::size_t page = 3) {
    auto query = parse_query(asked, rules());
    if (!query) {
      ADD_FAILURE() << query.error().to_string();
      return {};
    }
    return answers(std::move(*query), view, page);
  }
  std::vector<DataSet> answers(Query query, const WorklistView& view = {}, std::size_t page = 3) {
    std::vector<DataSet> all;
    auto matches = worklist_->find(std::move(query), view);
    for (;;) {
      if (!matches) {
        ADD_FAILURE() << matches.error().to_string();
        return all;
      }
      auto some = (*matches)->next(page);
      if (!some || some->empty()) {
        EXPECT_TRUE(some) << some.error().to_string();
        return all;
      }
      EXPECT_LE(some->size(), page);
      std::ranges::move(*some, std::back_inserter(all));
    }
  }
  /// The Scheduled Procedure Step IDs of the answers, sorted, separated by spaces.
  std::string steps(const Texts& keys, Texts of_step, const WorklistView& view = {}) {
    const bool named = std::ranges::any_of(
        of_step, [](const auto& key) { return key.first == tags::ScheduledProcedureStepID; });
    if (!named) of_step.emplace_back(tags::ScheduledProcedureStepID, "");
    std::vector<std::string> ids;
    for (const DataSet& answer : answers(identifier(keys, of_step), view)) {
      ids.emplace_back(answer.items(tags::ScheduledProcedureStepSequence)
                           .front()
                           .data_set.text(tags::ScheduledProcedureStepID, 0));
    }
    std::ranges::sort(ids);
    std::string text;
    for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
    return text;
  }
  std::string status(const StepId& id) {
    const auto item = worklist_->get(id);
    return item ? std::string(to_string(item->status)) : item.error().to_string();
  }
  IndexDatabase& database() { return *database_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<IndexDatabase> database_;
  std::unique_ptr<SqlWorklist> worklist_;
};

}  // namespace pacs::storage::test
