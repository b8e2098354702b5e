#include "storage/worklist/sql_worklist.h"

#include <gmock/gmock.h>

#include "tests/storage/worklist/worklist_language.h"

namespace pacs::storage::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const StepId kFirst{"1.2.3", "S1"};

std::vector<NewWorklistItem> items(const DataSet& order) {
  return *items_of_order(order);
}
DataSet step_of(const WorklistItem& item) {
  return item.data_set.items(tags::ScheduledProcedureStepSequence).front().data_set;
}
void set_status(TestWorklist& worklist, std::string_view status) {
  SqlText sql("UPDATE worklist_item SET status = ");
  sql.add(std::string(status));
  ASSERT_TRUE(worklist.database().write(sql, IndexDatabase::Sync::Later));
}

TEST(SqlWorklist, WhatIsPutIsThereWithItsStatus) {
  TestWorklist worklist;
  worklist.has({{tags::PatientName, "Müller^Jürgen"}, {tags::SpecificCharacterSet, "ISO_IR 192"}},
               {{tags::ScheduledProcedureStepStatus, "ARRIVED"}});
  const auto item = worklist->get(kFirst);
  ASSERT_TRUE(item) << item.error().to_string();
  EXPECT_EQ(item->id, kFirst);
  EXPECT_EQ(item->status, StepStatus::Arrived);
  EXPECT_EQ(item->data_set.text(tags::PatientName), "Müller^Jürgen");
  EXPECT_EQ(worklist->get({"1.2.3", "S2"}).error().kind, ErrorKind::NotFound);
}

TEST(SqlWorklist, APutIsAllOrNothing) {
  TestWorklist worklist;
  worklist.has({}, {});
  auto two = items(order_of({}, {{tags::ScheduledProcedureStepID, "S2"}}));
  two.push_back(items(order_of({}, {})).front());
  const auto added = worklist->put(two, Worklist::Existing::Refuse);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::Duplicate);
  EXPECT_FALSE(worklist->get({"1.2.3", "S2"}));
  EXPECT_THAT(*worklist->put(two, Worklist::Existing::Replace),
              ElementsAre(PutItem{.is_new = true}, PutItem{.is_new = false}));
}

TEST(SqlWorklist, TwoProceduresOfOneAccessionNumberAreTwoItems) {
  TestWorklist worklist;
  worklist.has({{tags::StudyInstanceUID, "1.1"}}, {});
  worklist.has({{tags::StudyInstanceUID, "1.2"}}, {});
  EXPECT_EQ(worklist.steps({{tags::AccessionNumber, "A1"}}, {}), "S1 S1");
}

TEST(SqlWorklist, AReplacedOrderDoesNotTakeBackWhatWasBegun) {
  TestWorklist worklist;
  worklist.has({}, {});
  for (const std::string_view begun : {"STARTED", "COMPLETED", "DISCONTINUED"}) {
    set_status(worklist, begun);
    const auto again = items(order_of({{tags::PatientName, "New^Name"}}, {}));
    const auto put = worklist->put(again, Worklist::Existing::Replace);
    ASSERT_TRUE(put);
    EXPECT_EQ(worklist.status(kFirst), begun);
    EXPECT_EQ(to_string(put->front().status), begun) << "what is told is what is so";
    EXPECT_EQ(worklist->get(kFirst)->data_set.text(tags::PatientName), "New^Name");
  }
  const auto completed = items(order_of({}, {{tags::ScheduledProcedureStepStatus, "CANCELED"}}));
  ASSERT_TRUE(worklist->put(completed, Worklist::Existing::Replace));
  EXPECT_EQ(worklist.status(kFirst), "CANCELED") << "said by the order itself";
  ASSERT_TRUE(worklist->put(items(order_of({}, {})), Worklist::Existing::Replace));
  EXPECT_EQ(worklist.status(kFirst), "SCHEDULED") << "scheduled anew";
}

TEST(SqlWorklist, TheStatusOfTheRowIsThatOfTheDataSet) {
  TestWorklist worklist;
  worklist.has({}, {{tags::ScheduledProcedureStepStatus, "SCHEDULED"}});
  set_status(worklist, "COMPLETED");
  EXPECT_EQ(step_of(*worklist->get(kFirst)).text(tags::ScheduledProcedureStepStatus), "COMPLETED");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStatus, "COMPLETED"}}), "S1");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStatus, "COMP*"}}), "S1");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStatus, "SCHEDULED"}}), "");
}

