#include "storage/steps/performed_steps.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "storage/steps/sql_performed_steps.h"
#include "storage/worklist/sql_worklist.h"
#include "tests/storage/query/query_language.h"

namespace pacs::storage::test {
namespace {

constexpr std::string_view kCt = "1.2.840.10008.5.1.4.1.1.2";

DataSet reference(const std::string& uid, std::string_view sop_class = kCt) {
  return data_set_of({{tags::ReferencedSOPClassUID, std::string(sop_class)},
                      {tags::ReferencedSOPInstanceUID, uid}});
}

Item series(const std::string& uid, const std::vector<std::string>& images,
            const std::vector<std::string>& others = {}) {
  Item item{data_set_of({{tags::SeriesInstanceUID, uid},
                         {tags::SeriesDescription, "Description of " + uid},
                         {tags::ProtocolName, "Protocol"}})};
  Sequence image_items, other_items;
  for (const auto& image : images) image_items.push_back({reference(image)});
  for (const auto& other : others) other_items.push_back({reference(other, "1.2.3.4")});
  item.data_set.set_items(tags::ReferencedImageSequence, image_items);
  item.data_set.set_items(tags::ReferencedNonImageCompositeSOPInstanceSequence, other_items);
  return item;
}

Item request(const std::string& study, const std::string& scheduled) {
  return {data_set_of({{tags::StudyInstanceUID, study},
                       {tags::ScheduledProcedureStepID, scheduled},
                       {tags::AccessionNumber, "A" + scheduled}})};
}

/// An index with a worklist, objects and steps.
class PerformedStepsTest : public testing::Test {
 protected:
  [[nodiscard]] static DataSet step(const Sequence& requests,
                                    std::string_view status = "IN PROGRESS") {
    DataSet step = data_set_of({{tags::PerformedProcedureStepStatus, std::string(status)},
                                {tags::PatientID, "P1"},
                                {tags::PatientName, "Doe^Jane"},
                                {tags::Modality, "CT"},
                                {tags::PerformedStationAETitle, "SCANNER"},
                                {tags::PerformedProcedureStepID, "PPS1"},
                                {tags::PerformedProcedureStepStartDate, "20260101"},
                                {tags::PerformedProcedureStepStartTime, "1015"}});
    step.set_items(tags::ScheduledStepAttributesSequence, requests);
    return step;
  }
  Result<> creates(const std::string& uid, const Sequence& requests) {
    return steps.create(
        {uid, PerformedStatus::InProgress, "SCANNER", "ISO_IR 100", 0, 0, step(requests)}, {});
  }
  Result<bool> sets(const PerformedStep& before, std::string_view status,
                    const Sequence& performed = {}, std::span<const NewJob> jobs = {}) {
    DataSet after = before.data_set;
    after.set_text(tags::PerformedProcedureStepStatus, status);
    after.set_items(tags::PerformedSeriesSequence, performed);
    return steps.replace(before, after, jobs);
  }
  Result<bool> sets(const std::string& uid, std::string_view status,
                    const Sequence& performed = {}) {
    PACS_TRY(const PerformedStep before, steps.get(uid));
    return sets(before, status, performed);
  }
  void schedules(const std::string& study, const std::string& scheduled,
                 StepStatus status = StepStatus::Scheduled) {
    DataSet item = data_set_of({{tags::StudyInstanceUID, study}});
    item.set_items(tags::ScheduledProcedureStepSequence,
                   {{data_set_of({{tags::ScheduledProcedureStepID, scheduled}})}});
    const NewWorklistItem order{{study, scheduled}, status, item, {}};
    const auto put = worklist_.put({&order, 1}, Worklist::Existing::Replace);
    ASSERT_TRUE(put);
    EXPECT_EQ(to_string(put->front().status), worklist(study, scheduled));
  }
  std::string worklist(const std::string& study, const std::string& scheduled) {
    const auto item = worklist_.get({study, scheduled});
    return item ? std::string(to_string(item->status)) : item.error().to_string();
  }
  void stores(const std::string& study, const std::string& series, const std::string& instance) {
    holder.holds({{tags::StudyInstanceUID, study},
                  {tags::SeriesInstanceUID, series},
                  {tags::SOPInstanceUID, instance}});
  }
  static std::vector<std::string> uids(const std::vector<ObjectReference>& references) {
    std::vector<std::string> uids;
    for (const auto& reference : references) uids.push_back(reference.sop_instance_uid);
    return uids;
  }
  using Uids = std::vector<std::string>;

