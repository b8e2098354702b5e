// Both forms of matching are one: whatever is stored and whatever is asked, the rows that SQL and
// the index give are those that `matches` lets through.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "tests/sanitized.h"
#include "tests/storage/query/query_language.h"
#include "tests/storage/query/value_generator.h"

namespace pacs::storage::test {
namespace {

using enum QueryLevel;

class Generator : public ValueGenerator {
 public:
  using ValueGenerator::ValueGenerator;

  DataSet patient(std::size_t number) {
    DataSet ds;
    ds.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    // Each its own: what two patients of one id say of themselves the index unites.
    const std::string id = any(kIds);
    set(ds, tags::PatientID, id.empty() ? "" : id + std::to_string(number));
    set(ds, tags::PatientName, any(kNames));
    set(ds, tags::PatientBirthDate, any(kDates));
    set(ds, tags::PatientBirthTime, any(kTimes));
    set(ds, tags::PatientSex, any({"M", "F", "O", ""}));
    set(ds, tags::OtherPatientIDs, several(kIds));
    set(ds, tags::OtherPatientNames, several(kNames));
    set(ds, tags::PatientComments, any(kTexts));
    return ds;
  }
  void study(DataSet& ds, std::size_t number) {
    ds.set_text(tags::StudyInstanceUID, "1.2." + std::to_string(number));
    set(ds, tags::StudyDate, any(kDates));
    set(ds, tags::StudyTime, any(kTimes));
    set(ds, tags::AccessionNumber, any(kIds));
    set(ds, tags::StudyID, any(kTexts));
    set(ds, tags::StudyDescription, any(kTexts));
    set(ds, tags::ReferringPhysicianName, any(kNames));
    set(ds, tags::NameOfPhysiciansReadingStudy, several(kNames));
    set(ds, tags::TimezoneOffsetFromUTC, any(kZones));
    set(ds, tags::KVP, any({"", "120", "120.0", "80"}));  // no column
    set(ds, tags::StationName, any(kTexts));
    set(ds, tags::InstitutionName, any(kTexts));
    set(ds, tags::ContrastBolusAgent, any(kTexts));  // no column
    if (chance(2)) ds.set_items(tags::ProcedureCodeSequence, codes());
  }
  Sequence codes() {
    Sequence items(1 + below(2));
    for (Item& item : items) {
      set(item.data_set, tags::CodeValue, any(kIds));
      set(item.data_set, tags::CodeMeaning, any(kTexts));
    }
    return items;
  }
  void series(DataSet& ds, std::size_t number) {
    ds.set_text(tags::SeriesInstanceUID,
                std::string(ds.text(tags::StudyInstanceUID)) + "." + std::to_string(number));
    set(ds, tags::Modality, any(kCodes));
    set(ds, tags::SeriesNumber, any(kIntegers));
    set(ds, tags::SeriesDescription, any(kTexts));
    set(ds, tags::SeriesDate, any(kDates));
    set(ds, tags::SeriesTime, any(kTimes));
    set(ds, tags::PerformingPhysicianName, several(kNames));
  }
  void instance(DataSet& ds, std::size_t number) {
    ds.set_text(tags::SOPInstanceUID,
                std::string(ds.text(tags::SeriesInstanceUID)) + "." + std::to_string(number));
    ds.set_text(tags::SOPClassUID, any({"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"}));
    set(ds, tags::InstanceNumber, any(kIntegers));
    set(ds, tags::ContentDate, any(kDates));
    set(ds, tags::ContentTime, any(kTimes));
  }
  std::vector<DataSet> archive() {
    std::vector<DataSet> all;
    std::size_t studies = 0;
    for (std::size_t p = 0; p < 16; ++p) {
      const DataSet patient_of = patient(p);
      for (std::size_t s = 0; s <= below(3); ++s) {
        DataSet study_of = patient_of;
        study(study_of, ++studies);
        for (std::size_t r = 0; r <= below(3); ++r) {
          DataSet series_of = study_of;
          series(series_of, r + 1);
          for (std::size_t i = 0; i <= below(2); ++i) {
            instance(all.emplace_back(series_of), i + 1);
          }
        }
      }
    }
    return all;
  }

