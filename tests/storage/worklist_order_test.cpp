#include "storage/worklist_order.h"

#include <gmock/gmock.h>

#include "core/uid_registry.h"
#include "tests/storage/worklist_language.h"

namespace pacs::storage::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Error refused(const DataSet& order) {
  const auto items = items_of_order(order);
  EXPECT_FALSE(items);
  return items ? Error{} : items.error();
}

DataSet with_steps(std::size_t count) {
  DataSet order = order_of({}, {});
  const Item step = order.items(tags::ScheduledProcedureStepSequence).front();
  Sequence steps;
  for (std::size_t i = 0; i < count; ++i) {
    Item one = step;
    one.data_set.set_text(tags::ScheduledProcedureStepID, "S" + std::to_string(i));
    steps.push_back(std::move(one));
  }
  order.set_items(tags::ScheduledProcedureStepSequence, std::move(steps));
  return order;
}

TEST(WorklistOrder, EachStepBecomesAnItemWithTheWholeOrderAroundIt) {
  const auto items = items_of_order(with_steps(3));
  ASSERT_TRUE(items) << items.error().to_string();
  ASSERT_EQ(items->size(), 3U);
  const NewWorklistItem& second = (*items)[1];
  EXPECT_EQ(second.id, (StepId{"1.2.3", "S1"}));
  EXPECT_EQ(second.status, StepStatus::Scheduled);
  EXPECT_THAT(second.generated, IsEmpty());
  EXPECT_EQ(second.data_set.text(tags::PatientID), "P1");
  EXPECT_EQ(second.data_set.items(tags::ScheduledProcedureStepSequence).size(), 1U);
}

TEST(WorklistOrder, TextBecomesUtf8WhateverItCameIn) {
  DataSet order = order_of({{tags::SpecificCharacterSet, "ISO_IR 100"}}, {});
  order.set_text(tags::PatientName, "M\xFCller^J\xFCrgen");
  const auto items = items_of_order(order);
  ASSERT_TRUE(items);
  EXPECT_EQ(items->front().data_set.text(tags::PatientName), "Müller^Jürgen");
  EXPECT_EQ(items->front().data_set.text(tags::SpecificCharacterSet), "ISO_IR 192");
}

TEST(WorklistOrder, MissingIdentifiersAreMadeAndTold) {
  DataSet order = order_of({{tags::RequestedProcedureID, ""}, {tags::StudyInstanceUID, ""}},
                           {{tags::ScheduledProcedureStepID, ""}});
  const auto items = items_of_order(order);
  ASSERT_TRUE(items) << items.error().to_string();
  const NewWorklistItem& item = items->front();
  EXPECT_THAT(item.generated,
              ElementsAre(Tag{tags::StudyInstanceUID}, Tag{tags::RequestedProcedureID},
                          Tag{tags::ScheduledProcedureStepID}));
  EXPECT_TRUE(is_usable_uid(item.id.study_instance_uid));
  EXPECT_LE(item.id.scheduled_procedure_step_id.size(), 16U) << "SH";
  const auto again = items_of_order(order);
  EXPECT_NE(again->front().id, item.id) << "each order without identifiers is one of its own";
}

TEST(WorklistOrder, UnderANameMissingIdentifiersAreAlwaysTheSame) {
  const Texts none{{tags::StudyInstanceUID, ""}};
  const Texts no_step{{tags::ScheduledProcedureStepID, ""}};
  DataSet order = order_of(none, no_step);
  const StepId first = items_of_order(order, "a.wl")->front().id;
  EXPECT_EQ(items_of_order(order, "a.wl")->front().id, first);
  EXPECT_NE(items_of_order(order, "b.wl")->front().id, first);
  order.set_text(tags::PatientName, "Corrected^Name");
  EXPECT_EQ(items_of_order(order, "a.wl")->front().id, first);
  order.set_text(tags::AccessionNumber, "A2");
  EXPECT_NE(items_of_order(order, "a.wl")->front().id, first) << "another order in the same file";
}

// PS3.4 Table K.6-1: what must be returned with a value must be there.
TEST(WorklistOrder, AnOrderWithoutAnAttributeOfType1IsRefusedWithItsTag) {
  for (const Tag tag : {Tag{tags::PatientName}, Tag{tags::PatientID}}) {
    const Error error = refused(order_of({{tag, ""}}, {}));
    EXPECT_EQ(error.kind, ErrorKind::Malformed);
    EXPECT_EQ(error.tag, tag);
  }
  for (const Tag tag :
       {Tag{tags::ScheduledStationAETitle}, Tag{tags::ScheduledProcedureStepStartDate},
        Tag{tags::ScheduledProcedureStepStartTime}, Tag{tags::Modality}}) {
    EXPECT_EQ(refused(order_of({}, {{tag, ""}})).tag, tag);
  }
  EXPECT_EQ(refused(with_steps(0)).tag, tags::ScheduledProcedureStepSequence);
}

TEST(WorklistOrder, ValuesThatAreNoneAreRefusedWithTheirTag) {
  EXPECT_EQ(refused(order_of({}, {{tags::ScheduledProcedureStepStartDate, "tomorrow"}})).tag,
            tags::ScheduledProcedureStepStartDate);
  EXPECT_EQ(refused(order_of({}, {{tags::ScheduledProcedureStepStartTime, "2500"}})).tag,
            tags::ScheduledProcedureStepStartTime);
  EXPECT_EQ(refused(order_of({{tags::StudyInstanceUID, "1.2.x"}}, {})).tag, tags::StudyInstanceUID);
  const Error status = refused(order_of({}, {{tags::ScheduledProcedureStepStatus, "MAYBE"}}));
  EXPECT_EQ(status.tag, tags::ScheduledProcedureStepStatus);
  EXPECT_THAT(status.message, HasSubstr("MAYBE"));
  DataSet number = order_of({}, {});
  number.set_integer(tags::PatientID, VR::US, 17);
  EXPECT_EQ(refused(number).tag, tags::PatientID) << "of another VR";
}

TEST(WorklistOrder, LimitsAreTold) {
  EXPECT_TRUE(items_of_order(with_steps(kStepsOfOrderMax)));
  EXPECT_EQ(refused(with_steps(kStepsOfOrderMax + 1)).kind, ErrorKind::LimitExceeded);
  DataSet large = order_of({}, {});
  large.set_text(tags::PatientComments, VR::LT, std::string(kWorklistItemBytesMax, 'x'));
  EXPECT_EQ(refused(large).kind, ErrorKind::LimitExceeded);
}

TEST(WorklistOrder, OneStepTwiceInAnOrderIsRefused) {
  DataSet order = with_steps(2);
  Sequence steps = order.items(tags::ScheduledProcedureStepSequence);
  steps[1].data_set.set_text(tags::ScheduledProcedureStepID, "S0");
  order.set_items(tags::ScheduledProcedureStepSequence, std::move(steps));
  EXPECT_EQ(refused(order).tag, tags::ScheduledProcedureStepID);
}

}  // namespace
}  // namespace pacs::storage::test
