#include "services/mpps/mpps_rules.h"

#include <gtest/gtest.h>

#include "encoding/character_sets/character_set.h"
#include "network/dimse/status.h"
#include "tests/services/mpps/mpps_data.h"

namespace pacs::services {
namespace {

namespace status = network::status;
constexpr auto kTable = MppsStrictness::Table;

std::uint16_t created(const DataSet& attributes) {
  const auto refused = refuse_create(attributes, "1.1", kTable);
  return refused ? refused->status : status::kSuccess;
}

storage::PerformedStep begun(DataSet attributes = beginning()) {
  storage::PerformedStep step;
  step.sop_instance_uid = "1.1";
  step.character_set = attributes.text(tags::SpecificCharacterSet);
  step.data_set = to_utf8(attributes);
  return step;
}
std::uint16_t status_of(const tl::expected<DataSet, Answer>& set) {
  return set ? status::kSuccess : set.error().status;
}
std::uint16_t changed(const DataSet& modifications) {
  return status_of(apply_set(begun(), modifications, kTable));
}
DataSet only(Tag tag, std::string_view text) {
  DataSet data_set;
  data_set.set_text(tag, text);
  return data_set;
}

TEST(MppsRules, AStepBeginsInProgress) {
  DataSet step = beginning();
  EXPECT_EQ(created(step), status::kSuccess);
  for (const char* other : {"COMPLETED", "DISCONTINUED", "in progress", "SCHEDULED"}) {
    step.set_text(tags::PerformedProcedureStepStatus, other);
    const auto refused = refuse_create(step, "1.1", kTable);
    ASSERT_TRUE(refused) << other;
    EXPECT_EQ(refused->status, status::kInvalidAttributeValue);
    EXPECT_EQ(refused->offending_elements, std::vector<Tag>{tags::PerformedProcedureStepStatus});
    // PS3.4 §F.7.2.1.3: "with an Attribute List".
    ASSERT_TRUE(refused->data_set);
    EXPECT_EQ(refused->data_set->size(), 1U);
    EXPECT_EQ(refused->data_set->text(tags::PerformedProcedureStepStatus), other);
  }
  step.set_text(tags::PerformedProcedureStepStatus, "");
  EXPECT_EQ(created(step), status::kMissingAttributeValue);
  step.erase(tags::PerformedProcedureStepStatus);
  EXPECT_EQ(created(step), status::kMissingAttribute);
}

TEST(MppsRules, AnEmptyListMissesAllThatIsRequired) {
  const auto refused = refuse_create(DataSet{}, "1.1", kTable);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, status::kMissingAttribute);
  EXPECT_EQ(refused->attribute_identifiers.size(), 22U);
  EXPECT_EQ(refused->error_comment, "ScheduledStepAttributesSequence is missing");
}

TEST(MppsRules, ADataSetDoesNotContradictItsCommand) {
  DataSet step = beginning();
  step.set_text(tags::SOPInstanceUID, "1.1");
  EXPECT_EQ(created(step), status::kSuccess);
  step.set_text(tags::SOPInstanceUID, "1.2");
  EXPECT_EQ(created(step), status::kInvalidAttributeValue);
  EXPECT_EQ(changed(only(tags::SOPInstanceUID, "1.2")), status::kInvalidAttributeValue);
  EXPECT_EQ(changed(only(tags::SOPClassUID, "1.2")), status::kInvalidAttributeValue);
}

TEST(MppsRules, ACharacterSetThatNobodyKnowsIsRefused) {
  DataSet step = beginning();
  step.set_text(tags::SpecificCharacterSet, "ISO_IR 9999");
  EXPECT_EQ(created(step), status::kInvalidAttributeValue);
  EXPECT_EQ(changed(only(tags::SpecificCharacterSet, "ISO_IR 9999")),
            status::kInvalidAttributeValue);
}

// It would be kept as U+FFFD, and what came be lost.
TEST(MppsRules, TextThatIsNoneInItsCharacterSetIsRefused) {
  DataSet step = beginning();
  step.set_text(tags::PatientName, "M\xFCller");
  const auto refused = refuse_create(step, "1.1", kTable);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, status::kInvalidAttributeValue);
  EXPECT_EQ(refused->offending_elements, std::vector<Tag>{tags::PatientName});
  EXPECT_EQ(refused->error_comment, "PatientName needs a SpecificCharacterSet");
  EXPECT_EQ(refused->data_set->text(tags::PatientName), "M\xFCller");
  EXPECT_TRUE(refuse_create(step, "1.1", MppsStrictness::Essential));
  step.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  EXPECT_EQ(created(step), status::kSuccess);