TEST(SqlWorklist, OnlyWhatWasNotBegunIsCanceled) {
  TestWorklist worklist;
  EXPECT_EQ(worklist->cancel(kFirst).error().kind, ErrorKind::NotFound);
  worklist.has({}, {});
  EXPECT_TRUE(worklist->cancel(kFirst));
  EXPECT_EQ(worklist.status(kFirst), "CANCELED");
  EXPECT_TRUE(worklist->cancel(kFirst)) << "again";
  set_status(worklist, "STARTED");
  EXPECT_EQ(worklist->cancel(kFirst).error().kind, ErrorKind::Mismatch);
  EXPECT_EQ(worklist.status(kFirst), "STARTED");
}

TEST(SqlWorklist, WhatIsRemovedIsGone) {
  TestWorklist worklist;
  worklist.has({}, {});
  EXPECT_TRUE(worklist->remove(kFirst));
  EXPECT_EQ(worklist->remove(kFirst).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(worklist.steps({}, {}), "");
}

TEST(SqlWorklist, ASourceKeepsItsItemsInStep) {
  TestWorklist worklist;
  auto both = items(order_of({}, {}));
  both.push_back(items(order_of({}, {{tags::ScheduledProcedureStepID, "S2"}})).front());
  ASSERT_TRUE(worklist->put_source("file:a", both));
  EXPECT_THAT(*worklist->sources(), ElementsAre("file:a"));
  ASSERT_TRUE(worklist->put_source("file:a", std::span(both).first(1)));
  EXPECT_EQ(worklist.status({"1.2.3", "S2"}), "CANCELED") << "the source has it no more";
  EXPECT_EQ(worklist.status(kFirst), "SCHEDULED");
  ASSERT_TRUE(worklist->put_source("file:a", both));
  EXPECT_EQ(worklist.status({"1.2.3", "S2"}), "SCHEDULED") << "it came back";
  ASSERT_TRUE(worklist->put_source("file:a", {}));
  EXPECT_EQ(worklist.status(kFirst), "CANCELED");
  EXPECT_THAT(*worklist->sources(), IsEmpty());
}

TEST(SqlWorklist, ASourceThatGoesDoesNotCancelWhatWasBegun) {
  TestWorklist worklist;
  ASSERT_TRUE(worklist->put_source("file:a", items(order_of({}, {}))));
  set_status(worklist, "STARTED");
  ASSERT_TRUE(worklist->put_source("file:a", {}));
  EXPECT_EQ(worklist.status(kFirst), "STARTED");
}

TEST(SqlWorklist, ASourceReadAgainUnchangedChangesNothing) {
  TestWorklist worklist;
  const auto one = items(order_of({}, {}));
  ASSERT_TRUE(worklist->put_source("file:a", one));
  ASSERT_TRUE(worklist->cancel(kFirst));
  ASSERT_TRUE(worklist->put_source("file:a", one));
  EXPECT_EQ(worklist.status(kFirst), "CANCELED")
      << "canceled by somebody, and the file is as it was";
  const auto changed = items(order_of({{tags::PatientName, "New^Name"}}, {}));
  ASSERT_TRUE(worklist->put_source("file:a", changed));
  EXPECT_EQ(worklist.status(kFirst), "SCHEDULED");
}

TEST(SqlWorklist, ASourceReadAgainUnchangedLeavesWhatWasPutOrRemovedSince) {
  TestWorklist worklist;
  auto both = items(order_of({}, {}));
  both.push_back(items(order_of({}, {{tags::ScheduledProcedureStepID, "S2"}})).front());
  ASSERT_TRUE(worklist->put_source("file:a", both));
  const auto corrected = items(order_of({{tags::PatientName, "Right^Name"}}, {}));
  ASSERT_TRUE(worklist->put(corrected, Worklist::Existing::Replace));
  ASSERT_TRUE(worklist->cancel(kFirst));
  ASSERT_TRUE(worklist->remove({"1.2.3", "S2"}));
  ASSERT_TRUE(worklist->put_source("file:a", both)) << "as after a restart";
  EXPECT_EQ(worklist.status(kFirst), "CANCELED");
  EXPECT_EQ(worklist->get(kFirst)->data_set.text(tags::PatientName), "Right^Name");
  EXPECT_FALSE(worklist->get({"1.2.3", "S2"}));
}

TEST(SqlWorklist, AStepOfTwoSourcesStaysAsLongAsOneHasIt) {
  TestWorklist worklist;
  const auto one = items(order_of({}, {}));
  ASSERT_TRUE(worklist->put_source("file:a", one));
  ASSERT_TRUE(worklist->put_source("file:b", one));
  ASSERT_TRUE(worklist->put_source("file:b", {}));
  EXPECT_EQ(worklist.status(kFirst), "SCHEDULED");
  ASSERT_TRUE(worklist->put_source("file:a", {}));
  EXPECT_EQ(worklist.status(kFirst), "CANCELED");
}

TEST(SqlWorklist, AForgottenSourceLeavesItsItems) {
  TestWorklist worklist;
  ASSERT_TRUE(worklist->put_source("file:a", items(order_of({}, {}))));
  ASSERT_TRUE(worklist->forget_source("file:a"));
  ASSERT_TRUE(worklist->put_source("file:a", {}));
  EXPECT_EQ(worklist.status(kFirst), "SCHEDULED");
}

class WorklistQuery : public testing::Test {
 protected:
  WorklistQuery() {
    const auto add = [this](const char* step, Texts of_order, Texts of_step) {
      of_order.emplace_back(tags::StudyInstanceUID, "1.2." + std::to_string(++studies_));
      of_step.emplace_back(tags::ScheduledProcedureStepID, step);
      worklist.has(of_order, of_step);
    };
    add("A", {{tags::PatientName, "Doe^Jane"}, {tags::PatientID, "P1"}}, {});
    add("B", {{tags::PatientName, "Doe^John"}, {tags::PatientID, "P2"}},
        {{tags::ScheduledProcedureStepStartDate, "20240706"},
         {tags::ScheduledProcedureStepStartTime, "083000"}});
    add("C", {{tags::PatientName, "Smith^Ann"}, {tags::PatientID, "P3"}},
        {{tags::ScheduledStationAETitle, "MR1"}, {tags::Modality, "MR"}});
    add("D", {{tags::PatientName, "Yamada^Tarou=Doeru"}, {tags::PatientID, "P4"}},
        {{tags::ScheduledStationAETitle, "CT1\\CT2"},
         {tags::ScheduledProcedureStepStartTime, "180100"}});
  }
  int studies_ = 0;
  TestWorklist worklist;
};

TEST_F(WorklistQuery, EveryKeyOfTheTableMatches) {
  EXPECT_EQ(worklist.steps({}, {}), "A B C D");
  EXPECT_EQ(worklist.steps({{tags::PatientID, "P3"}}, {}), "C");
  EXPECT_EQ(worklist.steps({{tags::PatientID, "P?"}}, {}), "A B C D");
  EXPECT_EQ(worklist.steps({{tags::PatientName, "doe*"}}, {}), "A B D") << "any component group";
  EXPECT_EQ(worklist.steps({{tags::PatientName, "*j?ne"}}, {}), "A");
  EXPECT_EQ(worklist.steps({{tags::StudyInstanceUID, "1.2.2\\1.2.3\\1.2.9"}}, {}), "B C");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepID, "C"}}), "C");
  EXPECT_EQ(worklist.steps({}, {{tags::Modality, "MR"}}), "C");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledStationAETitle, "CT1"}}), "A B D");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledStationAETitle, "CT2"}}), "D");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStartDate, "20240706"}}), "B");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStartDate, "20240706-"}}), "B");
  EXPECT_EQ(worklist.steps({{tags::RequestedProcedureID, "R1"}}, {{tags::Modality, "MR"}}), "C");
}

