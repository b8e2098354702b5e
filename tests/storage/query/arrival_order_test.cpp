// Answers in the order of arrival: pages that are cut out of them while more arrives.
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "storage/query/query_plan.h"
#include "tests/storage/query/query_language.h"

namespace pacs::storage::test {
namespace {

using enum QueryLevel;

class ArrivalOrder : public testing::Test {
 protected:
  /// A study of that day of January, by number in the order of arrival.
  void arrives(int day, const std::string& patient = "P1", const std::string& name = "Smith^A") {
    const std::string number = std::to_string(++studies_);
    index_.holds({{tags::PatientID, patient},
                  {tags::PatientName, name},
                  {tags::StudyInstanceUID, "1." + number},
                  {tags::SeriesInstanceUID, "1." + number + ".1"},
                  {tags::StudyDate, "202401" + std::to_string(day + 10)},
                  {tags::StudyDescription, day % 2 == 0 ? "CT HEAD" : "MR KNEE"},
                  {tags::InstanceNumber, number}});
  }
  static Query by_arrival(const Attributes& keys, QueryLevel level = Study) {
    Attributes with_uid = keys;
    with_uid.emplace_back(tags::StudyInstanceUID, "");
    Query query = QueriedIndex::query(level, with_uid);
    query.order.emplace();
    return query;
  }
  std::string in_order(Query query) {
    std::string text;
    for (const DataSet& answer : index_.answers(std::move(query))) {
      text += (text.empty() ? "" : " ") + std::string(answer.text(tags::StudyInstanceUID));
    }
    return text;
  }
  static Query by(Tag tag, bool descending, const Attributes& keys) {
    Query query = by_arrival(keys);
    query.order = AnswerOrder{tag, descending};
    return query;
  }
  QueriedIndex index_;
  int studies_ = 0;
};

TEST_F(ArrivalOrder, HoldsWhateverTheKeysAre) {
  arrives(9, "P2");
  arrives(1, "P1");
  arrives(5, "P2", "Yamada^Tarou=Smith^B");
  arrives(3, "P1");
  const std::string all = "1.1 1.2 1.3 1.4";
  EXPECT_EQ(in_order(by_arrival({})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::StudyDate, "20240101-20240131"}})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::PatientID, "P*"}})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::PatientID, "P2\\P1"}})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::PatientName, "S*"}})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::PatientName, "*MIT*"}})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::StudyDescription, "*E*"}})), all);
  EXPECT_EQ(in_order(by_arrival({{tags::InstanceNumber, "*"}}, Image)), all);
  EXPECT_EQ(in_order(by_arrival({{tags::StudyDate, "20240101-20240131"}}, Series)), all);
}

TEST_F(ArrivalOrder, AnAttributeGivesTheOrderWhateverTheKeysAre) {
  arrives(9, "P2", "Yamada^Tarou=Smith^B");
  arrives(1, "P1", "Smith^A");
  arrives(5, "P2", "Yamada^Tarou=Smith^B");
  arrives(1, "P1", "Smith^A");
  for (const Attributes& keys :
       {Attributes{}, Attributes{{tags::StudyDate, "20240101-20240131"}},
        Attributes{{tags::PatientID, "P*"}}, Attributes{{tags::PatientID, "P2\\P1"}},
        Attributes{{tags::PatientName, "S*"}}, Attributes{{tags::PatientName, "*MIT*"}},
        Attributes{{tags::StudyDescription, "MR*"}}}) {
    EXPECT_EQ(in_order(by(tags::StudyDate, false, keys)), "1.2 1.4 1.3 1.1");
    EXPECT_EQ(in_order(by(tags::StudyDate, true, keys)), "1.1 1.3 1.4 1.2");
    EXPECT_EQ(in_order(by(tags::PatientID, false, keys)).substr(0, 3), "1.2");
    EXPECT_EQ(in_order(by(tags::PatientName, true, keys)).substr(12), "1.4");
  }
  EXPECT_EQ(in_order(by(tags::StudyDate, true, {{tags::StudyDate, "20240112-20240119"}})),
            "1.1 1.3");
  Query page = by(tags::StudyDate, true, {});
  page.skip = 1;
  page.limit = 2;
  EXPECT_EQ(in_order(page), "1.3 1.4");
  EXPECT_EQ(index_.total(page), 4U);
  EXPECT_EQ(index_.total(by(tags::StudyDate, true, {{tags::PatientID, "P1"}})), 2U);
}

TEST_F(ArrivalOrder, APageAfterTheOtherMissesAndRepeatsNothingWhileMoreArrives) {
  for (int i = 0; i < 9; ++i) arrives(9 - i, "P" + std::to_string(i % 3));
  for (const Attributes& keys : {Attributes{}, Attributes{{tags::StudyDate, "20240101-"}},
                                 Attributes{{tags::PatientID, "P*"}}}) {
    std::string pages;
    for (std::uint64_t offset = 0; offset < 9; offset += 3) {
      Query page = by_arrival(keys);
      page.skip = offset;
      page.limit = 3;
      pages += (pages.empty() ? "" : " ") + in_order(page);
      arrives(0, "P0");  // before all others by date and by patient
    }
    EXPECT_EQ(pages, "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9");
  }
}

