#include "storage/query/select.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "tests/storage/query/query_language.h"

namespace pacs::storage::test {
namespace {

class SelectionTest : public testing::Test {
 protected:
  void holds(const std::string& patient, const std::string& study, const std::string& series,
             const std::string& number) {
    index_.holds({{tags::PatientID, patient},
                  {tags::StudyInstanceUID, study},
                  {tags::SeriesInstanceUID, series},
                  {tags::InstanceNumber, number}});
  }
  /// The instances' UIDs as they come, pulled two at a time.
  std::string selected(const Selection& selection) {
    auto records = select(index_.index().database().readers(), selection);
    if (!records) return records.error().to_string();
    std::string text;
    std::size_t count = 0;
    for (;;) {
      auto some = (*records)->next(2);
      if (!some) return some.error().to_string();
      if (some->empty()) break;
      for (const InstanceRecord& record : *some) {
        text += (text.empty() ? "" : " ") + record.sop_instance_uid;
        ++count;
      }
    }
    EXPECT_EQ((*records)->total(), count);
    return text;
  }
  QueriedIndex index_;
};

TEST_F(SelectionTest, ObjectsComeByStudySeriesAndNumber) {
  holds("P1", "1.1", "1.1.1", "10");
  holds("P1", "1.1", "1.1.1", "9");
  holds("P1", "1.2", "1.2.1", "1");
  holds("P1", "1.1", "1.1.2", "");
  holds("P1", "1.1", "1.1.2", "1");
  holds("P2", "1.3", "1.3.1", "1");
  const std::string all_of_p1 = "1.1.1.2 1.1.1.1 1.1.2.5 1.1.2.4 1.2.1.3";
  EXPECT_EQ(selected({.patient_ids = {"P1"}}), all_of_p1);
  EXPECT_EQ(selected({.study_uids = {"1.2", "1.1", "1.1", "1.9"}}), all_of_p1);
  EXPECT_EQ(selected({.series_uids = {"1.1.2", "1.3.1"}}), "1.1.2.5 1.1.2.4 1.3.1.6");
  EXPECT_EQ(selected({.instance_uids = {"1.3.1.6", "1.1.1.1", "1.1.1.2", "1.1.1.1"}}),
            "1.1.1.2 1.1.1.1 1.3.1.6");
  EXPECT_EQ(selected({.study_uids = {"1.1"}, .series_uids = {"1.1.2", "1.3.1"}}), "1.1.2.5 1.1.2.4")
      << "only below the keys above";
  EXPECT_EQ(selected({.patient_ids = {"P2"}, .instance_uids = {"1.1.1.1", "1.3.1.6"}}), "1.3.1.6");
  EXPECT_EQ(selected({.patient_ids = {"nobody"}}), "");
}

TEST_F(SelectionTest, PatientsOfOneIdAreKeptApartByTheirIssuers) {
  const auto holds_of = [&](const std::string& issuer, const std::string& study) {
    index_.holds({{tags::PatientID, "P1"},
                  {tags::IssuerOfPatientID, issuer},
                  {tags::StudyInstanceUID, study},
                  {tags::SeriesInstanceUID, study + ".1"}});
  };
  holds_of("A", "1.1");
  holds_of("B", "1.2");
  holds_of("", "1.3");
  EXPECT_EQ(selected({.patient_ids = {"P1"}}), "1.1.1.1 1.2.1.2 1.3.1.3");
  EXPECT_EQ(selected({.patient_ids = {"P1"}, .issuer_of_patient_id = "A"}), "1.1.1.1");
  EXPECT_EQ(selected({.patient_ids = {"P1", "P2"}, .issuer_of_patient_id = "B"}), "1.2.1.2");
  EXPECT_EQ(selected({.patient_ids = {"P1"}, .issuer_of_patient_id = "C"}), "");
  EXPECT_EQ(selected({.patient_ids = {"P1"},
                      .study_uids = {"1.1", "1.2", "1.3"},
                      .issuer_of_patient_id = "B"}),
            "1.2.1.2");
  EXPECT_EQ(
      selected(
          {.patient_ids = {"P1"}, .series_uids = {"1.1.1", "1.2.1"}, .issuer_of_patient_id = "A"}),
      "1.1.1.1");
  EXPECT_EQ(selected({.patient_ids = {"P1"},
                      .instance_uids = {"1.1.1.1", "1.2.1.2"},
                      .issuer_of_patient_id = "A"}),
            "1.1.1.1");
}

TEST_F(SelectionTest, SeriesTellEachStoreByTheirCountAndLastObject) {
  const auto told = [&](const Selection& selection) {
    std::string text;
    const auto series = select_series(index_.index().database().readers(), selection);
    if (!series) return series.error().to_string();
    for (const SelectedSeries& one : *series) {
      text += fmt::format("{}/{} {} {};", one.study_instance_uid, one.series_instance_uid,
                          one.instances, one.last_object);
    }
    return text;
  };
  holds("P1", "1.1", "1.1.2", "1");
  holds("P1", "1.1", "1.1.1", "1");
  holds("P1", "1.2", "1.2.1", "1");
  EXPECT_EQ(told({.study_uids = {"1.1"}}), "1.1/1.1.2 1 1;1.1/1.1.1 1 2;") << "as they arrived";
  holds("P1", "1.1", "1.1.2", "2");
  EXPECT_EQ(told({.study_uids = {"1.1"}}), "1.1/1.1.2 2 4;1.1/1.1.1 1 2;");
  EXPECT_EQ(told({.study_uids = {"1.1"}, .series_uids = {"1.1.1"}}), "1.1/1.1.1 1 2;");
  EXPECT_EQ(told({.study_uids = {"1.2"}, .series_uids = {"1.1.1"}}), "");
  EXPECT_EQ(told({.patient_ids = {"P1"}}), "1.1/1.1.2 2 4;1.1/1.1.1 1 2;1.2/1.2.1 1 3;");
  EXPECT_TRUE(told({.instance_uids = {"1.1.1.1"}}).starts_with("invalid argument"));
  EXPECT_TRUE(told({}).starts_with("invalid argument"));
}

TEST_F(SelectionTest, NothingNamedIsNotEverything) {
  holds("P1", "1.1", "1.1.1", "1");
  EXPECT_EQ(select(index_.index().database().readers(), {}).error().kind,
            ErrorKind::InvalidArgument);
}

TEST_F(SelectionTest, AHundredThousandUidsWork) {
  std::vector<DataSet> headers;
  for (int i = 0; i < 500; ++i) {
    headers.push_back(data_set_of({{tags::StudyInstanceUID, "1.5"},
                                   {tags::SeriesInstanceUID, "1.5.1"},
                                   {tags::SOPInstanceUID, "1.5.1." + std::to_string(i)}}));
  }
  index_.hold_all(std::move(headers));
  Selection selection;
  std::string list;
  for (int i = 0; i < 100'000; ++i) {
    selection.instance_uids.push_back("1.5.1." + std::to_string(i));
    list += (i == 0 ? "" : "\\") + selection.instance_uids.back();
  }
  auto records = select(index_.index().database().readers(), selection);
  ASSERT_TRUE(records);
  EXPECT_EQ((*records)->total(), 500U);
  EXPECT_EQ((*records)->next(1000)->size(), 500U);
  // And as a list of UID matching, at its level and above.
  EXPECT_EQ(
      index_.answers(QueriedIndex::query(QueryLevel::Image, {{tags::SOPInstanceUID, list}}), 1000)
          .size(),
      500U);
  EXPECT_EQ(index_.asked(QueryLevel::Study, {{tags::SOPInstanceUID, list}}, tags::StudyInstanceUID),
            "1.5");
}

}  // namespace
}  // namespace pacs::storage::test