// PS3.4 Table K.6-1: "the date range July 5 to July 7 and the time range 10am to 6pm specifies the
// time period starting on July 5, 10am until July 7, 6pm".
TEST_F(WorklistQuery, ADateAndATimeRangeAreOneRangeOfMoments) {
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStartDate, "20240705-20240706"},
                                {tags::ScheduledProcedureStepStartTime, "1030-0900"}}),
            "B D");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledProcedureStepStartTime, "0800-0900"}}), "B");
}

TEST_F(WorklistQuery, AViewShowsOnlyItsStatusesAndItsStation) {
  ASSERT_TRUE(worklist->cancel({"1.2.1", "A"}));
  WorklistView view;
  view.statuses = {StepStatus::Scheduled, StepStatus::Ready, StepStatus::Scheduled};
  EXPECT_EQ(worklist.steps({}, {}, view), "B C D");
  view.station_ae = "CT2";
  EXPECT_EQ(worklist.steps({}, {}, view), "D");
  EXPECT_EQ(worklist.steps({}, {{tags::Modality, "MR"}}, view), "");
  EXPECT_EQ(worklist.steps({}, {{tags::ScheduledStationAETitle, "CT1"}}, view), "D");
}

TEST_F(WorklistQuery, AnAnswerHasTheKeysAskedForAlsoWithinTheStep) {
  DataSet asked = TestWorklist::identifier(
      {{tags::PatientID, "P1"}, {tags::PatientSex, ""}, {tags::PatientName, ""}},
      {{tags::Modality, ""}, {tags::ScheduledProcedureStepLocation, ""}});
  const auto answers = worklist.answers(asked);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text(tags::PatientName), "Doe^Jane");
  EXPECT_TRUE(answers[0].contains(tags::PatientSex)) << "unknown, thus empty";
  EXPECT_FALSE(answers[0].contains(tags::AccessionNumber));
  const DataSet step = answers[0].items(tags::ScheduledProcedureStepSequence).front().data_set;
  EXPECT_EQ(step.size(), 2U);
  EXPECT_EQ(step.text(tags::Modality), "CT");
  EXPECT_TRUE(step.contains(tags::ScheduledProcedureStepLocation)) << "unknown, thus empty";
}

