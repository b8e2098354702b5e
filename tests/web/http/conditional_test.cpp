#include "web/http/conditional.h"

#include <ctime>

#include <gtest/gtest.h>

#include "web/http/http_date.h"

namespace pacs::web {
namespace {

constexpr std::int64_t kThen = 784'111'777;  // RFC 9110 §5.6.7
constexpr const char* kThenText = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";

const Validators kValidators{.etag = "\"abc\"", .last_modified_s = kThen};

TEST(HttpDate, ThreeFormsAreReadAndOneIsWritten) {
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text), kThen) << text;
  }
  EXPECT_EQ(http_date(kThen), kThenText);
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{951'782'400},
                                     std::int64_t{4'102'444'799}, std::int64_t{-1}}) {
    EXPECT_EQ(parse_http_date(http_date(seconds)), seconds);
  }
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Validators, NothingWasChangedLaterThanNow) {
  const std::int64_t before = std::time(nullptr);
  const Fields fields = Validators{.last_modified_s = before + 1000}.fields();
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].first, "Last-Modified");
  const auto said = parse_http_date(fields[0].second);
  EXPECT_GE(said, before);
  EXPECT_LE(said, std::time(nullptr));
}

TEST(HttpDate, AnythingElseIsNone) {
  for (const std::string_view text :
       {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 8:49 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT x", "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 99999 08:49:37 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

struct ConditionCase {
  Fields headers;
  Precondition outcome;
};

TEST(Conditional, AClientThatHasItIsToldSo) {
  using enum Precondition;
  for (const ConditionCase& c : std::initializer_list<ConditionCase>{
           {{}, Met},
           {{{"If-None-Match", "\"abc\""}}, NotModified},
           {{{"if-none-match", "W/\"abc\""}}, NotModified},
           {{{"If-None-Match", "\"x\" , \"abc\""}}, NotModified},
           {{{"If-None-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}, NotModified},
           {{{"If-None-Match", "*"}}, NotModified},
           {{{"If-None-Match", "\"x\""}}, Met},
           {{{"If-None-Match", "abc"}}, Met},
           {{{"If-None-Match", "\"abc"}}, Met},
           {{{"If-None-Match", "\"a,\"abc\""}}, Met},
           {{{"If-Modified-Since", kThenText}}, NotModified},
           {{{"If-Modified-Since", kBefore}}, Met},
           {{{"If-Modified-Since", "a while ago"}}, Met},
           {{{"If-None-Match", "\"x\""}, {"If-Modified-Since", kThenText}}, Met},
           {{{"If-Match", "\"abc\""}}, Met},
           {{{"If-Match", "*"}}, Met},
           {{{"If-Match", "W/\"abc\""}}, Failed},
           {{{"If-Match", "\"x\""}}, Failed},
           {{{"If-Unmodified-Since", kThenText}}, Met},
           {{{"If-Unmodified-Since", kBefore}}, Failed},
           {{{"If-Match", "\"abc\""}, {"If-Unmodified-Since", kBefore}}, Met},
           {{{"If-Match", "\"abc\""}, {"If-None-Match", "\"abc\""}}, NotModified}}) {
    EXPECT_EQ(check_preconditions(c.headers, kValidators), c.outcome)
        << (c.headers.empty() ? "none" : c.headers.front().second);
  }
  EXPECT_EQ(check_preconditions({{"If-None-Match", "\"abc\""}}, {}), Precondition::Met);
  EXPECT_EQ(check_preconditions({{"If-Modified-Since", kThenText}}, {}), Precondition::Met);
}

TEST(Conditional, ARangeOfSomethingElseIsNotGiven) {
  EXPECT_TRUE(range_applies({}, kValidators));
  EXPECT_TRUE(range_applies({{"If-Range", "\"abc\""}}, kValidators));
  EXPECT_TRUE(range_applies({{"If-Range", kThenText}}, kValidators));
  EXPECT_FALSE(range_applies({{"If-Range", "\"x\""}}, kValidators));
  EXPECT_FALSE(range_applies({{"If-Range", "W/\"abc\""}}, kValidators));
  EXPECT_FALSE(range_applies({{"If-Range", kBefore}}, kValidators));
  EXPECT_FALSE(range_applies({{"If-Range", "\"abc\""}}, {}));
}

TEST(Conditional, ValidatorsAreSaidInTheirFields) {
  EXPECT_EQ(kValidators.fields(), (Fields{{"ETag", "\"abc\""}, {"Last-Modified", kThenText}}));
  EXPECT_TRUE(Validators{}.fields().empty());
  EXPECT_EQ(strong_etag("1f"), "\"1f\"");
}

}  // namespace
}  // namespace pacs::web