  const DataSet described = only(tags::PerformedProcedureStepDescription,
                                 "Sch\xE4"
                                 "del");
  const auto set = apply_set(begun(), described, kTable);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().status, status::kInvalidAttributeValue);
  EXPECT_EQ(set.error().offending_elements,
            std::vector<Tag>{tags::PerformedProcedureStepDescription});
  EXPECT_TRUE(apply_set(begun(step), described, kTable)) << "in the set of the N-CREATE";
  step = beginning();
  step.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
  const auto other = apply_set(begun(step), described, kTable);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().error_comment,
            "PerformedProcedureStepDescription cannot be read as ISO_IR 192");
}

TEST(MppsRules, TextOfAnItemIsNamedWithoutAList) {
  DataSet end = ending("COMPLETED", {});
  DataSet series = end.items(tags::PerformedSeriesSequence).at(0).data_set;
  series.set_text(tags::ProtocolName,
                  "Sch\xE4"
                  "del");
  end.set_items(tags::PerformedSeriesSequence, {{series}});
  const auto refused = apply_set(begun(), end, kTable);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, status::kInvalidAttributeValue);
  EXPECT_EQ(refused.error().offending_elements, std::vector<Tag>{tags::ProtocolName});
  EXPECT_FALSE(refused.error().data_set);
}

TEST(MppsRules, ElementsOfCommandsFilesAndObjectsAreNoAttributes) {
  for (const Tag tag :
       {Tag{0x0000, 0x0100}, Tag{0x0002, 0x0010}, tags::PixelData, tags::DataSetTrailingPadding}) {
    const Element element = Element::owning(tag, dictionary_vr(tag), Bytes(2));
    DataSet step = beginning(), change, item;
    step.set(element);
    const auto refused = refuse_create(step, "1.1", kTable);
    ASSERT_TRUE(refused) << tag.to_string();
    EXPECT_EQ(refused->status, status::kNoSuchAttribute);
    EXPECT_EQ(refused->offending_elements, std::vector<Tag>{tag});
    EXPECT_EQ(refused->attribute_identifiers, std::vector<Tag>{tag});
    item.set(element);
    change.set_items(tags::PerformedProtocolCodeSequence, {{item}});
    EXPECT_EQ(changed(change), status::kNoSuchAttribute) << "in an item";
  }
}

TEST(MppsRules, WhatMayNotChangeIsRefusedUnlessItDoesNotChange) {
  DataSet end = ending("COMPLETED", {"1.2.3"});
  end.set_text(tags::PatientName, "Doe^Jane");
  EXPECT_EQ(changed(end), status::kSuccess) << "as it was";
  end.set_text(tags::PatientName, "Roe^Jane");
  end.set_text(tags::Modality, "MR");
  const auto refused = apply_set(begun(), end, kTable);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, status::kNoSuchAttribute);
  EXPECT_EQ(refused.error().attribute_identifiers,
            (std::vector<Tag>{tags::Modality, tags::PatientName}));
}