  QueriedIndex holder;
  SqlWorklist worklist_{holder.index().database()};
  int settled = 0;
  SqlPerformedSteps steps{holder.index().database(), [this] { ++settled; }};
};

TEST_F(PerformedStepsTest, AStepComesBackAsItWasCreated) {
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  const auto step = steps.get("1.1");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->status, PerformedStatus::InProgress);
  EXPECT_EQ(step->source_ae, "SCANNER");
  EXPECT_EQ(step->character_set, "ISO_IR 100");
  EXPECT_EQ(step->created_ms, step->changed_ms);
  EXPECT_GT(step->created_ms, 1'600'000'000'000);
  EXPECT_TRUE(equal_content(step->data_set, this->step({request("1.2", "S1")})));
  EXPECT_EQ(steps.get("1.2").error().kind, ErrorKind::NotFound);
}

TEST_F(PerformedStepsTest, AUidIsTakenOnce) {
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  const Result<> again = creates("1.1", {request("1.9", "S9")});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::Duplicate);
  EXPECT_EQ(steps.list({})->steps.at(0).requests.at(0).study_instance_uid, "1.2");
}

TEST_F(PerformedStepsTest, OnlyAStepInProgressIsChanged) {
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  EXPECT_EQ(sets("9.9", "COMPLETED").error().kind, ErrorKind::NotFound);
  EXPECT_TRUE(*sets("1.1", "IN PROGRESS"));
  EXPECT_TRUE(*sets("1.1", "DISCONTINUED"));
  EXPECT_FALSE(*sets("1.1", "COMPLETED"));
  EXPECT_EQ(steps.get("1.1")->status, PerformedStatus::Discontinued);
}

TEST_F(PerformedStepsTest, WhatWasDecidedOnAnOlderStateChangesNothing) {
  schedules("1.2", "S1");
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  const PerformedStep before = *steps.get("1.1");
  ASSERT_TRUE(*sets("1.1", "IN PROGRESS"));
  const PerformedStep after = *steps.get("1.1");
  EXPECT_GT(after.changed_ms, before.changed_ms);
  const std::vector<NewJob> jobs{{.kind = "told", .subject = "1.1"}};
  EXPECT_FALSE(*sets(before, "COMPLETED", {}, jobs));
  EXPECT_EQ(steps.get("1.1")->status, PerformedStatus::InProgress);
  EXPECT_EQ(steps.get("1.1")->changed_ms, after.changed_ms);
  EXPECT_EQ(worklist("1.2", "S1"), "STARTED");
}

TEST_F(PerformedStepsTest, TheWorklistFollows) {
  schedules("1.2", "S1");
  schedules("1.2", "S2", StepStatus::Arrived);
  schedules("1.3", "S3");
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1"), request("1.2", "S2")}));
  EXPECT_EQ(worklist("1.2", "S1") + worklist("1.2", "S2") + worklist("1.3", "S3"),
            "STARTEDSTARTEDSCHEDULED");
  ASSERT_TRUE(sets("1.1", "COMPLETED"));
  EXPECT_EQ(worklist("1.2", "S1") + worklist("1.2", "S2") + worklist("1.3", "S3"),
            "COMPLETEDCOMPLETEDSCHEDULED");
}

TEST_F(PerformedStepsTest, AnItemFollowsAllStepsThatPerformIt) {
  schedules("1.2", "S1");
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  ASSERT_TRUE(sets("1.1", "DISCONTINUED"));
  EXPECT_EQ(worklist("1.2", "S1"), "DISCONTINUED");
  ASSERT_TRUE(creates("1.2", {request("1.2", "S1")}));
  EXPECT_EQ(worklist("1.2", "S1"), "STARTED") << "begun anew";
  ASSERT_TRUE(creates("1.3", {request("1.2", "S1")}));
  ASSERT_TRUE(sets("1.2", "COMPLETED"));
  EXPECT_EQ(worklist("1.2", "S1"), "COMPLETED");
  ASSERT_TRUE(sets("1.3", "DISCONTINUED"));
  EXPECT_EQ(worklist("1.2", "S1"), "COMPLETED") << "what was completed stays so";
}

TEST_F(PerformedStepsTest, AnOrderThatComesAfterItsStepIsAsTheStepIs) {
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1"), request("1.2", "S2")}));
  schedules("1.2", "S1");
  EXPECT_EQ(worklist("1.2", "S1"), "STARTED");
  ASSERT_TRUE(sets("1.1", "DISCONTINUED"));
  schedules("1.2", "S2");
  schedules("1.2", "S3");
  EXPECT_EQ(worklist("1.2", "S2") + worklist("1.2", "S3"), "DISCONTINUEDSCHEDULED");
}

