#include "storage/query/query_plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "storage/sql/sqlite_database.h"
#include "tests/storage/query/query_language.h"

namespace pacs::storage::test {
namespace {

using enum QueryLevel;

class QueryPlanTest : public testing::Test {
 protected:
  QueryPlanTest() : reader_(*open_sqlite(index_.folder() / "index.sqlite", {true, 2048, true})) {}

  QueryPlan planned(QueryLevel level, const Attributes& keys) {
    auto made = plan(QueriedIndex::query(level, keys), reader_);
    EXPECT_TRUE(made) << made.error().to_string();
    return made ? std::move(*made) : QueryPlan{};
  }
  /// What the database says of how it runs a statement.
  std::string explained(const SqlQuery& query) {
    const auto rows = reader_.statement("EXPLAIN QUERY PLAN " + query.text);
    if (!rows) return rows.error().to_string() + "\n" + query.text;
    std::string text;
    const auto read =
        each_row(**rows, [&](SqlStatement& row) { text.append(row.text(3)).append("; "); });
    return read ? text : read.error().to_string() + "\n" + query.text;
  }
  /// Fails unless every statement finds its rows by an index, in the order in which they come.
  void expect_no_scan_and_no_sorting(QueryLevel level, const Attributes& keys,
                                     std::string_view index) {
    const QueryPlan made = planned(level, keys);
    ASSERT_FALSE(made.walks.empty());
    std::string all;
    for (const Walk& walk : made.walks) {
      for (const SqlQuery* query : {&walk.start, &walk.equal, &walk.beyond}) {
        if (!query->text.empty()) all += explained(*query);
      }
      for (const SqlQuery& query : walk.children) all += explained(query);
    }
    if (made.members) all += explained(*made.members);
    EXPECT_NE(all.find(index), std::string::npos) << all;
    EXPECT_EQ(all.find("TEMP B-TREE"), std::string::npos) << all;
    // The one scan that there is: of the rows that the full text index gives.
    for (std::size_t at = all.find("SCAN"); at != std::string::npos;
         at = all.find("SCAN", at + 1)) {
      EXPECT_TRUE(all.substr(at).starts_with("SCAN patient_name_trigram VIRTUAL TABLE")) << all;
    }
  }