TEST(MppsRules, AStatusIsOneOfThree) {
  EXPECT_EQ(changed(only(tags::PerformedProcedureStepStatus, "IN PROGRESS")), status::kSuccess);
  EXPECT_EQ(changed(only(tags::PerformedProcedureStepStatus, "STARTED")),
            status::kInvalidAttributeValue);
  EXPECT_EQ(changed(only(tags::PerformedProcedureStepStatus, "")), status::kMissingAttributeValue);
}

TEST(MppsRules, AnEndNeedsWhatTheFinalStateRequires) {
  for (const char* end_status : {"COMPLETED", "DISCONTINUED"}) {
    EXPECT_EQ(changed(ending(end_status, {"1.2.3"})), status::kSuccess);
    EXPECT_EQ(changed(ending(end_status, {})), status::kSuccess) << "no image was made";
    const auto lacking =
        apply_set(begun(), only(tags::PerformedProcedureStepStatus, end_status), kTable);
    ASSERT_FALSE(lacking);
    // Created without value: Note 2 of Table F.7.2-1, "may not be empty".
    EXPECT_EQ(lacking.error().status, status::kMissingAttributeValue);
    EXPECT_EQ(
        lacking.error().offending_elements,
        (std::vector<Tag>{tags::PerformedProcedureStepEndDate, tags::PerformedProcedureStepEndTime,
                          tags::PerformedSeriesSequence}));
  }
}

TEST(MppsRules, WhatCameBeforeTheEndCountsForIt) {
  auto step = begun();
  DataSet part = ending("IN PROGRESS", {"1.2.3"});
  auto set = apply_set(step, part, kTable);
  ASSERT_TRUE(set);
  step.data_set = std::move(*set);
  set = apply_set(step, only(tags::PerformedProcedureStepStatus, "COMPLETED"), kTable);
  ASSERT_TRUE(set) << set.error().error_comment;
  EXPECT_EQ(set->items(tags::PerformedSeriesSequence).size(), 1U);
  EXPECT_EQ(set->text(tags::PatientName), "Doe^Jane");
}

TEST(MppsRules, AReasonNamedOnlyAtTheEndIsTaken) {
  DataSet end = ending("DISCONTINUED", {});
  DataSet reason;
  reason.set_text(tags::CodeValue, "110513");
  reason.set_text(tags::CodingSchemeDesignator, "DCM");
  reason.set_text(tags::CodeMeaning, "Discontinued for unspecified reason");
  end.set_items(tags::PerformedProcedureStepDiscontinuationReasonCodeSequence, {{reason}});
  const auto set = apply_set(begun(), end, kTable);
  ASSERT_TRUE(set) << set.error().error_comment;
  EXPECT_TRUE(set->contains(tags::PerformedProcedureStepDiscontinuationReasonCodeSequence));
  reason.erase(tags::CodeMeaning);
  end.set_items(tags::PerformedProcedureStepDiscontinuationReasonCodeSequence, {{reason}});
  EXPECT_EQ(changed(end), status::kMissingAttribute);
}

TEST(MppsRules, TextOfTwoCharacterSetsIsPutTogether) {
  // PS3.4 §F.7.2.2.3: the set of the N-SET does not take the place of the first.
  DataSet latin = beginning();
  latin.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  latin.set_text(tags::PatientName, "J\xE4ger");
  DataSet greek;
  greek.set_text(tags::SpecificCharacterSet, "ISO_IR 126");
  greek.set_text(tags::PerformedProcedureStepDescription, "\xE1");
  auto set = apply_set(begun(latin), greek, kTable);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->text(tags::PatientName), "Jäger");
  EXPECT_EQ(set->text(tags::PerformedProcedureStepDescription), "α");
  EXPECT_EQ(set->text(tags::SpecificCharacterSet), "ISO_IR 192");
  // Without a set of its own it is in that of the N-CREATE.
  set = apply_set(begun(latin), only(tags::PerformedProcedureStepDescription, "\xE4"), kTable);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->text(tags::PerformedProcedureStepDescription), "ä");
}

}  // namespace
}  // namespace pacs::services