TEST_F(WorklistQuery, AnEmptySequenceKeyAsksForTheWholeItem) {
  DataSet asked;
  asked.set_text(tags::PatientID, "P1");
  asked.set_items(tags::ScheduledProcedureStepSequence, {});
  const auto answers = worklist.answers(asked);
  ASSERT_EQ(answers.size(), 1U);
  const DataSet step = answers[0].items(tags::ScheduledProcedureStepSequence).front().data_set;
  EXPECT_EQ(step.text(tags::ScheduledStationAETitle), "CT1");
  EXPECT_EQ(step.text(tags::ScheduledProcedureStepStatus), "SCHEDULED");
}

TEST_F(WorklistQuery, AListIsPagedAndHasWholeItems) {
  Query query = *parse_query(TestWorklist::identifier({}, {}), TestWorklist::rules());
  query.skip = 1;
  query.limit = 2;
  const auto page = worklist->list(query, {});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->size(), 2U) << "in the order of their start";
  EXPECT_EQ(page->front().id.scheduled_procedure_step_id, "C");
  EXPECT_EQ(page->back().id.scheduled_procedure_step_id, "D");
  EXPECT_EQ(page->back().data_set.text(tags::PatientID), "P4");
}

TEST_F(WorklistQuery, ARowThatCannotBeReadKeepsNobodyFromTheOthers) {
  // A sequence whose bytes are no item, as an older program took it from JSON.
  constexpr std::string_view kNoItem{"\x40\0\0\x01SQ\0\0\2\0\0\0\1\2", 14};
  SqlText damage("UPDATE worklist_item SET data_set = ");
  damage.add(Bytes(as_bytes(kNoItem).begin(), as_bytes(kNoItem).end()));
  damage += " WHERE scheduled_procedure_step_id = 'B'";
  ASSERT_TRUE(worklist.database().write(damage, IndexDatabase::Sync::Now));
  EXPECT_EQ(worklist.steps({}, {}), "A C D");
  Query query = *parse_query(TestWorklist::identifier({}, {}), TestWorklist::rules());
  const auto listed = worklist->list(query, {});
  ASSERT_TRUE(listed) << listed.error().to_string();
  EXPECT_EQ(listed->size(), 3U);
  EXPECT_EQ(worklist->get({"1.2.2", "B"}).error().kind, ErrorKind::Corrupt);
}

TEST_F(WorklistQuery, ACancelledQueryEnds) {
  Query query = *parse_query(TestWorklist::identifier({}, {}), TestWorklist::rules());
  std::stop_source stop;
  query.stop = stop.get_token();
  auto matches = worklist->find(std::move(query), {});
  ASSERT_TRUE(matches);
  ASSERT_TRUE((*matches)->next(1));
  stop.request_stop();
  EXPECT_EQ((*matches)->next(1).error().kind, ErrorKind::Cancelled);
}

TEST_F(WorklistQuery, ItemsThatComeAndGoMeanwhileDoNotDisturb) {
  Query query = *parse_query(TestWorklist::identifier({}, {}), TestWorklist::rules());
  auto matches = worklist->find(std::move(query), {});
  ASSERT_TRUE(matches);
  ASSERT_EQ((*matches)->next(1)->size(), 1U);
  ASSERT_TRUE(worklist->remove({"1.2.1", "A"}));
  worklist.has({{tags::StudyInstanceUID, "1.9"}}, {{tags::ScheduledProcedureStepID, "E"}});
  std::size_t rest = 0;
  for (auto some = (*matches)->next(1); !some->empty(); some = (*matches)->next(1)) ++rest;
  EXPECT_GE(rest, 3U);
}

}  // namespace
}  // namespace pacs::storage::test
