#include "core/age_string.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

TEST(Age, ReadsThreeDigitsAndAUnit) {
  EXPECT_EQ(Age::parse("018M"), (Age{18, Age::Unit::Months}));
  EXPECT_EQ(Age::parse("000D"), (Age{0, Age::Unit::Days}));
  EXPECT_EQ(Age::parse("999Y")->to_string(), "999Y");
  for (const char* text : {"", "18M", "0018M", "018m", "018X", "01 M", "M018"})
    EXPECT_FALSE(Age::parse(text)) << text;
}

TEST(Age, IsSaidInTheUnitThatFits) {
  const Date birth{2000, 2, 29};
  EXPECT_EQ(Age::between(birth, {2000, 2, 29})->to_string(), "000D");
  EXPECT_EQ(Age::between(birth, {2000, 3, 13})->to_string(), "013D");
  EXPECT_EQ(Age::between(birth, {2000, 3, 31})->to_string(), "004W");
  EXPECT_EQ(Age::between(birth, {2000, 4, 29})->to_string(), "002M");
  EXPECT_EQ(Age::between(birth, {2002, 2, 28})->to_string(), "023M");
  EXPECT_EQ(Age::between(birth, {2002, 3, 1})->to_string(), "002Y");
  EXPECT_EQ(Age::between({1, 1, 1}, {2000, 1, 1})->to_string(), "999Y");
  EXPECT_EQ(Age::between(birth, {1999, 1, 1}).error().kind, ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace pacs