  QueriedIndex index_;
  SqlReader reader_;
};

TEST_F(QueryPlanTest, EveryWayToBeginIsServedByItsIndexInItsOrder) {
  const Attributes dates{{tags::StudyDate, "20240101-20240131"}};
  expect_no_scan_and_no_sorting(Study, {{tags::AccessionNumber, "A1"}},
                                "study_by_accession_number");
  expect_no_scan_and_no_sorting(Study, {{tags::AccessionNumber, "A*"}},
                                "study_by_accession_number");
  expect_no_scan_and_no_sorting(Study, {{tags::PatientID, "P*"}}, "sqlite_autoindex_patient");
  expect_no_scan_and_no_sorting(Study, {{tags::PatientName, "SMITH*"}}, "patient_by_name");
  expect_no_scan_and_no_sorting(Study, {{tags::PatientName, "S*"}}, "patient_by_");
  expect_no_scan_and_no_sorting(Study, {{tags::PatientName, "*MITH*"}}, "patient_name_trigram");
  expect_no_scan_and_no_sorting(Study, dates, "study_by_date");
  expect_no_scan_and_no_sorting(Series, dates, "series_by_study");
  expect_no_scan_and_no_sorting(Image, dates, "instance_by_series");
  expect_no_scan_and_no_sorting(Image, {{tags::PatientName, "SMITH*"}}, "study_by_patient");
  expect_no_scan_and_no_sorting(Study, {{tags::StudyInstanceUID, "1.2\\1.3"}},
                                "sqlite_autoindex_study");
  expect_no_scan_and_no_sorting(Image, {{tags::SOPInstanceUID, "1.2"}},
                                "sqlite_autoindex_instance");
  expect_no_scan_and_no_sorting(
      Study, {{tags::StudyDate, "20240101-"}, {tags::Modality, "CT"}, {tags::KVP, ""}},
      "instance_by_series");
  expect_no_scan_and_no_sorting(Study, {{tags::StudyDescription, "*x*"}}, "study_by_description");
  expect_no_scan_and_no_sorting(Study, {{tags::ReferringPhysicianName, "Doe"}},
                                "study_by_referring_physician");
  expect_no_scan_and_no_sorting(Series, {{tags::InstitutionName, "A"}}, "series_by_institution");
  expect_no_scan_and_no_sorting(Image, {{tags::StationName, "CT*"}}, "series_by_station");
  expect_no_scan_and_no_sorting(Study, {{tags::PatientComments, "*x*"}}, "rowid>");
}

TEST_F(QueryPlanTest, OnlyRowsOfOneValueAreSorted) {
  // One series UID in several studies, one patient id of several issuers: few.
  for (const auto& [tag, index] : {std::pair{tags::SeriesInstanceUID, "autoindex_series"},
                                   std::pair{tags::PatientID, "autoindex_patient"}}) {
    const QueryPlan made = planned(Image, {{tag, "1.2"}});
    const std::string text = explained(made.walks[0].start);
    EXPECT_NE(text.find(index), std::string::npos) << text;
    EXPECT_EQ(text.find("SCAN"), std::string::npos) << text;
  }
}

TEST_F(QueryPlanTest, AnotherKeysIndexDoesNotComeBetween) {
  QueryRules rules;
  rules.relational = rules.empty_value_matching = true;
  const auto query = QueriedIndex::query(
      Study, data_set_of({{tags::StudyDate, "20240101-20240131"}, {tags::AccessionNumber, "\"\""}}),
      rules);
  const auto made = plan(query, reader_);
  ASSERT_TRUE(made);
  EXPECT_NE(explained(made->walks[0].start).find("study_by_date"), std::string::npos);
  EXPECT_EQ(explained(made->walks[0].start).find("TEMP B-TREE"), std::string::npos);
}

TEST_F(QueryPlanTest, TheKeyWithFewerRowsLeads) {
  std::vector<DataSet> headers;
  for (int i = 0; i < 3000; ++i) {
    headers.push_back(data_set_of({{tags::PatientID, "P" + std::to_string(i)},
                                   {tags::PatientName, i < 10 ? "Rare^A" : "Smith^A"},
                                   {tags::StudyDate, i % 1000 == 0 ? "20240201" : "20240101"}}));
  }
  index_.hold_all(std::move(headers));
  const auto leads = [&](const Attributes& keys) {
    return planned(Study, keys).walks[0].driver.column;
  };
  EXPECT_EQ(leads({{tags::PatientName, "S*"}, {tags::StudyDate, "20240201"}}), "study.study_date");
  EXPECT_EQ(leads({{tags::PatientName, "R*"}, {tags::StudyDate, "20240101"}}),
            "patient.patient_name_folded");
}

TEST_F(QueryPlanTest, OfManyRowsTheFewerLead) {
  std::vector<DataSet> headers;
  for (int i = 0; i < 9000; ++i) {
    headers.push_back(data_set_of({{tags::PatientID, "P" + std::to_string(i)},
                                   {tags::PatientName, "Smith^A"},
                                   {tags::StudyDate, i < 2500 ? "20240201" : "20240101"}}));
  }
  index_.hold_all(std::move(headers));
  const QueryPlan made = planned(Study, {{tags::PatientName, "S*"}, {tags::StudyDate, "20240201"}});
  EXPECT_EQ(made.walks[0].driver.column, "study.study_date");
}

TEST_F(QueryPlanTest, TheStudiesOfAMonthAreListedByItsIndex) {
  std::vector<DataSet> headers;
  for (int i = 0; i < 6000; ++i) {
    headers.push_back(data_set_of(
        {{tags::PatientID, "P" + std::to_string(i)},
         {tags::StudyDate, i > 0 && i < 3000 ? "20240101" : fmt::format("20240{}01", 2 + i % 5)}}));
  }
  index_.hold_all(std::move(headers));
  Query query = QueriedIndex::query(Study, {{tags::StudyDate, "20240201-"}});
  query.order.emplace();
  const auto made = plan(query, reader_);
  ASSERT_TRUE(made);
  const std::string text = explained(made->walks[0].list);
  EXPECT_NE(text.find("INDEX study_by_month"), std::string::npos) << text;
  EXPECT_EQ(text.find("TEMP B-TREE"), std::string::npos) << text;
}

/// Studies of four descriptions and two stations, one of which only one series has.
std::vector<DataSet> studies_of_few_values(int count) {
  std::vector<DataSet> headers;
  for (int i = 0; i < count; ++i) {
    const char* description[] = {"CT HEAD", "CT Knee", "MR HEAD", "MR KNEE"};
    headers.push_back(data_set_of({{tags::PatientID, "P" + std::to_string(i)},
                                   {tags::StudyDescription, description[i % 4]},
                                   {tags::ReferringPhysicianName, i % 2 ? "Meyer^A" : "Roe^B"},
                                   {tags::StationName, i == 7 ? "RARE" : "USUAL"}}));
  }
  return headers;
}

TEST_F(QueryPlanTest, AnyFormOfKeyForAColumnOfFewValuesBecomesAListOfThem) {
  index_.hold_all(studies_of_few_values(8));
  const auto values = [&](Tag tag, const char* value) {
    const QueryPlan made = planned(Study, {{tag, value}});
    EXPECT_EQ(made.walks.size(), 1U);
    return made.walks[0].driver.values;
  };
  using Values = std::vector<std::string>;
  EXPECT_EQ(values(tags::StudyDescription, "MR HEAD"), Values{"MR HEAD"});
  EXPECT_EQ(values(tags::StudyDescription, "*HEAD"), (Values{"CT HEAD", "MR HEAD"}));
  EXPECT_EQ(values(tags::StudyDescription, "?? Knee"), Values{"CT Knee"});
  EXPECT_EQ(values(tags::StudyDescription, "US*"), Values{});
  EXPECT_EQ(values(tags::ReferringPhysicianName, "MEYER*"), Values{"Meyer^A"});
  const QueryPlan below = planned(Study, {{tags::StationName, "RA*"}});
  EXPECT_EQ(below.walks[0].driver.kind, Driver::Kind::Rows);
  EXPECT_EQ(below.walks[0].driver.rows, std::vector<std::int64_t>{8});
}

TEST_F(QueryPlanTest, NamesThatSoundAlikeAreFoundByTheWordThatFewerHave) {
  std::vector<DataSet> headers;
  for (int i = 0; i < 20; ++i) {
    headers.push_back(data_set_of({{tags::PatientID, "P" + std::to_string(i)},
                                   {tags::PatientName, i < 3 ? "Schmidt^Jane" : "Roe^Jane"}}));
  }
  headers.push_back(
      data_set_of({{tags::PatientID, "Q"}, {tags::PatientName, "Van der Berg^Jane=x=y"}}));
  index_.hold_all(std::move(headers));
  QueryRules fuzzy;
  fuzzy.relational = fuzzy.fuzzy_names = true;
  const auto driver = [&](const char* name) {
    auto made =
        plan(QueriedIndex::query(Study, data_set_of({{tags::PatientName, name}}), fuzzy), reader_);
    EXPECT_TRUE(made);
    return made->walks[0].driver;
  };
  using Rows = std::vector<std::int64_t>;
  EXPECT_EQ(driver("SMITH^JANE").rows, (Rows{1, 2, 3}));
  EXPECT_EQ(driver("SCHM*").rows, (Rows{1, 2, 3}));
  EXPECT_EQ(driver("VANDERBERG^J").rows, Rows{21});
  EXPECT_EQ(driver("SMITH^JANE").kind, Driver::Kind::Rows);
  EXPECT_EQ(driver("SM?TH^JANE").kind, Driver::Kind::All);
  EXPECT_TRUE(driver("NOBODY").rows.empty());
}

TEST_F(QueryPlanTest, AColumnOfManyValuesIsNoWay) {
  std::vector<DataSet> headers;
  for (int i = 0; i < 4100; ++i) {
    headers.push_back(data_set_of({{tags::StudyDescription, "D" + std::to_string(i)}}));
  }
  index_.hold_all(std::move(headers));
  EXPECT_EQ(planned(Study, {{tags::StudyDescription, "*9"}}).walks[0].driver.kind,
            Driver::Kind::All);
  EXPECT_EQ(planned(Study, {{tags::StudyDescription, "D9"}}).walks[0].driver.kind,
            Driver::Kind::Values);
}

TEST_F(QueryPlanTest, NothingAskedIsPartOfTheText) {
  const std::string hostile = "x' OR $1 \x01 %_\"; DROP TABLE study; --";
  for (const Tag tag : {tags::PatientName, tags::StudyDescription, tags::PatientID}) {
    for (const char* more : {"", "*", "?"}) {
      const QueryPlan made = planned(Image, {{tag, hostile + more}});
      for (const Walk& walk : made.walks) {
        EXPECT_EQ(walk.start.text.find("DROP"), std::string::npos);
        for (const SqlQuery& query : walk.children) {
          EXPECT_EQ(query.text.find("DROP"), std::string::npos);
        }
      }
      EXPECT_TRUE(index_.answers(QueriedIndex::query(Image, {{tag, hostile + more}})).empty());
    }
  }
}

}  // namespace
}  // namespace pacs::storage::test
