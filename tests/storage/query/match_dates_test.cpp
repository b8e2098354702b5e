#include <gtest/gtest.h>

#include "tests/storage/query/match_language.h"

namespace pacs::storage {
namespace {

using namespace test;

TEST(MatchDates, ExamplesOfTheStandard) {
  // PS3.4 §C.2.2.2.1.3 Note 1.
  EXPECT_TRUE(date_time_in_range("19980128103000.0000", "19980128103000"));
  EXPECT_TRUE(date_time_in_range("19980128103000", "19980128073000-0300"));
  EXPECT_TRUE(time_in_range("2230", "223000"));
  EXPECT_TRUE(time_in_range("223000", "22:30:00"));
  EXPECT_TRUE(date_in_range("19980128", "1998.01.28"));
}

struct Case {
  const char* key;
  const char* value;
  bool matches;
};

TEST(MatchDates, RangesOfDates) {
  for (const Case& one :
       {Case{"20200101", "20200101", true}, Case{"20200101", "20200102", false},
        Case{"20200101-20200131", "20200101", true}, Case{"20200101-20200131", "20200131", true},
        Case{"20200101-20200131", "20200201", false}, Case{"20200101 - 20200131", "20200115", true},
        Case{"-20200131", "19000101", true}, Case{"-20200131", "20200201", false},
        Case{"20200101-", "20991231", true}, Case{"20200101-", "20191231", false},
        Case{"2020.01.01-2020.01.31", "20200115", true},
        Case{"20200131-20200101", "20200115", false}, Case{"20200101-", "2020", false},
        Case{"20200101-", "20200230", false}, Case{"19000101-", "unknown", false},
        Case{"19000101-", "", false}, Case{"garbage", "20200101", false},
        Case{"-", "20200101", false}}) {
    EXPECT_EQ(date_in_range(one.key, one.value), one.matches) << one.key << " " << one.value;
  }
}

TEST(MatchDates, RangesOfTimes) {
  for (const Case& one :
       {Case{"10", "105959.999999", true}, Case{"10", "110000", false},
        Case{"1030", "103059", true}, Case{"103000", "1030", true}, Case{"103001", "1030", false},
        Case{"103000.5", "103000.5", true}, Case{"103000.5", "103000.500000", true},
        Case{"103000.5", "103000.6", false}, Case{"1000-1800", "180059.9", true},
        Case{"1000-1800", "1801", false}, Case{"1000-1800", "095959", false},
        Case{"-0600", "000000", true}, Case{"2200-", "235959", true},
        Case{"2200-0600", "2300", false}, Case{"10:00-18:00", "12:34:56", true},
        Case{"0000-", "2400", false}, Case{"0000-", "noon", false}}) {
    EXPECT_EQ(time_in_range(one.key, one.value), one.matches) << one.key << " " << one.value;
  }
}

TEST(MatchDates, RangesOfMoments) {
  for (const Case& one :
       {Case{"2020", "20200615120000", true}, Case{"2020", "20210101", false},
        Case{"202006-202007", "20200731235959", true}, Case{"202006-202007", "20200801", false},
        Case{"20200101120000+0100", "20200101110000+0000", true},
        Case{"20200101120000+0100", "20200101120000+0000", false},
        Case{"20200101000000-0500-20200102000000-0500", "20200101050000+0000", true},
        Case{"20200101000000-0500-20200102000000-0500", "20200101045959+0000", false},
        Case{"-2019", "20191231235959", true}, Case{"2020-", "2019", false},
        Case{"2020-", "soon", false}}) {
    EXPECT_EQ(date_time_in_range(one.key, one.value), one.matches) << one.key << " " << one.value;
  }
}

TEST(MatchDates, CombinedMatchingIsOneRange) {
  // PS3.4 §C.2.2.2.5.4 Note: "July 5, 10am until July 7, 6pm, rather than the three time periods of
  // 10am until 6pm on each of July 5, July 6 and July 7".
  const std::vector<QueryKey> keys{range(tags::StudyDate, "20060705-20060707"),
                                   range(tags::StudyTime, "1000-1800")};
  QueryRules combined;
  combined.combined_date_time = true;
  struct Study {
    const char* date;
    const char* time;
    bool apart, together;
  };
  for (const Study& study :
       {Study{"20060705", "0959", false, false}, Study{"20060705", "1000", true, true},
        Study{"20060705", "2200", false, true}, Study{"20060706", "0300", false, true},
        Study{"20060706", "1200", true, true}, Study{"20060707", "1800", true, true},
        Study{"20060707", "1801", false, false}, Study{"20060706", "", false, true},
        Study{"20060706", "late", false, false}, Study{"", "1200", false, false}}) {
    const DataSet stored = data_set({{tags::StudyDate, study.date}, {tags::StudyTime, study.time}});
    EXPECT_EQ(matches(query(keys), stored), study.apart) << study.date << study.time;
    EXPECT_EQ(matches(query(keys, combined), stored), study.together) << study.date << study.time;
  }
}

TEST(MatchDates, OnlyTheSameFormOfRangeIsCombined) {
  QueryRules combined;
  combined.combined_date_time = true;
  const DataSet night = data_set({{tags::StudyDate, "20060706"}, {tags::StudyTime, "2200"}});
  const auto both = [&](const char* date, const char* time) {
    return matches(query({range(tags::StudyDate, date), range(tags::StudyTime, time)}, combined),
                   night);
  };
  EXPECT_TRUE(both("20060705-", "2300-"));
  EXPECT_TRUE(both("-20060707", "-0600"));
  EXPECT_FALSE(both("20060705-20060707", "2300-")) << "dates and times are compared apart";
  EXPECT_FALSE(both("20060705-", "-0600"));
  EXPECT_FALSE(matches(
      query({single(tags::StudyDate, "20060706"), range(tags::StudyTime, "1000-1800")}, combined),
      night));
}

TEST(MatchDates, PairsWithinItemsAreCombinedToo) {
  QueryRules combined;
  combined.combined_date_time = true;
  DataSet stored;
  stored.set_items(tags::ScheduledProcedureStepSequence,
                   {Item{data_set({{tags::ScheduledProcedureStepStartDate, "20060706"},
                                   {tags::ScheduledProcedureStepStartTime, "0300"}})}});
  const std::vector<QueryKey> keys{
      sequence(tags::ScheduledProcedureStepSequence,
               {range(tags::ScheduledProcedureStepStartDate, "20060705-20060707"),
                range(tags::ScheduledProcedureStepStartTime, "1000-1800")})};
  EXPECT_TRUE(matches(query(keys, combined), stored));
  EXPECT_FALSE(matches(query(keys), stored));
}

TEST(MatchDates, DatesAndTimesKnowEachOther) {
  EXPECT_EQ(time_of_date(tags::StudyDate), tags::StudyTime);
  EXPECT_EQ(date_of_time(tags::PerformedProcedureStepStartTime),
            tags::PerformedProcedureStepStartDate);
  EXPECT_EQ(time_of_date(tags::DateOfSecondaryCapture), tags::TimeOfSecondaryCapture);
  EXPECT_EQ(time_of_date(tags::PatientName), std::nullopt);
  EXPECT_EQ(time_of_date(tags::StudyTime), std::nullopt);
  EXPECT_EQ(date_of_time(tags::AcquisitionDateTime), std::nullopt);
}

/// A study at 23:30 in a zone an hour east of UTC, asked for from elsewhere.
struct Zones : ::testing::Test {
  DataSet study = data_set({{tags::StudyDate, "20200101"},
                            {tags::StudyTime, "2330"},
                            {tags::AcquisitionDateTime, "20200101233000"},
                            {tags::TimezoneOffsetFromUTC, "+0100"}});
  bool asked(std::vector<QueryKey> keys, std::optional<std::int16_t> zone, bool negotiated = true,
             bool combined = false) {
    Query one = query(std::move(keys));
    one.rules.timezone_adjustment = negotiated;
    one.rules.combined_date_time = combined;
    one.offset_minutes = zone;
    return matches(one, study);
  }
};

TEST_F(Zones, TimesMoveAndTakeTheirDatesAlong) {
  const std::int16_t east = 9 * 60;  // 07:30 on the second of January
  EXPECT_TRUE(asked({single(tags::StudyTime, "0730")}, east));
  EXPECT_FALSE(asked({single(tags::StudyTime, "2330")}, east));
  EXPECT_TRUE(asked({single(tags::StudyDate, "20200102")}, east));
  EXPECT_FALSE(asked({single(tags::StudyDate, "20200101")}, east));
  const std::int16_t west = -5 * 60;  // 17:30 on the first
  EXPECT_TRUE(asked({single(tags::StudyDate, "20200101"), single(tags::StudyTime, "1730")}, west));
  EXPECT_TRUE(asked({single(tags::AcquisitionDateTime, "20200101173000")}, west));
  EXPECT_TRUE(asked({single(tags::AcquisitionDateTime, "20200101223000+0000")}, west));
}

TEST_F(Zones, DatesMoveBackAcrossMidnight) {
  study.set_text(tags::StudyTime, "0030");
  EXPECT_TRUE(asked({single(tags::StudyDate, "20191231"), single(tags::StudyTime, "2330")}, 0));
}

TEST_F(Zones, CombinedRangesMoveToo) {
  const std::vector<QueryKey> keys{range(tags::StudyDate, "20200102-20200102"),
                                   range(tags::StudyTime, "0700-0800")};
  EXPECT_TRUE(asked(keys, 9 * 60, true, true));
  EXPECT_FALSE(asked(keys, 60, true, true));
}

TEST_F(Zones, NothingMovesUnlessNegotiatedAndKnown) {
  EXPECT_TRUE(asked({single(tags::StudyTime, "2330")}, 9 * 60, false));
  EXPECT_TRUE(asked({single(tags::StudyTime, "2330")}, std::nullopt));
  study.erase(tags::TimezoneOffsetFromUTC);
  EXPECT_TRUE(asked({single(tags::StudyTime, "2330")}, 9 * 60));
  study.set_text(tags::TimezoneOffsetFromUTC, "CET");
  EXPECT_TRUE(asked({single(tags::StudyTime, "2330")}, 9 * 60));
}

TEST_F(Zones, ADateWithoutTimeStays) {
  study.erase(tags::StudyTime);
  EXPECT_TRUE(asked({single(tags::StudyDate, "20200101")}, 9 * 60));
}

TEST(MatchDates, ReadsOffsets) {
  EXPECT_EQ(parse_offset("+0100"), 60);
  EXPECT_EQ(parse_offset("-0930 "), -570);
  EXPECT_EQ(parse_offset("0100"), std::nullopt);
  EXPECT_EQ(parse_offset("+01"), std::nullopt);
  EXPECT_EQ(parse_offset("+2500"), std::nullopt);
  EXPECT_EQ(parse_offset("01+0100"), std::nullopt);
  EXPECT_EQ(parse_offset(""), std::nullopt);
}

}  // namespace
}  // namespace pacs::storage
