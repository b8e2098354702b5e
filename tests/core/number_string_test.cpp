#include "core/number_string.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <random>

namespace pacs {
namespace {

TEST(DecimalString, ReadsFixedAndFloatingForms) {
  EXPECT_EQ(parse_decimal_string("0"), 0.0);
  EXPECT_EQ(parse_decimal_string(" -1.5 "), -1.5);
  EXPECT_EQ(parse_decimal_string("+1.5E+3"), 1500.0);
  EXPECT_EQ(parse_decimal_string(".5"), 0.5);
  EXPECT_EQ(parse_decimal_string("5."), 5.0);
  EXPECT_EQ(parse_decimal_string("1e-5"), 1e-5);
}

TEST(DecimalString, RefusesWhatTheStandardDoes) {
  for (const char* text :
       {"", " ", "abc", "1,5", "1 5", "inf", "nan", "-inf", "0x1p3", "++1", "+-1", "1e", "e5", "-",
        "+", ".", "1.2.3", "12345678901234567", "1e400"}) {
    EXPECT_FALSE(parse_decimal_string(text)) << text;
  }
}

TEST(DecimalString, WritesTheShortestTextThatReadsBack) {
  EXPECT_EQ(format_decimal_string(0.1), "0.1");
  EXPECT_EQ(format_decimal_string(-2.5), "-2.5");
  EXPECT_EQ(format_decimal_string(512), "512");
  EXPECT_EQ(format_decimal_string(std::nan("")), "");
  EXPECT_EQ(format_decimal_string(-std::numeric_limits<double>::infinity()), "");
}

TEST(DecimalString, FitsSixteenBytesWhateverTheNumber) {
  std::mt19937_64 random{1};
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const std::string text = format_decimal_string(number);
    ASSERT_LE(text.size(), kDecimalStringBytesMax) << text;
    const auto back = parse_decimal_string(text);
    if (std::abs(number) < 1e308 && std::abs(number) > 1e-300) {
      ASSERT_TRUE(back) << text;
      ASSERT_NEAR(*back, number, std::abs(number) * 1e-7) << text;
    }
  }
}

TEST(DecimalString, DoesNotDependOnTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* locale : {"de_DE.UTF-8", "ko_KR.UTF-8", "C"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    EXPECT_EQ(parse_decimal_string("1.5"), 1.5);
    EXPECT_EQ(format_decimal_string(1.5), "1.5");
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST(IntegerString, ReadsThirtyTwoBits) {
  EXPECT_EQ(parse_integer_string(" 12 "), 12);
  EXPECT_EQ(parse_integer_string("+7"), 7);
  EXPECT_EQ(parse_integer_string("-2147483648"), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(parse_integer_string("2147483647"), std::numeric_limits<std::int32_t>::max());
  for (const char* text :
       {"", "2147483648", "1.0", "abc", "1 2", "--1", "+-1", "1e3", "1234567890123"}) {
    EXPECT_FALSE(parse_integer_string(text)) << text;
  }
}

TEST(LenientIntegers, TakeWhatRealObjectsCarry) {
  EXPECT_EQ(read_integer("12.000"), 12);
  EXPECT_EQ(read_integer("4294967296"), 4294967296);
  EXPECT_FALSE(read_integer("12.5"));
  EXPECT_FALSE(read_integer("99999999999999999999"));
}

}  // namespace
}  // namespace pacs
