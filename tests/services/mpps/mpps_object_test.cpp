#include "services/mpps/mpps_object.h"

#include <gtest/gtest.h>

#include "core/uid_registry.h"
#include "services/mpps/mpps_rules.h"
#include "storage/steps/performed_steps.h"
#include "tests/services/mpps/mpps_data.h"

namespace pacs::services {
namespace {

StepMoment moment() {
  return {"SCANNER", *Date::parse("20260102"), *Time::parse("101500")};
}
std::string refusal(const DataSet& step) {
  const auto refused = refuse_create(step, "1.2", MppsStrictness::Table);
  return refused ? refused->error_comment : "";
}

DataSet object(const std::string& series, const std::string& instance, bool image = true) {
  DataSet header;
  header.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
  header.set_text(tags::SOPInstanceUID, instance);
  header.set_text(tags::SeriesInstanceUID, series);
  header.set_text(tags::SeriesDescription, "Series " + series);
  if (image) header.set_integer(tags::Rows, VR::US, 1);
  return header;
}

TEST(MppsObject, AnUnscheduledStepIsWhatTheTableRequires) {
  const DataSet step = begin_step({}, moment());
  EXPECT_EQ(refusal(step), "");
  const auto requests = storage::performed_requests(step);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_TRUE(is_valid_uid(requests[0].study_instance_uid));
  EXPECT_EQ(step.text(tags::Modality), "OT");
  EXPECT_EQ(step.text(tags::PerformedProcedureStepID), "PPS202601021015");
}

TEST(MppsObject, AStepTakesOverWhatWasScheduled) {
  DataSet scheduled, item;
  scheduled.set_text(tags::ScheduledProcedureStepID, "S1");
  scheduled.set_text(tags::ScheduledProcedureStepDescription, "Head");
  scheduled.set_text(tags::ScheduledStationName, "CT1");
  scheduled.set_text(tags::Modality, "CT");
  DataSet code;
  code.set_text(tags::CodeValue, "H");
  code.set_text(tags::CodingSchemeDesignator, "L");
  code.set_text(tags::CodeMeaning, "Head");
  item.set_items(tags::RequestedProcedureCodeSequence, {{code}});
  item.set_items(tags::ScheduledProcedureStepSequence, {{scheduled}});
  item.set_text(tags::StudyInstanceUID, "1.2.3");
  item.set_text(tags::AccessionNumber, "A1");
  item.set_text(tags::PatientName, "Doe^Jane");
  item.set_text(tags::RequestedProcedureID, "R1");
  const DataSet step = begin_step(item, moment());
  EXPECT_EQ(refusal(step), "");
  EXPECT_EQ(storage::performed_requests(step).at(0),
            (storage::PerformedRequest{"1.2.3", "S1", "A1", true}));
  EXPECT_EQ(step.text(tags::PatientName), "Doe^Jane");
  EXPECT_EQ(step.text(tags::PerformedStationName), "CT1");
  EXPECT_EQ(step.text(tags::PerformedProcedureStepDescription), "Head");
  EXPECT_EQ(step.text(tags::StudyID), "R1");
  EXPECT_EQ(step.items(tags::ProcedureCodeSequence).size(), 1U);
}

TEST(MppsObject, AnEndListsTheObjectsBySeries) {
  PerformedSeriesList made;
  ASSERT_TRUE(made.add(object("1.1", "1.1.1")));
  ASSERT_TRUE(made.add(object("1.2", "1.2.1")));
  ASSERT_TRUE(made.add(object("1.1", "1.1.2", false)));
  storage::PerformedStep step;
  step.data_set = begin_step({}, moment());
  const auto ended = apply_set(step, end_step("COMPLETED", moment(), made), MppsStrictness::Table);
  ASSERT_TRUE(ended) << ended.error().error_comment;
  const auto series = storage::performed_series(*ended);
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].series_description, "Series 1.1");
  EXPECT_EQ(series[0].performed, 2U);
  EXPECT_EQ(series[0].protocol_name, "UNKNOWN");
  const DataSet& item = ended->items(tags::PerformedSeriesSequence).at(0).data_set;
  EXPECT_EQ(item.items(tags::ReferencedImageSequence).size(), 1U);
  EXPECT_EQ(item.items(tags::ReferencedNonImageCompositeSOPInstanceSequence).size(), 1U);
}

// PS3.4 Table F.7.2-1, Note 2: in the final state the sequence may not be empty.
TEST(MppsObject, AStepMayEndBeforeItsFirstObject) {
  PerformedSeriesList made;
  made.add_without_objects();
  storage::PerformedStep step;
  step.data_set = begin_step({}, moment());
  const auto ended =
      apply_set(step, end_step("DISCONTINUED", moment(), made), MppsStrictness::Table);
  ASSERT_TRUE(ended) << ended.error().error_comment;
  const auto series = storage::performed_series(*ended);
  ASSERT_EQ(series.size(), 1U);
  EXPECT_TRUE(is_valid_uid(series[0].series_instance_uid));
  EXPECT_EQ(series[0].performed, 0U);
}

TEST(MppsObject, AnObjectWithoutIdentityIsNotListed) {
  PerformedSeriesList made;
  DataSet header = object("1.1", "1.1.1");
  header.erase(tags::SOPInstanceUID);
  const Result<> added = made.add(header);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().tag, tags::SOPInstanceUID);
  EXPECT_TRUE(made.items().empty());
}

}  // namespace
}  // namespace pacs::services