TEST_F(PerformedStepsTest, NoOrderTakesBackWhatAModalityReported) {
  schedules("1.2", "S1");
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  for (const StepStatus said : all_step_statuses()) {
    schedules("1.2", "S1", said);
    EXPECT_EQ(worklist("1.2", "S1"), "STARTED") << to_string(said);
  }
  ASSERT_TRUE(sets("1.1", "COMPLETED"));
  for (const StepStatus said : all_step_statuses()) {
    schedules("1.2", "S1", said);
    EXPECT_EQ(worklist("1.2", "S1"), "COMPLETED") << to_string(said);
  }
}

TEST_F(PerformedStepsTest, NorDoesAFileThatChanges) {
  const auto file_says = [this](StepStatus status) {
    DataSet item = data_set_of({{tags::StudyInstanceUID, "1.2"}});
    item.set_items(
        tags::ScheduledProcedureStepSequence,
        {{data_set_of({{tags::ScheduledProcedureStepID, "S1"},
                       {tags::ScheduledProcedureStepStatus, std::string(to_string(status))}})}});
    const NewWorklistItem order{{"1.2", "S1"}, status, item, {}};
    ASSERT_TRUE(worklist_.put_source("file:a.wl", {&order, 1}));
  };
  file_says(StepStatus::Scheduled);
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  file_says(StepStatus::Canceled);
  EXPECT_EQ(worklist("1.2", "S1"), "STARTED");
}

TEST_F(PerformedStepsTest, AGroupedRequestIsFoundByItsOwnStudy) {
  // PS3.4 §F.7.2.1.2, Note 2: one study for all, the request's in Referenced Study Sequence.
  schedules("1.20", "S1");
  schedules("1.21", "S2");
  Item first = request("1.99", "S1"), second = request("1.99", "S2");
  first.data_set.set_items(tags::ReferencedStudySequence, {{reference("1.20", "1.2.840.1")}});
  second.data_set.set_items(tags::ReferencedStudySequence, {{reference("1.21", "1.2.840.1")}});
  ASSERT_TRUE(creates("1.1", {first, second}));
  EXPECT_EQ(worklist("1.20", "S1") + worklist("1.21", "S2"), "STARTEDSTARTED");
  const auto requests = steps.list({})->steps.at(0).requests;
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_TRUE(requests[0].holds_objects && requests[1].holds_objects);
  EXPECT_EQ(requests[2], (PerformedRequest{"1.20", "S1", "AS1", false}));
}

TEST_F(PerformedStepsTest, WhatAgreesIsNoMismatch) {
  stores("1.2", "1.2.1", "1.2.1.1");
  stores("1.2", "1.2.1", "1.2.1.2");
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  ASSERT_TRUE(sets("1.1", "COMPLETED", {series("1.2.1", {"1.2.1.1", "1.2.1.2"})}));
  const auto page = steps.list({});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->steps.size(), 1U);
  const StepSummary& step = page->steps[0];
  EXPECT_TRUE(step.agrees());
  EXPECT_EQ(step.patient_name, "Doe^Jane");
  EXPECT_EQ(step.modality, "CT");
  ASSERT_EQ(step.series.size(), 1U);
  EXPECT_EQ(step.series[0].series_description, "Description of 1.2.1");
  EXPECT_EQ(step.series[0].performed, 2U);
  EXPECT_EQ(step.series[0].stored, 2U);
  EXPECT_EQ(settled, 1);
  EXPECT_TRUE(steps.list({.only_mismatches = true})->steps.empty());
}

TEST_F(PerformedStepsTest, DifferencesAreNamedEachOnItsSide) {
  stores("1.2", "1.2.1", "1.2.1.1");
  stores("1.2", "1.2.2", "1.2.1.2");   // the step says series 1.2.1
  stores("1.2", "1.2.3", "1.2.3.1");   // said by nobody
  stores("1.77", "1.77.1", "1.77.1");  // another study
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  ASSERT_TRUE(sets("1.1", "COMPLETED",
                   {series("1.2.1", {"1.2.1.1", "1.2.1.2", "1.2.1.3"}, {"1.2.1.4", "1.2.1.4"})}));
  const auto compared = steps.compare("1.1");
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->step.series.at(0).performed, 4U);
  EXPECT_EQ(compared->step.series.at(0).stored, 2U);
  EXPECT_EQ(compared->step.series.at(0).stored_elsewhere, 1U);
  EXPECT_EQ(compared->step.not_performed, 1U);
  const StepDifferences& differences = compared->differences;
  EXPECT_EQ(uids(differences.not_stored), (Uids{"1.2.1.3", "1.2.1.4"}));
  EXPECT_EQ(differences.not_stored.at(1).sop_class_uid, "1.2.3.4");
  ASSERT_EQ(uids(differences.stored_elsewhere), Uids{"1.2.1.2"});
  EXPECT_EQ(differences.stored_elsewhere[0].series_instance_uid, "1.2.2");
  EXPECT_EQ(uids(differences.not_performed), Uids{"1.2.3.1"});
  EXPECT_EQ(steps.list({.only_mismatches = true})->steps.size(), 1U);
  EXPECT_EQ(steps.compare("1.9").error().kind, ErrorKind::NotFound);
}

