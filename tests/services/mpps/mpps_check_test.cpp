#include "services/mpps/mpps_check.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/dimse/status.h"
#include "tests/services/mpps/mpps_data.h"

namespace pacs::services {
namespace {

namespace status = network::status;

/// Calls `each` with every attribute of the tree and a function that applies a change to the data
/// set it lies in, in a copy of the full data set.
using Change = std::function<void(DataSet& holder)>;
using Each = std::function<void(const MppsAttribute&, const std::function<DataSet(Change)>&)>;

void walk(const std::vector<MppsNode>& nodes, const std::function<DataSet(Change)>& with,
          const Each& each) {
  for (const MppsNode& node : nodes) {
    const Tag tag = node.attribute->tag;
    if (tag == Tag{}) continue;
    each(*node.attribute, with);
    walk(
        node.items,
        [&](const Change& change) {
          return with([&](DataSet& holder) {
            Sequence items = holder.items(tag);
            change(items.at(0).data_set);
            holder.set_items(tag, std::move(items));
          });
        },
        each);
  }
}
void walk(const Each& each) {
  walk(
      mpps_tree(),
      [](const Change& change) {
        DataSet full = every_attribute();
        change(full);
        return full;
      },
      each);
}

void make_empty(DataSet& holder, Tag tag) {
  if (dictionary_vr(tag) == VR::SQ) return holder.set_items(tag, {});
  holder.set_text(tag, "");
}

/// In the full data set the conditions of the table hold that ask for another attribute, those that
/// ask for its absence do not.
bool is_required(Requirement type, const MppsAttribute& row) {
  return type == Requirement::T1 || type == Requirement::T2 ||
         (type == Requirement::T1C && row.when.rule == RequiredWhen::Rule::IfAny);
}
bool needs_value(Requirement type, const MppsAttribute& row) {
  return type != Requirement::T2 && is_required(type, row);
}

std::uint16_t status_of(const std::optional<Answer>& answer) {
  return answer ? answer->status : status::kSuccess;
}

struct Columns {
  MppsPhase phase;
  Requirement (*presence)(const MppsAttribute&);
  Requirement (*value)(const MppsAttribute&);
};
Requirement final_or_create(const MppsAttribute& row) {
  return row.final_state == Requirement::None ? row.create : row.final_state;
}
const Columns kColumns[] = {
    {MppsPhase::Create, [](const MppsAttribute& row) { return row.create; },
     [](const MppsAttribute& row) { return row.create; }},
    {MppsPhase::Set, [](const MppsAttribute& row) { return row.set_scu; },
     [](const MppsAttribute& row) { return row.set_scp; }},
    {MppsPhase::FinalState, final_or_create, final_or_create},
};

TEST(MppsCheck, TheFullDataSetIsWhatTheTableAllows) {
  for (const Columns& columns : kColumns) {
    const auto answer = check_mpps(every_attribute(), columns.phase, MppsStrictness::Table);
    EXPECT_FALSE(answer) << answer->error_comment;
  }
}

TEST(MppsCheck, EveryRowIsRequiredAsItSays) {
  for (const Columns& columns : kColumns) {
    int rows = 0;
    walk([&](const MppsAttribute& row, const std::function<DataSet(Change)>& with) {
      ++rows;
      const DataSet without = with([&](DataSet& holder) { holder.erase(row.tag); });
      const auto answer = check_mpps(without, columns.phase, MppsStrictness::Table);
      const bool required = is_required(columns.presence(row), row);
      EXPECT_EQ(status_of(answer), required ? status::kMissingAttribute : status::kSuccess)
          << row.tag.to_string() << " phase " << static_cast<int>(columns.phase);
      if (answer) {
        EXPECT_EQ(answer->attribute_identifiers, std::vector<Tag>{row.tag});
      }
    });
    EXPECT_GT(rows, 200);
  }
}

TEST(MppsCheck, EveryRowHasAValueAsItSays) {
  for (const Columns& columns : kColumns) {
    walk([&](const MppsAttribute& row, const std::function<DataSet(Change)>& with) {
      const DataSet empty = with([&](DataSet& holder) { make_empty(holder, row.tag); });
      const auto answer = check_mpps(empty, columns.phase, MppsStrictness::Table);
      const bool required = needs_value(columns.value(row), row);
      EXPECT_EQ(status_of(answer), required ? status::kMissingAttributeValue : status::kSuccess)
          << row.tag.to_string() << " phase " << static_cast<int>(columns.phase);
      if (answer) {
        EXPECT_EQ(answer->offending_elements, std::vector<Tag>{row.tag});
      }
    });
  }
}

TEST(MppsCheck, EveryUidDateAndTimeIsLookedAt) {
  walk([&](const MppsAttribute& row, const std::function<DataSet(Change)>& with) {
    const VR vr = dictionary_vr(row.tag);
    if (vr != VR::UI && vr != VR::DA && vr != VR::TM) return;
    const DataSet wrong = with([&](DataSet& holder) { holder.set_text(row.tag, vr, "x"); });
    const auto answer = check_mpps(wrong, MppsPhase::Create, MppsStrictness::Table);
    EXPECT_EQ(status_of(answer), status::kInvalidAttributeValue) << row.tag.to_string();
    if (answer) {
      EXPECT_EQ(answer->offending_elements, std::vector<Tag>{row.tag});
    }
  });
}

TEST(MppsCheck, WhatNamesOneThingHasOneValue) {
  walk([&](const MppsAttribute& row, const std::function<DataSet(Change)>& with) {
    const VR vr = dictionary_vr(row.tag);
    if (vr != VR::UI && vr != VR::DA && vr != VR::TM) return;
    const std::string one{plausible_value(vr)};
    const DataSet two =
        with([&](DataSet& holder) { holder.set_text(row.tag, vr, one + "\\" + one); });
    const auto answer = check_mpps(two, MppsPhase::Create, MppsStrictness::Essential);
    const bool may = lookup(row.tag)->vm != "1";
    EXPECT_EQ(answer.has_value(), !may) << row.tag.to_string();
    if (answer) {
      EXPECT_EQ(answer->status, status::kInvalidAttributeValue);
      EXPECT_THAT(answer->error_comment, testing::HasSubstr("has 2 values"));
    }
  });
}

TEST(MppsCheck, ASequenceThatIsNoneIsInvalid) {
  DataSet step = beginning();
  step.set_text(tags::ScheduledStepAttributesSequence, VR::LO, "text");
  EXPECT_EQ(status_of(check_mpps(step, MppsPhase::Create, MppsStrictness::Table)),
            status::kInvalidAttributeValue);
  step.set_bytes(tags::ScheduledStepAttributesSequence, VR::UN, Bytes(8));
  EXPECT_EQ(status_of(check_mpps(step, MppsPhase::Create, MppsStrictness::Essential)),
            status::kInvalidAttributeValue);
}

TEST(MppsCheck, AnInvalidValueComesBackInItsPlace) {
  DataSet end = ending("COMPLETED", {"1.2.3", "no uid"});
  const auto answer = check_mpps(end, MppsPhase::Set, MppsStrictness::Table);
  ASSERT_TRUE(answer && answer->data_set);
  EXPECT_EQ(answer->error_comment,
            "ReferencedSOPInstanceUID is not a valid UID in item 2 of ReferencedImageSequence");
  const Sequence& series = answer->data_set->items(tags::PerformedSeriesSequence);
  ASSERT_EQ(series.size(), 1U);
  const Sequence& images = series[0].data_set.items(tags::ReferencedImageSequence);
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].data_set.size(), 1U);
  EXPECT_EQ(images[0].data_set.text(tags::ReferencedSOPInstanceUID), "no uid");
}