  QueryRules rules() {
    QueryRules rules;
    rules.model = QueryModel::PatientRoot;
    rules.relational = true;
    rules.combined_date_time = chance(3);
    rules.fuzzy_names = chance(8);
    rules.timezone_adjustment = chance(3);
    rules.empty_value_matching = chance(3);
    rules.multiple_value_matching = chance(3);
    return rules;
  }

  DataSet identifier(const std::vector<DataSet>& stored, const QueryRules& rules) {
    static const std::vector<Tag> kTags{tags::PatientID,
                                        tags::PatientName,
                                        tags::PatientBirthDate,
                                        tags::PatientSex,
                                        tags::OtherPatientIDs,
                                        tags::OtherPatientNames,
                                        tags::PatientComments,
                                        tags::StudyInstanceUID,
                                        tags::StudyDate,
                                        tags::StudyTime,
                                        tags::AccessionNumber,
                                        tags::StudyID,
                                        tags::StudyDescription,
                                        tags::ReferringPhysicianName,
                                        tags::NameOfPhysiciansReadingStudy,
                                        tags::KVP,
                                        tags::StationName,
                                        tags::InstitutionName,
                                        tags::ContrastBolusAgent,
                                        tags::Modality,
                                        tags::SeriesNumber,
                                        tags::SeriesDescription,
                                        tags::SeriesDate,
                                        tags::SeriesTime,
                                        tags::PerformingPhysicianName,
                                        tags::SeriesInstanceUID,
                                        tags::SOPInstanceUID,
                                        tags::SOPClassUID,
                                        tags::InstanceNumber,
                                        tags::ContentDate,
                                        tags::ContentTime,
                                        tags::ModalitiesInStudy,
                                        tags::NumberOfStudyRelatedInstances};
    DataSet ds;
    ds.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    const DataSet& like = stored[below(stored.size())];
    const std::size_t keys = 1 + below(3);
    for (std::size_t i = 0; i < keys; ++i) {
      const Tag tag = kTags[below(kTags.size())];
      const VR vr = dictionary_vr(tag);
      std::string value = key_value(vr, like, tag);
      const bool list = vr == VR::UI || vr == VR::CS || vr == VR::SH || vr == VR::PN;
      if (list && chance(5)) {
        value += "\\" + key_value(vr, stored[below(stored.size())], tag);
      }
      if (rules.empty_value_matching && chance(6)) value = "\"\"";
      ds.set_text(tag, vr, value);
      // A time of the date's, so that both may be one range.
      if (vr == VR::DA && chance(2)) {
        const Tag time{tag.value + 0x10};
        if (dictionary_vr(time) == VR::TM) ds.set_text(time, VR::TM, range(VR::TM, any(kTimes)));
      }
    }
    if (chance(8)) {
      Sequence items(1);
      items[0].data_set.set_text(tags::CodeValue, VR::SH, key_value(VR::SH, DataSet{}, Tag{}));
      ds.set_items(tags::ProcedureCodeSequence, std::move(items));
    }
    const std::string zone = any({"+0000", "+0900", "-1100", ""});
    if (!zone.empty()) ds.set_text(tags::TimezoneOffsetFromUTC, zone);
    return ds;
  }
};

/// What the index adds to a header.
std::vector<DataSet> with_aggregates(const std::vector<DataSet>& headers) {
  std::vector<DataSet> all = headers;
  for (DataSet& ds : all) {
    std::set<std::string> modalities;
    std::size_t instances = 0;
    for (const DataSet& other : headers) {
      if (other.text(tags::StudyInstanceUID) != ds.text(tags::StudyInstanceUID)) continue;
      ++instances;
      if (!other.text(tags::Modality).empty()) modalities.emplace(other.text(tags::Modality));
    }
    std::string list;
    for (const std::string& modality : modalities) list += (list.empty() ? "" : "\\") + modality;
    ds.set_text(tags::ModalitiesInStudy, list);
    ds.set_text(tags::NumberOfStudyRelatedInstances, std::to_string(instances));
  }
  return all;
}

std::string entity_of(const DataSet& ds, QueryLevel level) {
  switch (level) {
    case Patient:
      // Without an id each study has a patient of its own.
      if (!ds.text(tags::PatientID).empty()) return std::string(ds.text(tags::PatientID));
      return "of " + std::string(ds.text(tags::StudyInstanceUID));
    case Study:
      return std::string(ds.text(tags::StudyInstanceUID));
    case Series:
      return std::string(ds.text(tags::SeriesInstanceUID));
    case Image:
      break;
  }
  return std::string(ds.text(tags::SOPInstanceUID));
}

std::string describe(const DataSet& identifier, const QueryRules& rules, QueryLevel level) {
  std::string text(to_string(level));
  for (const Element& element : identifier) {
    text += " " + element.tag().to_string() + "=" + std::string(element.text());
  }
  if (rules.combined_date_time) text += " combined";
  if (rules.timezone_adjustment) text += " zones";
  if (rules.fuzzy_names) text += " fuzzy";
  if (rules.multiple_value_matching) text += " multiple";
  return text;
}

class QueryProperty : public testing::TestWithParam<std::uint32_t> {};

TEST_P(QueryProperty, TheIndexAnswersWhatMatchesLetsThrough) {
  Generator generator(GetParam());
  QueriedIndex index;
  index.hold_all(generator.archive());
  const std::vector<DataSet> stored = with_aggregates(index.headers());
  constexpr std::size_t kQueries = rounds(1500);
  std::size_t asked = 0, answered = 0;
  for (std::size_t i = 0; i < kQueries && !HasFailure(); ++i) {
    QueryRules rules = generator.rules();
    const auto level = static_cast<QueryLevel>(generator.below(4));
    // A patient lies in no zone; a header is always of a study, which may.
    if (level == Patient) rules.timezone_adjustment = false;
    DataSet identifier = generator.identifier(stored, rules);
    identifier.set_text(tags::QueryRetrieveLevel, to_string(level));
    const auto query = parse_query(identifier, rules);
    if (!query) continue;  // a value that is none
    ++asked;
    std::multiset<std::string> expected;
    std::set<std::string> seen;
    for (const DataSet& ds : stored) {
      const std::string entity = entity_of(ds, level);
      if (seen.contains(entity) || !matches(*query, ds)) continue;
      seen.insert(entity);
      expected.insert(entity);
    }
    Query wanted = *query;
    for (const Tag tag :
         {tags::PatientID, tags::StudyInstanceUID, tags::SeriesInstanceUID, tags::SOPInstanceUID}) {
      if (std::ranges::count(wanted.keys, tag, &QueryKey::tag) == 0) {
        wanted.keys.push_back({tag, dictionary_vr(tag)});
      }
    }
    std::ranges::sort(wanted.keys, {}, &QueryKey::tag);
    std::multiset<std::string> found;
    if (generator.chance(2)) wanted.order.emplace();
    const bool by_date = wanted.order && level != Patient && generator.chance(2) &&
                         std::ranges::count(wanted.keys, tags::StudyDate, &QueryKey::tag) == 1;
    if (by_date) wanted.order = AnswerOrder{tags::StudyDate, generator.chance(2)};
    std::vector<std::string> dates;
    for (const DataSet& answer : index.answers(wanted, 1 + generator.below(4))) {
      found.insert(entity_of(answer, level));
      dates.emplace_back(answer.text(tags::StudyDate));
    }
    if (by_date && wanted.order->descending) std::ranges::reverse(dates);
    if (by_date) {
      EXPECT_TRUE(std::ranges::is_sorted(dates)) << describe(identifier, rules, level);
    }
    EXPECT_EQ(found, expected) << describe(identifier, rules, level);
    EXPECT_EQ(index.total(wanted).value_or(expected.size()), expected.size());
    answered += found.size();
  }
  EXPECT_GT(asked, kQueries / 2);
  EXPECT_GT(answered, asked) << "the queries hardly find anything";
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueryProperty, testing::Range(1U, 9U));

}  // namespace
}  // namespace pacs::storage::test
