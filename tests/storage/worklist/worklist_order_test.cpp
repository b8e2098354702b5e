#include "storage/worklist/worklist_order.h"

#include <gmock/gmock.h>

#include "core/dicom_dictionary.h"
#include "core/uid_registry.h"
#include "tests/storage/worklist/worklist_language.h"

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

// It would be kept as U+FFFD, and what came be lost.
TEST(WorklistOrder, TextThatIsNoneInItsCharacterSetIsRefusedWithItsTag) {
  DataSet order = order_of({}, {});
  order.set_text(tags::PatientAddress, "L\xF6rrach");
  const Error error = refused(order);
  EXPECT_EQ(error.kind, ErrorKind::Malformed);
  EXPECT_EQ(error.tag, tags::PatientAddress);
  EXPECT_EQ(error.message, "PatientAddress needs a SpecificCharacterSet");
  order.set_text(tags::SpecificCharacterSet, "ISO_IR 999");
  EXPECT_EQ(refused(order).tag, tags::SpecificCharacterSet);
  EXPECT_EQ(refused(order).message, "SpecificCharacterSet has an unknown term");
  order.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  EXPECT_TRUE(items_of_order(order));
  EXPECT_EQ(refused(order_of({}, {{tags::ScheduledProcedureStepDescription, "\xE4"}})).tag,
            tags::ScheduledProcedureStepDescription);
}

TEST(WorklistOrder, ElementsOfCommandsFilesAndObjectsAreRefusedWithTheirTag) {
  for (const Tag tag : {Tag{0x0000, 0x0100}, Tag{0x0002, 0x0010}, tags::PixelData}) {
    DataSet order = order_of({}, {});
    order.set(Element::owning(tag, dictionary_vr(tag), Bytes(2)));
    EXPECT_EQ(refused(order).kind, ErrorKind::Malformed) << tag.to_string();
    EXPECT_EQ(refused(order).tag, tag);
  }
}