TEST(MppsCheck, ManyFaultsAreAnsweredWithSome) {
  std::vector<std::string> images(100'000, "no uid");
  const auto answer =
      check_mpps(ending("COMPLETED", images), MppsPhase::Set, MppsStrictness::Table);
  ASSERT_TRUE(answer && answer->data_set);
  EXPECT_EQ(answer->offending_elements.size(), 1U);
  EXPECT_EQ(answer->data_set->items(tags::PerformedSeriesSequence).size(), 32U);
}

TEST(MppsCheck, OnlyTheEssentialIsAskedOfWhoKnowsNoBetter) {
  const auto check = [](const DataSet& step, MppsPhase phase) {
    return status_of(check_mpps(step, phase, MppsStrictness::Essential));
  };
  DataSet step;
  EXPECT_EQ(check(step, MppsPhase::Create), status::kMissingAttribute);
  step.set_text(tags::PerformedProcedureStepStatus, "IN PROGRESS");
  step.set_items(tags::ScheduledStepAttributesSequence, {});
  EXPECT_EQ(check(step, MppsPhase::Create), status::kMissingAttributeValue);
  DataSet request;
  request.set_text(tags::StudyInstanceUID, "1.2");
  step.set_items(tags::ScheduledStepAttributesSequence, {{request}});
  EXPECT_EQ(check(step, MppsPhase::Create), status::kSuccess);
  EXPECT_EQ(check(step, MppsPhase::FinalState), status::kSuccess);
  DataSet series;
  series.set_text(tags::ProtocolName, "HEAD");
  step.set_items(tags::PerformedSeriesSequence, {{series}});
  EXPECT_EQ(check(step, MppsPhase::FinalState), status::kMissingAttribute) << "Series Instance UID";
}

TEST(MppsCheck, AnItemThatSaysNothingIsAsGoodAsNone) {
  DataSet step = beginning(), nothing, empty;
  nothing.set_text(tags::ReferencedSOPClassUID, "");
  nothing.set_text(tags::ReferencedSOPInstanceUID, "");
  // What scanners send for a patient whom nobody scheduled.
  DataSet request = step.items(tags::ScheduledStepAttributesSequence)[0].data_set;
  request.set_items(tags::ReferencedStudySequence, {{nothing}, {empty}});
  request.set_items(tags::ScheduledProtocolCodeSequence, {{empty}});
  step.set_items(tags::ScheduledStepAttributesSequence, {{request}});
  step.set_items(tags::ReferencedPatientSequence, {{empty}});
  step.set_items(tags::PerformedSeriesSequence, {{empty}});
  EXPECT_EQ(status_of(check_mpps(step, MppsPhase::Create, MppsStrictness::Essential)), 0);
  EXPECT_EQ(status_of(check_mpps(step, MppsPhase::Create, MppsStrictness::Table)),
            status::kMissingAttribute);
  const std::string lacking = mpps_shortcomings(step, MppsPhase::Create);
  EXPECT_THAT(lacking, testing::HasSubstr("ReferencedSOPClassUID is missing in item 2 of "
                                          "ReferencedStudySequence"));
  EXPECT_THAT(lacking, testing::HasSubstr("ReferencedSOPClassUID has no value in item 1 of "
                                          "ReferencedStudySequence"));
  // A step without a study is none.
  step.set_items(tags::ScheduledStepAttributesSequence, {{empty}});
  EXPECT_EQ(status_of(check_mpps(step, MppsPhase::Create, MppsStrictness::Essential)),
            status::kMissingAttribute);
}

TEST(MppsCheck, ARefusalNamesTheKeyThatWouldTakeIt) {
  DataSet step = beginning();
  step.erase(tags::ProcedureCodeSequence);
  EXPECT_EQ(check_mpps(step, MppsPhase::Create, MppsStrictness::Table)->error_comment,
            "mpps.strict: ProcedureCodeSequence is missing");
  EXPECT_FALSE(check_mpps(step, MppsPhase::Create, MppsStrictness::Essential));
  EXPECT_EQ(mpps_shortcomings(step, MppsPhase::Create), "ProcedureCodeSequence is missing");
  step.erase(tags::PerformedProcedureStepStatus);
  const auto refused = check_mpps(step, MppsPhase::Create, MppsStrictness::Table);
  EXPECT_THAT(refused->error_comment, testing::Not(testing::HasSubstr("mpps.strict")))
      << "it would not help";
  EXPECT_EQ(mpps_shortcomings(beginning(), MppsPhase::Create), "");
}

TEST(MppsTable, ItsRowsAreThoseOfTheStandard) {
  // The rows of level 0 of PS3.4 Table F.7.2-1: N-CREATE, N-SET (SCU, SCP), final state.
  constexpr std::string_view kRows =
      "0005 1C 1C/1C -, 0270 1 -/- -, 0010 2 -/- -, 0020 2 -/- -, 0021 3 -/- -, 0024 3 -/- -, "
      "1002 3 -/- -, 0030 2 -/- -, 0040 2 -/- -, 1120 2 -/- -, 0010 3 -/- -, 0014 3 -/- -, "
      "0060 3 -/- -, 0064 3 -/- -, 0062 3 -/- -, 0253 1 -/- -, 0241 1 -/- -, 0242 2 -/- -, "
      "0243 2 -/- -, 0244 1 -/- -, 0245 1 -/- -, 0252 1 3/1 -, 0254 2 3/2 -, 0255 2 3/2 -, "
      "1032 2 3/2 -, 1012 3 3/3 -, 0250 2 3/1 1, 0251 2 3/1 1, 0280 3 3/3 -, 0281 3 3/3 -, "
      "0060 1 -/- -, 0010 2 -/- -, 0260 2 3/2 -, 0340 2 3/1 1, 0000 3 3/3 -, ";
  constexpr std::string_view kNames[] = {"-", "1", "1C", "2", "3"};
  const auto name = [&](Requirement type) { return kNames[static_cast<std::size_t>(type)]; };
  std::string rows;
  for (const MppsAttribute& row : mpps_attributes()) {
    if (row.level != 0) continue;
    char element[8];
    std::snprintf(element, sizeof element, "%04X", row.tag.element());
    rows.append(element).append(" ").append(name(row.create)).append(" ");
    rows.append(name(row.set_scu)).append("/").append(name(row.set_scp)).append(" ");
    rows.append(name(row.final_state)).append(", ");
  }
  EXPECT_EQ(rows, kRows);
}

TEST(MppsTable, EachAttributeOfLevelZeroIsFound) {
  EXPECT_EQ(find_mpps_attribute(Tag{}), nullptr);
  EXPECT_EQ(find_mpps_attribute(tags::StudyInstanceUID), nullptr) << "lies in a sequence";
  for (const MppsNode& node : mpps_tree()) {
    if (node.attribute->tag != Tag{}) {
      EXPECT_EQ(find_mpps_attribute(node.attribute->tag), &node);
    }
  }
}

}  // namespace
}  // namespace pacs::services