TEST_F(ArrivalOrder, SaysHowManyThereAreWhenThatIsCheap) {
  for (int i = 0; i < 4; ++i) arrives(i);
  Query query = by_arrival({});
  query.skip = query.limit = 2;
  EXPECT_EQ(index_.total(query), 4U) << "as the index counts";
  EXPECT_EQ(index_.total(by_arrival({{tags::StudyDate, "20240111-20240112"}})), 2U);
  EXPECT_EQ(index_.total(by_arrival({{tags::StudyDescription, "MR*"}})), 2U);
  EXPECT_EQ(index_.total(by_arrival({{tags::KVP, "120"}})), std::nullopt)
      << "headers would be read";
  EXPECT_EQ(index_.total(QueriedIndex::query(Study, Attributes{})), std::nullopt);
}

TEST_F(ArrivalOrder, AnOffsetBehindTheLastFindsNothing) {
  arrives(1);
  for (const Attributes& keys : {Attributes{}, Attributes{{tags::PatientID, "P1"}}}) {
    for (const std::uint64_t offset : {std::uint64_t{1}, std::uint64_t{1} << 63}) {
      Query query = by_arrival(keys);
      query.skip = offset;
      EXPECT_EQ(in_order(query), "");
    }
  }
}

TEST_F(ArrivalOrder, OfVeryManyTheNextMatchesAreFoundWithoutAllOthers) {
  // The first of July, then January, then six months, each study in the month before the last
  // one's.
  const auto is_early = [](int i) { return i > 0 && i < 3000; };
  const auto day_of = [&](int i) {
    return is_early(i) ? "20240101" : "20240" + std::to_string(7 - i % 6) + "15";
  };
  std::vector<DataSet> headers;
  for (int i = 0; i < 6000; ++i) {
    headers.push_back(data_set_of({{tags::PatientID, "P" + std::to_string(i)},
                                   {tags::PatientName, "Smith^A"},
                                   {tags::StudyInstanceUID, "1." + std::to_string(i + 1)},
                                   {tags::StudyDescription, is_early(i) ? "CT HEAD" : "MR KNEE"},
                                   {tags::StudyDate, day_of(i)}}));
  }
  index_.hold_all(std::move(headers));
  const auto driver_of = [&](const Attributes& keys) {
    const auto reader = index_.index().database().readers().lease();
    return plan(by_arrival(keys), **reader)->walks.front().driver.kind;
  };
  const auto by_date = [&](const Attributes& keys) {
    const auto reader = index_.index().database().readers().lease();
    return plan(by(tags::StudyDate, true, keys), **reader)->walks.front().driver.kind;
  };
  EXPECT_EQ(by_date({{tags::PatientName, "S*"}}), Driver::Kind::Span);
  EXPECT_EQ(by_date({{tags::StudyDate, "20240101"}}), Driver::Kind::Span);
  EXPECT_EQ(by_date({{tags::PatientID, "P1*"}}), Driver::Kind::Rows);
  EXPECT_EQ(driver_of({{tags::PatientName, "S*"}}), Driver::Kind::All);
  EXPECT_EQ(driver_of({{tags::StudyDate, "20240101"}}), Driver::Kind::All);
  // Far behind: merged from the lists of their values, or of their rows where many are skipped.
  const auto since = [](const char* range) { return Attributes{{tags::StudyDate, range}}; };
  for (const Attributes& keys :
       {since("20240201-"), since("20240210-20240720"), since("20240215-20240715"),
        Attributes{{tags::StudyDescription, "MR*"}}}) {
    EXPECT_EQ(driver_of(keys), Driver::Kind::Values);
    for (const std::uint64_t skip : {1U, 2990U}) {
      Query query = by_arrival(keys);
      query.skip = skip;
      EXPECT_EQ(index_.total(query), std::nullopt);
      const auto found = index_.answers(std::move(query), 500);
      ASSERT_EQ(found.size(), 3001 - skip);
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i].text(tags::StudyInstanceUID), "1." + std::to_string(3000 + skip + i));
      }
    }
    EXPECT_EQ(index_.answers(by_arrival(keys), 500).front().text(tags::StudyInstanceUID), "1.1");
  }
  // Every sixth row matches: the others are passed over, and the matches counted.
  EXPECT_EQ(driver_of(since("20240615")), Driver::Kind::All);
  EXPECT_EQ(index_.total(by_arrival(since("20240615"))), 500U);
  EXPECT_EQ(index_.answers(by_arrival(since("20240615")), 500).size(), 500U);
  // From the first match on they are near.
  EXPECT_EQ(driver_of(since("20240201-20240630")), Driver::Kind::All);
  EXPECT_EQ(index_.answers(by_arrival(since("20240201-20240630")), 500).size(), 2500U);
  const auto january = index_.answers(by_arrival({{tags::StudyDate, "20240101"}}), 500);
  ASSERT_EQ(january.size(), 2999U);
  EXPECT_EQ(january.front().text(tags::StudyInstanceUID), "1.2");
  EXPECT_EQ(january.back().text(tags::StudyInstanceUID), "1.3000");
}

}  // namespace
}  // namespace pacs::storage::test
