#include "core/person_name.h"

#include <gtest/gtest.h>

namespace pacs {
namespace {

// PS3.5 §6.2.1.1, example: "Rev. John Robert Quincy Adams, B.A. M.Div."
TEST(PersonName, ReadsTheStandardsExample) {
  const auto name = PersonName::parse("Adams^John Robert Quincy^^Rev.^B.A. M.Div.");
  EXPECT_EQ(name.alphabetic.family, "Adams");
  EXPECT_EQ(name.alphabetic.given, "John Robert Quincy");
  EXPECT_EQ(name.alphabetic.middle, "");
  EXPECT_EQ(name.alphabetic.prefix, "Rev.");
  EXPECT_EQ(name.alphabetic.suffix, "B.A. M.Div.");
  EXPECT_EQ(name.alphabetic.formatted(), "Rev. John Robert Quincy Adams, B.A. M.Div.");
}

// PS3.5 §H.3.1
TEST(PersonName, ReadsThreeWritingsOfOneName) {
  const auto name = PersonName::parse("Yamada^Tarou=山田^太郎=やまだ^たろう");
  EXPECT_EQ(name.alphabetic.family, "Yamada");
  EXPECT_EQ(name.ideographic.given, "太郎");
  EXPECT_EQ(name.phonetic.to_string(), "やまだ^たろう");
  EXPECT_EQ(name.to_string(), "Yamada^Tarou=山田^太郎=やまだ^たろう");
}

TEST(PersonName, LeavesOutWhatIsEmptyAtTheEndOnly) {
  EXPECT_EQ(PersonName::parse("Doe^John^^^").to_string(), "Doe^John");
  EXPECT_EQ(PersonName::parse("^John").to_string(), "^John");
  EXPECT_EQ(PersonName::parse("=山田==").to_string(), "=山田");
  EXPECT_EQ(PersonName::parse("^^^^").to_string(), "");
  EXPECT_TRUE(PersonName::parse("^^=^").empty());
  EXPECT_EQ(PersonName::parse(" Doe ^ John ").to_string(), "Doe^John");
}

TEST(PersonName, KeepsWhatIsBeyondTheStandardsComponents) {
  EXPECT_EQ(PersonName::parse("a^b^c^d^e^f").alphabetic.suffix, "e^f");
  EXPECT_EQ(PersonName::parse("a^b^c^d^e^f").to_string(), "a^b^c^d^e^f");
  EXPECT_EQ(PersonName::parse("a=b=c=d").to_string(), "a=b=c=d");
}

TEST(PersonName, FormatsWhatThereIs) {
  EXPECT_EQ(PersonName::parse("Doe").alphabetic.formatted(), "Doe");
  EXPECT_EQ(PersonName::parse("^^^^PhD").alphabetic.formatted(), "PhD");
  EXPECT_EQ(PersonName::parse("").alphabetic.formatted(), "");
}

}  // namespace
}  // namespace pacs