TEST(WorklistOrder, MissingIdentifiersAreMadeAndTold) {
  DataSet order = order_of({{tags::RequestedProcedureID, ""}, {tags::StudyInstanceUID, ""}},
                           {{tags::ScheduledProcedureStepID, ""}});
  const auto items = items_of_order(order);
  ASSERT_TRUE(items) << items.error().to_string();
  const NewWorklistItem& item = items->front();
  EXPECT_THAT(item.generated, ElementsAre(tags::StudyInstanceUID, tags::RequestedProcedureID,
                                          tags::ScheduledProcedureStepID));
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
  for (const Tag tag : {tags::PatientName, tags::PatientID}) {
    const Error error = refused(order_of({{tag, ""}}, {}));
    EXPECT_EQ(error.kind, ErrorKind::Malformed);
    EXPECT_EQ(error.tag, tag);
  }
  for (const Tag tag : {tags::ScheduledStationAETitle, tags::ScheduledProcedureStepStartDate,
                        tags::ScheduledProcedureStepStartTime, tags::Modality}) {
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

TEST(WorklistOrder, AnAttributeWithAKnownVrIsRefusedAsUn) {
  const auto unknown = [](Tag tag, std::string_view value) {
    const ByteView bytes = as_bytes(value);
    return Element::owning(tag, VR::UN, Bytes(bytes.begin(), bytes.end()));
  };
  DataSet patient = order_of({}, {});
  patient.set(unknown(tags::PatientID, "P1"));
  const Error error = refused(patient);
  EXPECT_EQ(error.kind, ErrorKind::Malformed);
  EXPECT_EQ(error.tag, tags::PatientID);
  EXPECT_THAT(error.message, HasSubstr("PatientID has VR UN, but is LO"));

  DataSet date = order_of({}, {});
  Item step = date.items(tags::ScheduledProcedureStepSequence).front();
  step.data_set.set(unknown(tags::ScheduledProcedureStepStartDate, "20240705"));
  date.set_items(tags::ScheduledProcedureStepSequence, {step});
  EXPECT_EQ(refused(date).tag, tags::ScheduledProcedureStepStartDate);

  DataSet steps = order_of({}, {});
  steps.set(unknown(tags::ScheduledProcedureStepSequence, ""));
  EXPECT_EQ(refused(steps).tag, tags::ScheduledProcedureStepSequence);

  DataSet others = order_of({}, {});
  others.set(unknown(Tag{0x0009, 0x1001}, "ab"));
  others.set(unknown(Tag{0x0010, 0x9998}, "ab"));
  EXPECT_TRUE(items_of_order(others)) << "private, or unknown to the dictionary";
}

TEST(WorklistOrder, AnotherVrOfTextIsCheckedAsThatOfTheDictionary) {
  DataSet order = order_of({}, {});
  order.set_text(tags::PatientBirthDate, VR::LO, "19700101");
  EXPECT_TRUE(items_of_order(order));
  order.set_text(tags::PatientBirthDate, VR::LO, "long ago");
  EXPECT_EQ(refused(order).tag, tags::PatientBirthDate);
}

/// An order with `value` as the identifier `tag`, wherever that belongs.
DataSet identified(Tag tag, const std::string& value) {
  return is_of_step(tag) ? order_of({}, {{tag, value}}) : order_of({{tag, value}}, {});
}

TEST(WorklistOrder, AnIdentifierIsOneValueOf64CharactersAtMost) {
  const Tag texts[] = {tags::ScheduledProcedureStepID, tags::RequestedProcedureID, tags::PatientID,
                       tags::AccessionNumber};
  const auto expect_refused = [](Tag tag, const std::string& value, const char* why) {
    const Error error = refused(identified(tag, value));
    EXPECT_EQ(error.kind, ErrorKind::Malformed) << tag.to_string();
    EXPECT_EQ(error.tag, tag) << tag.to_string();
    EXPECT_THAT(error.message, HasSubstr(why));
  };
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "ü";
  for (const Tag tag : texts) {
    EXPECT_TRUE(items_of_order(identified(tag, std::string(64, 'x')))) << tag.to_string();
    DataSet utf8 = identified(tag, umlauts);
    utf8.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    EXPECT_TRUE(items_of_order(utf8)) << tag.to_string() << ": characters, not bytes";
    expect_refused(tag, std::string(65, 'x'), "has 65 characters: it must be one value of at most");
    expect_refused(tag, "A\\B", "has more than one value");
    expect_refused(tag, "\\B", "has more than one value");
    expect_refused(tag, "A\\", "has more than one value");
    expect_refused(tag, "A\nB", "holds a control character");
    expect_refused(tag, "A\x7F", "holds a control character");
    expect_refused(tag, std::string("A\0B", 3), "holds a control character");
  }
  expect_refused(tags::StudyInstanceUID, "1.2.3\\1.2.4", "has more than one value");
  expect_refused(tags::StudyInstanceUID, "1.2.3\\", "has more than one value");
  expect_refused(tags::StudyInstanceUID, "1." + std::string(63, '2'), "StudyInstanceUID");
  expect_refused(tags::StudyInstanceUID, "1.2\n", "StudyInstanceUID");
}

TEST(WorklistOrder, WhatIsListedAndMatchedHasOneValueWithoutControlCharacters) {
  const auto expect_refused = [](Tag tag, const std::string& value, const char* why) {
    const Error error = refused(identified(tag, value));
    EXPECT_EQ(error.kind, ErrorKind::Malformed) << tag.to_string();
    EXPECT_EQ(error.tag, tag) << tag.to_string();
    EXPECT_THAT(error.message, HasSubstr(why));
  };
  expect_refused(tags::PatientName, "Doe^Jane\\Roe^Jane", "PatientName has more than one value");
  expect_refused(tags::PatientName, "Doe^\nJane", "PatientName holds a control character");
  expect_refused(tags::Modality, "CT\\MR", "Modality has more than one value");
  expect_refused(tags::ScheduledProcedureStepStatus, "STARTED\\SCHEDULED", "more than one value");
  expect_refused(tags::ScheduledProcedureStepStartDate, "20240705\\20240706",
                 "more than one value");
  expect_refused(tags::ScheduledProcedureStepStartTime, "1000\\1100", "more than one value");
  EXPECT_TRUE(items_of_order(identified(tags::ScheduledStationAETitle, "CT1\\CT2"))) << "VM 1-n";
}

// Its path would pass what a header of HTTP may be, and the step could not be told of.
TEST(WorklistOrder, AStepIdThatNoPathCanHoldIsRefused) {
  const Error error =
      refused(identified(tags::ScheduledProcedureStepID, std::string(100'000, 'x')));
  EXPECT_EQ(error.kind, ErrorKind::Malformed);
  EXPECT_EQ(error.tag, tags::ScheduledProcedureStepID);
  EXPECT_THAT(error.message, HasSubstr("has 100000 characters"));
  EXPECT_LT(error.message.size(), 200U) << "the value is not repeated";
}

TEST(WorklistOrder, BytesOfAnotherCharacterSetAreNoSeparatorsOfAnIdentifier) {
  DataSet order = order_of({{tags::SpecificCharacterSet, "GB18030"}}, {});
  order.set_text(tags::PatientID, "\x81\x5C");  // one letter, whose second byte is a backslash
  const auto items = items_of_order(order);
  ASSERT_TRUE(items) << items.error().to_string();
  DataSet japanese = order_of({{tags::SpecificCharacterSet, "\\ISO 2022 IR 87"}}, {});
  japanese.set_text(tags::PatientID, "\x1B$B;3\x1B(B");
  const auto switched = items_of_order(japanese);
  ASSERT_TRUE(switched) << switched.error().to_string();
  EXPECT_EQ(switched->front().data_set.text(tags::PatientID), "山");
}

TEST(WorklistOrder, NumbersMustBeSome) {
  for (const char* weight : {"70", "70.5 ", " +7.05E1", "0.30000000000000004", "", "1\\\\2"}) {
    EXPECT_TRUE(items_of_order(order_of({{tags::PatientWeight, weight}}, {}))) << weight;
  }
  for (const char* weight : {"heavy", "70,5", "70 kg", "nan", "inf", "1e999", "1\\x"}) {
    const Error error = refused(order_of({{tags::PatientWeight, weight}}, {}));
    EXPECT_EQ(error.kind, ErrorKind::Malformed) << weight;
    EXPECT_EQ(error.tag, tags::PatientWeight) << weight;
    EXPECT_THAT(error.message, HasSubstr("PatientWeight: value")) << weight;
  }
  EXPECT_TRUE(items_of_order(order_of({{tags::SeriesNumber, "-12"}}, {})));
  for (const char* number : {"twelve", "1.5", "0x10", "--1", "99999999999999999999"}) {
    EXPECT_EQ(refused(order_of({{tags::SeriesNumber, number}}, {})).tag, tags::SeriesNumber)
        << number;
    EXPECT_EQ(refused(order_of({}, {{tags::SeriesNumber, number}})).tag, tags::SeriesNumber)
        << number << " in a step";
  }
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