TEST_F(PerformedStepsTest, WhatOneStepListsNoOtherOfItsStudyMisses) {
  stores("1.2", "1.2.1", "1.2.1.1");
  stores("1.2", "1.2.2", "1.2.2.1");
  for (const std::string number : {"1", "2"}) {
    ASSERT_TRUE(creates("1." + number, {request("1.2", "S" + number)}));
    ASSERT_TRUE(
        sets("1." + number, "COMPLETED", {series("1.2." + number, {"1.2." + number + ".1"})}));
  }
  EXPECT_TRUE(steps.list({.only_mismatches = true})->steps.empty());
}

TEST_F(PerformedStepsTest, ALaterListTakesThePlaceOfTheEarlierOne) {
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  ASSERT_TRUE(sets("1.1", "IN PROGRESS", {series("1.2.1", {"1.2.1.1"})}));
  ASSERT_TRUE(sets("1.1", "COMPLETED", {series("1.2.1", {"1.2.1.2"})}));
  EXPECT_EQ(uids(steps.compare("1.1")->differences.not_stored), Uids{"1.2.1.2"});
}

TEST_F(PerformedStepsTest, ListsAreFilteredAndPaged) {
  for (int i = 1; i <= 5; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(creates("1." + n, {request("2." + n, "S" + n)}));
  }
  ASSERT_TRUE(sets("1.2", "COMPLETED", {series("1.2.1", {})}));
  const auto shown = [&](const StepFilter& filter) {
    Uids uids;
    const auto page = steps.list(filter);
    EXPECT_TRUE(page);
    for (const auto& step : page->steps) uids.push_back(step.sop_instance_uid);
    if (page->next_before != 0) uids.push_back("...");
    return uids;
  };
  EXPECT_EQ(shown({}), (Uids{"1.5", "1.4", "1.3", "1.2", "1.1"}));
  EXPECT_EQ(shown({.status = PerformedStatus::Completed}), Uids{"1.2"});
  EXPECT_EQ(shown({.study_instance_uid = "2.4"}), Uids{"1.4"});
  EXPECT_EQ(shown({.accession_number = "AS3"}), Uids{"1.3"});
  EXPECT_EQ(shown({.patient_id = "nobody"}), Uids{});
  EXPECT_EQ(shown({.limit = 2}), (Uids{"1.5", "1.4", "..."}));
  const auto next = steps.list({.limit = 2})->next_before;
  EXPECT_EQ(shown({.before = next, .limit = 3}), (Uids{"1.3", "1.2", "1.1"}));
}

TEST_F(PerformedStepsTest, APageOfMismatchesEndsWhenEnoughWasLookedAt) {
  // The only mismatch is older than as many steps as one call looks at.
  ASSERT_TRUE(creates("1.1", {request("1.2", "S1")}));
  ASSERT_TRUE(sets("1.1", "COMPLETED", {series("1.2.1", {"1.2.1.1"})}));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(creates("2." + std::to_string(i), {request("3." + std::to_string(i), "S")}));
  }
  const auto first = steps.list({.only_mismatches = true, .limit = 10, .examined_max = 20});
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->steps.empty());
  ASSERT_NE(first->next_before, 0);
  const auto second = steps.list(
      {.only_mismatches = true, .before = first->next_before, .limit = 10, .examined_max = 20});
  ASSERT_EQ(second->steps.size(), 1U);
  EXPECT_EQ(second->next_before, 0);
}

TEST(PerformedStatus, ItsTextsAreThoseOfTheStandard) {
  for (const std::string_view text : {"IN PROGRESS", "COMPLETED", "DISCONTINUED"}) {
    EXPECT_EQ(to_string(*parse_performed_status(text)), text);
  }
  EXPECT_FALSE(parse_performed_status("in progress"));
  EXPECT_FALSE(parse_performed_status(""));
}

}  // namespace
}  // namespace pacs::storage::test
