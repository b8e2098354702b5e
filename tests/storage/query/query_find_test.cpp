#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "tests/storage/query/query_language.h"

namespace pacs::storage::test {
namespace {

using enum QueryLevel;

/// Three patients, four studies.
class QueryFind : public testing::Test {
 protected:
  QueryFind() {
    index_.holds({{tags::PatientID, "P1"},
                  {tags::PatientName, "Smith^John"},
                  {tags::StudyInstanceUID, "1.1"},
                  {tags::StudyDate, "20240131"},
                  {tags::StudyTime, "101500"},
                  {tags::AccessionNumber, "A1"},
                  {tags::SeriesInstanceUID, "1.1.1"},
                  {tags::Modality, "CT"},
                  {tags::InstanceNumber, "1"},
                  {tags::KVP, "120"},
                  {tags::StudyDescription, "Head 50%_off"}});
    index_.holds({{tags::PatientID, "P1"},
                  {tags::PatientName, "Smith^John"},
                  {tags::StudyInstanceUID, "1.1"},
                  {tags::StudyDate, "20240131"},
                  {tags::SeriesInstanceUID, "1.1.2"},
                  {tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.88.11"},
                  {tags::Modality, "SR"},
                  {tags::InstanceNumber, "1"}});
    index_.holds({{tags::PatientID, "P1"},
                  {tags::PatientName, "Smith^John"},
                  {tags::StudyInstanceUID, "1.2"},
                  {tags::StudyDate, "20240201"},
                  {tags::AccessionNumber, "A2"},
                  {tags::Modality, "MR"}});
    DataSet japanese = data_set_of({{tags::PatientID, "P2"},
                                    {tags::StudyInstanceUID, "1.3"},
                                    {tags::StudyDate, "20240201"},
                                    {tags::AccessionNumber, "A3"},
                                    {tags::Modality, "MR"}});
    japanese.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    japanese.set_text(tags::PatientName, VR::PN, "Yamada^Tarou=山田^太郎=やまだ^たろう");
    index_.holds(std::move(japanese));
    DataSet latin = data_set_of(
        {{tags::PatientID, "P3"}, {tags::StudyInstanceUID, "1.4"}, {tags::Modality, "US"}});
    latin.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
    latin.set_text(tags::PatientName, VR::PN, "Gr\xFC\xDFmith^J\xF6rg");
    index_.holds(std::move(latin));
  }
  std::string studies(Attributes keys) {
    return index_.asked(Study, std::move(keys), tags::StudyInstanceUID);
  }
  QueriedIndex index_;
};

TEST_F(QueryFind, EveryEntityAnswersAUniversalQueryAtItsLevel) {
  EXPECT_EQ(index_.asked(Patient, {}, tags::PatientID), "P1 P2 P3");
  EXPECT_EQ(studies({}), "1.1 1.2 1.3 1.4");
  EXPECT_EQ(index_.asked(Series, {}, tags::SeriesInstanceUID), "1.1.1 1.1.2 1.2.1 1.3.1 1.4.1");
  EXPECT_EQ(index_.asked(Image, {}, tags::SOPInstanceUID),
            "1.1.1.1 1.1.2.2 1.2.1.3 1.3.1.4 1.4.1.5");
}

TEST_F(QueryFind, UniqueKeysFindTheirEntityFromAnyLevel) {
  EXPECT_EQ(studies({{tags::StudyInstanceUID, "1.2"}}), "1.2");
  EXPECT_EQ(studies({{tags::StudyInstanceUID, "1.2\\1.4\\1.2\\1.9"}}), "1.2 1.4");
  EXPECT_EQ(studies({{tags::SOPInstanceUID, "1.1.2.2"}}), "1.1");
  EXPECT_EQ(studies({{tags::SeriesInstanceUID, "1.1.2\\1.3.1\\1.1.1"}}), "1.1 1.3");
  EXPECT_EQ(index_.asked(Image, {{tags::StudyInstanceUID, "1.1"}}, tags::SOPInstanceUID),
            "1.1.1.1 1.1.2.2");
  EXPECT_EQ(index_.asked(Patient, {{tags::StudyInstanceUID, "1.3"}}, tags::PatientID), "P2");
  EXPECT_EQ(index_.asked(Series, {{tags::PatientID, "P1"}}, tags::SeriesInstanceUID),
            "1.1.1 1.1.2 1.2.1");
}

TEST_F(QueryFind, TextMatchesBySingleValueAndWildcard) {
  EXPECT_EQ(studies({{tags::AccessionNumber, "A1"}}), "1.1");
  EXPECT_EQ(studies({{tags::AccessionNumber, "a1"}}), "") << "only names ignore case";
  EXPECT_EQ(studies({{tags::AccessionNumber, "A*"}}), "1.1 1.2 1.3");
  EXPECT_EQ(studies({{tags::AccessionNumber, "?2"}}), "1.2");
  EXPECT_EQ(studies({{tags::AccessionNumber, "*"}}), "1.1 1.2 1.3 1.4");
  EXPECT_EQ(studies({{tags::StudyDescription, "Head 50%_off"}}), "1.1");
  EXPECT_EQ(studies({{tags::StudyDescription, "*%_o*"}}), "1.1");
  EXPECT_EQ(studies({{tags::StudyDescription, "*__o*"}}), "") << "% and _ are ordinary letters";
  EXPECT_EQ(studies({{tags::StudyDescription, "' OR 1=1 --"}}), "");
}

TEST_F(QueryFind, NamesMatchWithoutCaseAndDiacriticsByComponentGroup) {
  EXPECT_EQ(studies({{tags::PatientName, "smith^john"}}), "1.1 1.2");
  EXPECT_EQ(studies({{tags::PatientName, "smith"}}), "");
  EXPECT_EQ(studies({{tags::PatientName, "SMITH*"}}), "1.1 1.2");
  EXPECT_EQ(studies({{tags::PatientName, "*mith*"}}), "1.1 1.2 1.4");
  EXPECT_EQ(studies({{tags::PatientName, "Grussmith^Jorg"}}), "1.4");
  const auto utf8 = [&](const std::string& name) {
    DataSet keys;
    keys.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    keys.set_text(tags::PatientName, VR::PN, name);
    keys.set_text(tags::StudyInstanceUID, "");
    QueryRules rules;
    rules.relational = true;
    return index_.asked(QueriedIndex::query(Study, keys, rules), tags::StudyInstanceUID);
  };
  EXPECT_EQ(utf8("山田^太郎"), "1.3");
  EXPECT_EQ(utf8("山田*"), "1.3");
  EXPECT_EQ(utf8("山*"), "1.3") << "too short for the trigram index";
  EXPECT_EQ(utf8("*太郎"), "1.3");
  EXPECT_EQ(utf8("=山田*"), "1.3");
  EXPECT_EQ(utf8("=Yamada*"), "");
  EXPECT_EQ(utf8("Yamada*=山田*"), "1.3");
  EXPECT_EQ(utf8("やまだ^*"), "1.3");
  EXPECT_EQ(utf8("GRÜẞMITH*"), "1.4") << "the capital sharp s is the small one";
}

TEST_F(QueryFind, DatesMatchByRange) {
  EXPECT_EQ(studies({{tags::StudyDate, "20240131"}}), "1.1");
  EXPECT_EQ(studies({{tags::StudyDate, "20240131-"}}), "1.1 1.2 1.3");
  EXPECT_EQ(studies({{tags::StudyDate, "-20240131"}}), "1.1");
  EXPECT_EQ(studies({{tags::StudyDate, "20240201-20240301"}}), "1.2 1.3");
  EXPECT_EQ(studies({{tags::StudyDate, "20240131-20240131"}, {tags::StudyTime, "10"}}), "1.1");
  EXPECT_EQ(studies({{tags::StudyDate, "20240131"}, {tags::StudyTime, "1016-"}}), "");
}

TEST_F(QueryFind, CountsAndListsComeAndMatch) {
  const auto answers =
      index_.answers(QueriedIndex::query(Study, {{tags::StudyInstanceUID, "1.1"},
                                                 {tags::ModalitiesInStudy, ""},
                                                 {tags::SOPClassesInStudy, ""},
                                                 {tags::NumberOfStudyRelatedSeries, ""},
                                                 {tags::NumberOfStudyRelatedInstances, ""},
                                                 {tags::NumberOfPatientRelatedStudies, ""}}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text(tags::ModalitiesInStudy), "CT\\SR");
  EXPECT_EQ(answers[0].text(tags::SOPClassesInStudy),
            "1.2.840.10008.5.1.4.1.1.2\\1.2.840.10008.5.1.4.1.1.88.11");
  EXPECT_EQ(answers[0].text(tags::NumberOfStudyRelatedSeries), "2");
  EXPECT_EQ(answers[0].text(tags::NumberOfStudyRelatedInstances), "2");
  EXPECT_EQ(answers[0].text(tags::NumberOfPatientRelatedStudies), "2");
  EXPECT_EQ(answers[0].size(), 6U) << "the keys and nothing else";
  EXPECT_EQ(studies({{tags::ModalitiesInStudy, "SR"}}), "1.1");
  EXPECT_EQ(studies({{tags::ModalitiesInStudy, "SR\\US"}}), "1.1 1.4");
  EXPECT_EQ(studies({{tags::ModalitiesInStudy, "?R"}}), "1.1 1.2 1.3");
  EXPECT_EQ(studies({{tags::NumberOfStudyRelatedInstances, "2"}}), "1.1");
}

TEST_F(QueryFind, KeysOfLowerLevelsMatchWhenOneMemberFulfilsThemAll) {
  EXPECT_EQ(studies({{tags::Modality, "SR"}}), "1.1");
  EXPECT_EQ(studies({{tags::Modality, "SR"}, {tags::SeriesInstanceUID, "1.1.1"}}), "");
  EXPECT_EQ(index_.asked(Patient, {{tags::Modality, "MR"}}, tags::PatientID), "P1 P2");
  const auto answers = index_.answers(
      QueriedIndex::query(Study, {{tags::Modality, "SR"}, {tags::SOPInstanceUID, ""}}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text(tags::Modality), "SR");
  EXPECT_EQ(answers[0].text(tags::SOPInstanceUID), "1.1.2.2") << "of the member that matched";
}

TEST_F(QueryFind, OtherKeysComeFromTheStoredHeader) {
  EXPECT_EQ(index_.asked(Series, {{tags::KVP, "120"}}, tags::SeriesInstanceUID), "1.1.1");
  EXPECT_EQ(index_.asked(Series, {{tags::KVP, "80"}}, tags::SeriesInstanceUID), "");
  EXPECT_EQ(index_.asked(Study, {{tags::StudyInstanceUID, "1.1"}}, tags::KVP), "120");
}

TEST_F(QueryFind, OfASequenceTheItemsThatMatchAreAnswered) {
  // PS3.4 §C.2.2.2.6.
  const auto code = [](const std::string& value, const std::string& meaning) {
    return Item{data_set_of({{tags::CodeValue, value}, {tags::CodeMeaning, meaning}})};
  };
  DataSet header =
      data_set_of({{tags::StudyInstanceUID, "1.9"}, {tags::SpecificCharacterSet, "ISO_IR 100"}});
  header.set_items(tags::ProcedureCodeSequence, {code("A1", "first"), code("B2", "sch\xF6n")});
  index_.holds(header);
  const auto asked = [&](const std::string& value, const std::string& meaning) {
    DataSet keys = data_set_of({{tags::StudyInstanceUID, "1.9"}});
    keys.set_items(tags::ProcedureCodeSequence, {code(value, meaning)});
    std::string values;
    for (const DataSet& answer : index_.answers(QueriedIndex::query(Study, keys, {}))) {
      for (const Item& item : answer.items(tags::ProcedureCodeSequence)) {
        values += item.data_set.text(tags::CodeValue);
      }
    }
    return values;
  };
  EXPECT_EQ(asked("A1", ""), "A1");
  EXPECT_EQ(asked("", "sch?n"), "B2");
  EXPECT_EQ(asked("A1\\B2", ""), "A1B2");
  EXPECT_EQ(asked("", ""), "A1B2") << "universal";
  EXPECT_EQ(asked("C3", ""), "");
}

TEST_F(QueryFind, AnswersAreUtf8AndSaySo) {
  const auto answers = index_.answers(QueriedIndex::query(
      Study, {{tags::StudyInstanceUID, "1.4"}, {tags::PatientName, ""}, {tags::StudyTime, ""}}));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text(tags::PatientName), "Grüßmith^Jörg");
  EXPECT_EQ(answers[0].text(tags::SpecificCharacterSet), "ISO_IR 192");
  EXPECT_TRUE(answers[0].contains(tags::StudyTime)) << "empty when unknown";
}

TEST_F(QueryFind, SkipAndLimitCutOutAPage) {
  Query query = QueriedIndex::query(Study, {{tags::StudyInstanceUID, ""}});
  query.skip = 1;
  query.limit = 2;
  EXPECT_EQ(index_.asked(query, tags::StudyInstanceUID), "1.2 1.3");
  query.skip = 9;
  EXPECT_EQ(index_.asked(query, tags::StudyInstanceUID), "");
}

TEST_F(QueryFind, ACancelledQueryEndsSo) {
  std::stop_source stop;
  Query query = QueriedIndex::query(Study, {{tags::StudyInstanceUID, ""}});
  query.stop = stop.get_token();
  auto matches = search(index_.index().database().readers(), query);
  ASSERT_TRUE(matches);
  EXPECT_EQ((*matches)->next(1)->size(), 1U);
  stop.request_stop();
  EXPECT_EQ((*matches)->next(1).error().kind, ErrorKind::Cancelled);
}

}  // namespace
}  // namespace pacs::storage::test
