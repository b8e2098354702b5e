#include "core/date_time.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

TEST(Date, ReadsTheStandardAndTheOldForm) {
  EXPECT_EQ(Date::parse("19930822"), (Date{1993, 8, 22}));
  EXPECT_EQ(Date::parse("1993.08.22"), (Date{1993, 8, 22}));
  EXPECT_EQ(Date::parse("20240229 "), (Date{2024, 2, 29}));
  EXPECT_EQ(Date{}.to_string(), "00010101");
}

TEST(Date, RefusesWhatIsOnNoCalendar) {
  for (const char* text :
       {"", "1993", "199308", "19931301", "19930001", "19930832", "20230229", "19000229",
        "1993-08-22", "1993.0822", "199308.22", "19930822x", "today", "+9930822"}) {
    const auto date = Date::parse(text);
    ASSERT_FALSE(date) << text;
    EXPECT_EQ(date.error().kind, ErrorKind::Malformed);
  }
}

TEST(Date, CountsDaysBothWaysOverFourCenturies) {
  EXPECT_EQ((Date{1970, 1, 1}.days()), 0);
  EXPECT_EQ((Date{2000, 3, 1}.days()), 11017);
  for (std::int32_t day = -700'000; day < 200'000; day += 1) {
    const Date date = Date::from_days(day);
    ASSERT_EQ(date.days(), day) << date.to_string();
  }
}

TEST(Date, OrdersAsTimePasses) {
  EXPECT_LT((Date{1999, 12, 31}), (Date{2000, 1, 1}));
  EXPECT_LT((Date{2000, 1, 31}), (Date{2000, 2, 1}));
}

TEST(Time, ReadsEveryPrecision) {
  EXPECT_EQ(Time::parse("070907.0705")->microsecond, 70500U);
  EXPECT_EQ(Time::parse("070907.0705")->to_string(), "070907.0705");
  EXPECT_EQ(Time::parse("1010")->precision, Precision::Minute);
  EXPECT_EQ(Time::parse("10")->precision, Precision::Hour);
  EXPECT_EQ(Time::parse("10")->to_string(), "10");
  EXPECT_EQ(Time::parse("235960")->second, 60) << "a leap second";
  EXPECT_EQ(Time::parse("10:20:30.5")->to_string(), "102030.5");
  EXPECT_EQ(Time::parse("101010 ")->to_string(), "101010");
}

TEST(Time, RefusesWhatNoClockShows) {
  for (const char* text : {"", "1", "24", "2360", "235961", "101", "10101", "101010.",
                           "101010.1234567", "10:1010", "10.5", "1010.5", "ab"}) {
    EXPECT_FALSE(Time::parse(text)) << text;
  }
}

TEST(Time, SpansAllItMayMean) {
  const Time hour = Time::parse("10").value();
  EXPECT_EQ(hour.first_us(), 36'000'000'000);
  EXPECT_EQ(hour.last_us(), 39'599'999'999);
  const Time tenth = Time::parse("000000.5").value();
  EXPECT_EQ(tenth.first_us(), 500'000);
  EXPECT_EQ(tenth.last_us(), 599'999);
  const Time exact = Time::parse("000000.123456").value();
  EXPECT_EQ(exact.first_us(), exact.last_us());
}

// PS3.5 Table 6.2-1, DT.
TEST(DateTime, ReadsEveryPrecisionWithAndWithoutOffset) {
  for (const char* text : {"2007", "200703", "20070310", "2007031012", "200703101230",
                           "20070310123045", "20070310123045.123456", "20070310123045.1-0500",
                           "2007+0900", "20070310+1400", "20070310-1200"}) {
    const auto value = DateTime::parse(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->to_string(), text);
  }
  EXPECT_EQ(DateTime::parse("20070310123045.1-0530")->offset_minutes, -330);
}

TEST(DateTime, RefusesOffsetsBeyondTheEarthAndMinusZero) {
  for (const char* text : {"2007-0000", "2007-1201", "2007+1401", "2007+05", "2007+0560",
                           "20071301", "20070230", "2007031", "2007Z", "", "2007 +0100"}) {
    EXPECT_FALSE(DateTime::parse(text)) << text;
  }
}

TEST(DateTime, ComparesInUniversalTime) {
  const auto berlin = DateTime::parse("20200101010000+0100").value();
  const auto london = DateTime::parse("20200101000000+0000").value();
  EXPECT_EQ(berlin.first_us(), london.first_us());
  const auto naive = DateTime::parse("20200101010000").value();
  EXPECT_EQ(naive.first_us(60), london.first_us());
}

TEST(DateTime, SpansAllItMayMean) {
  const auto leap_year = DateTime::parse("2020").value();
  EXPECT_EQ(leap_year.last_us() - leap_year.first_us() + 1, 366 * 86'400'000'000LL);
  const auto february = DateTime::parse("202302").value();
  EXPECT_EQ(february.last_us() - february.first_us() + 1, 28 * 86'400'000'000LL);
  const auto day = DateTime::parse("20230201").value();
  EXPECT_EQ(day.last_us() - day.first_us() + 1, 86'400'000'000LL);
  const auto minute = DateTime::parse("202302011200").value();
  EXPECT_EQ(minute.last_us() - minute.first_us() + 1, 60'000'000LL);
}

TEST(DateRange, HasOpenEnds) {
  const Date first{1993, 1, 1};
  const Date last{1993, 12, 31};
  EXPECT_EQ(parse_date_range("19930101-19931231"), (Range<Date>{first, last}));
  EXPECT_EQ(parse_date_range("19930101-"), (Range<Date>{first, std::nullopt}));
  EXPECT_EQ(parse_date_range("-19931231"), (Range<Date>{std::nullopt, last}));
  EXPECT_EQ(parse_date_range("19930101"), (Range<Date>{first, first}));
  EXPECT_EQ(parse_date_range("19930101 - 19931231 "), (Range<Date>{first, last}));
  for (const char* text : {"", "-", "19930101--19931231", "1993-1994", "19930101-x"}) {
    EXPECT_FALSE(parse_date_range(text)) << text;
  }
}

TEST(TimeRange, HasOpenEnds) {
  EXPECT_EQ(parse_time_range("10-12")->last->hour, 12);
  EXPECT_FALSE(parse_time_range("1030-")->last.has_value());
  EXPECT_FALSE(parse_time_range("-"));
}

TEST(DateTimeRange, TellsAnOffsetFromAHyphen) {
  const auto single = parse_date_time_range("20200101-0500").value();
  EXPECT_EQ(single.first, single.last);
  EXPECT_EQ(single.first->offset_minutes, -300);
  const auto years = parse_date_time_range("2010-2020").value();
  EXPECT_EQ(years.first->date.year, 2010);
  EXPECT_EQ(years.last->date.year, 2020);
  const auto both = parse_date_time_range("20200101-0500-20200102-0500").value();
  EXPECT_EQ(both.first->offset_minutes, -300);
  EXPECT_EQ(both.last->to_string(), "20200102-0500");
  const auto from = parse_date_time_range("20200101-0500-").value();
  EXPECT_EQ(from.first->to_string(), "20200101-0500");
  EXPECT_FALSE(from.last.has_value());
  EXPECT_EQ(parse_date_time_range("-2020")->last->to_string(), "2020");
  for (const char* text : {"", "-", "--", "2020--2021", "x-2020"}) {
    EXPECT_FALSE(parse_date_time_range(text)) << text;
  }
}

}  // namespace
}  // namespace pacs
