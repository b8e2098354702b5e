// Both forms of matching are one in the worklist, too: whatever is scheduled and whatever is asked,
// the walks of the index give what `matches` lets through.
#include <set>

#include <gtest/gtest.h>

#include "tests/sanitized.h"
#include "tests/storage/query/value_generator.h"
#include "tests/storage/worklist/worklist_language.h"

namespace pacs::storage::test {
namespace {

constexpr Tag kStep = tags::ScheduledProcedureStepSequence;

const std::vector<Tag> kOfOrder{tags::PatientID,
                                tags::PatientName,
                                tags::AccessionNumber,
                                tags::RequestedProcedureID,
                                tags::StudyInstanceUID,
                                tags::PatientSex,
                                tags::ReferringPhysicianName,
                                tags::PatientComments};
const std::vector<Tag> kOfStep{
    tags::ScheduledStationAETitle,          tags::ScheduledProcedureStepStartDate,
    tags::ScheduledProcedureStepStartTime,  tags::Modality,
    tags::ScheduledProcedureStepID,         tags::ScheduledProcedureStepStatus,
    tags::ScheduledPerformingPhysicianName, tags::ScheduledProcedureStepDescription};
const std::vector<std::string> kStations{"CT1", "CT2", "MR1", "ct1", "C%1"};

class Generator : public ValueGenerator {
 public:
  using ValueGenerator::ValueGenerator;

  NewWorklistItem item(std::size_t number) {
    NewWorklistItem item;
    DataSet step;
    set(step, tags::ScheduledStationAETitle, chance(3) ? several(kStations) : any(kStations));
    set(step, tags::ScheduledProcedureStepStartDate, any(kDates));
    set(step, tags::ScheduledProcedureStepStartTime, any(kTimes));
    set(step, tags::Modality, any(kCodes));
    set(step, tags::ScheduledPerformingPhysicianName, any(kNames));
    set(step, tags::ScheduledProcedureStepDescription, any(kTexts));
    item.status = static_cast<StepStatus>(below(kStepStatuses));
    step.set_text(tags::ScheduledProcedureStepStatus, to_string(item.status));
    item.id = {"1.2." + std::to_string(below(9)), any(kTexts) + std::to_string(number)};
    step.set_text(tags::ScheduledProcedureStepID, item.id.scheduled_procedure_step_id);
    DataSet& order = item.data_set;
    order.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    set(order, tags::PatientID, any(kIds));
    set(order, tags::PatientName, any(kNames));
    set(order, tags::AccessionNumber, any(kIds));
    set(order, tags::RequestedProcedureID, any(kIds));
    set(order, tags::PatientSex, any({"M", "F", ""}));
    set(order, tags::ReferringPhysicianName, any(kNames));
    set(order, tags::PatientComments, any(kTexts));
    set(order, tags::TimezoneOffsetFromUTC, any(kZones));
    order.set_text(tags::StudyInstanceUID, item.id.study_instance_uid);
    order.set_items(kStep, {Item{std::move(step)}});
    return item;
  }

  QueryRules rules() {
    QueryRules rules = TestWorklist::rules();
    rules.fuzzy_names = chance(8);
    rules.timezone_adjustment = chance(3);
    return rules;
  }

  DataSet identifier(const std::vector<NewWorklistItem>& stored) {
    DataSet identifier, step;
    identifier.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    const DataSet& like = stored[below(stored.size())].data_set;
    for (std::size_t keys = 1 + below(3); keys > 0; --keys) {
      const bool of_step = chance(2);
      const Tag tag = of_step ? kOfStep[below(kOfStep.size())] : kOfOrder[below(kOfOrder.size())];
      const VR vr = dictionary_vr(tag);
      const DataSet& from = of_step ? like.items(kStep).front().data_set : like;
      std::string value = key_value(vr, from, tag);
      if ((vr == VR::UI || vr == VR::SH || vr == VR::PN) && chance(5)) {
        value += "\\" + key_value(vr, from, tag);
      }
      (of_step ? step : identifier).set_text(tag, vr, value);
      if (tag == tags::ScheduledProcedureStepStartDate && chance(2)) {
        step.set_text(tags::ScheduledProcedureStepStartTime, range(VR::TM, any(kTimes)));
      }
    }
    if (!step.empty()) identifier.set_items(kStep, {Item{std::move(step)}});
    const std::string zone = any({"+0000", "+0900", "-1100", ""});
    if (!zone.empty()) identifier.set_text(tags::TimezoneOffsetFromUTC, zone);
    return identifier;
  }

  WorklistView view() {
    WorklistView view;
    if (chance(2)) return view;
    std::erase_if(view.statuses, [this](StepStatus) { return chance(2); });
    if (chance(3)) view.station_ae = any(kStations);
    return view;
  }
};

bool shows(const WorklistView& view, const NewWorklistItem& item) {
  if (std::ranges::count(view.statuses, item.status) == 0) return false;
  if (view.station_ae.empty()) return true;
  const Element* stations =
      item.data_set.items(kStep).front().data_set.find(tags::ScheduledStationAETitle);
  for (std::size_t i = 0; stations != nullptr && i < stations->value_count(); ++i) {
    if (stations->text(i) == view.station_ae) return true;
  }
  return false;
}

class WorklistProperty : public testing::TestWithParam<std::uint32_t> {};

TEST_P(WorklistProperty, TheWorklistShowsWhatMatchesLetsThrough) {
  Generator generator(GetParam());
  TestWorklist worklist;
  std::vector<NewWorklistItem> stored;
  for (std::size_t i = 0; i < 120; ++i) stored.push_back(generator.item(i));
  ASSERT_TRUE(worklist->put(stored, Worklist::Existing::Refuse));
  constexpr std::size_t kQueries = rounds(1000);
  std::size_t asked = 0, answered = 0;
  for (std::size_t i = 0; i < kQueries && !HasFailure(); ++i) {
    const QueryRules rules = generator.rules();
    const DataSet identifier = generator.identifier(stored);
    const WorklistView view = generator.view();
    const auto query = parse_query(identifier, rules);
    if (!query) continue;  // a value that is none
    ++asked;
    std::multiset<std::string> expected, found;
    for (const NewWorklistItem& item : stored) {
      if (shows(view, item) && matches(*query, item.data_set)) {
        expected.insert(item.id.scheduled_procedure_step_id);
      }
    }
    const auto items = worklist->list(*query, view);
    ASSERT_TRUE(items) << items.error().to_string();
    for (const WorklistItem& item : *items) found.insert(item.id.scheduled_procedure_step_id);
    std::string text;
    for (const QueryKey& key : query->keys) {
      text += key.tag.to_string() + "=" + (key.values.empty() ? "" : key.values.front()) + " ";
      for (const QueryKey& inner : key.items) {
        text += ">" + inner.tag.to_string() + "=" +
                (inner.values.empty() ? "" : inner.values.front()) + " ";
      }
    }
    EXPECT_EQ(found, expected) << text << (rules.timezone_adjustment ? "zones" : "");
    EXPECT_EQ(worklist.answers(*query, view, 1 + generator.below(4)).size(), found.size());
    answered += found.size();
  }
  EXPECT_GT(asked, kQueries / 2);
  EXPECT_GT(answered, asked) << "the queries hardly find anything";
}

INSTANTIATE_TEST_SUITE_P(Seeds, WorklistProperty, testing::Range(1U, 6U));

}  // namespace
}  // namespace pacs::storage::test
