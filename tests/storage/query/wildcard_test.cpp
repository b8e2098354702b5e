#include "storage/query/wildcard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

namespace pacs::storage {
namespace {

TEST(Wildcard, StarsAndQuestionMarks) {
  EXPECT_TRUE(wildcard_matches("", ""));
  EXPECT_TRUE(wildcard_matches("*", ""));
  EXPECT_TRUE(wildcard_matches("**", "abc"));
  EXPECT_TRUE(wildcard_matches("CT", "CT"));
  EXPECT_TRUE(wildcard_matches("C*", "CT"));
  EXPECT_TRUE(wildcard_matches("*T", "CT"));
  EXPECT_TRUE(wildcard_matches("*MITH*", "SMITHERS"));
  EXPECT_TRUE(wildcard_matches("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(wildcard_matches("?T", "CT"));
  EXPECT_TRUE(wildcard_matches("*?", "x"));
  EXPECT_FALSE(wildcard_matches("*?", ""));
  EXPECT_FALSE(wildcard_matches("", "a"));
  EXPECT_FALSE(wildcard_matches("C?", "C"));
  EXPECT_FALSE(wildcard_matches("C*T", "CTX"));
  EXPECT_FALSE(wildcard_matches("a*b*c", "a-b-b"));
  EXPECT_FALSE(wildcard_matches("ct", "CT")) << "this matching is case sensitive";
}

TEST(Wildcard, WhatDatabasesTakeForWildcardsIsText) {
  EXPECT_FALSE(wildcard_matches("a%", "abc"));
  EXPECT_FALSE(wildcard_matches("a_c", "abc"));
  EXPECT_FALSE(wildcard_matches("[a-c]", "b"));
  EXPECT_TRUE(wildcard_matches("*%_[\\*", "100%_[\\]"));
}

TEST(Wildcard, QuestionMarkIsOneCharacterNotOneByte) {
  EXPECT_TRUE(wildcard_matches("?", "é"));
  EXPECT_TRUE(wildcard_matches("M?ller", "Müller"));
  EXPECT_TRUE(wildcard_matches("??", "山田"));
  EXPECT_FALSE(wildcard_matches("???", "山田"));
  EXPECT_TRUE(wildcard_matches("?", "\xF0\x9F\x98\x80"));
  EXPECT_FALSE(wildcard_matches("??", "\xF0\x9F\x98\x80"));
}

TEST(Wildcard, TakesWhatIsNotUtf8) {
  EXPECT_TRUE(wildcard_matches("?", "\xFF"));
  EXPECT_TRUE(wildcard_matches("*\x80*", "\x80\x80"));
  EXPECT_FALSE(wildcard_matches("?????", "\xC3"));
}

/// The definition, letter by letter: what the fast one must equal.
bool by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return by_definition(pattern.substr(1), text) ||
           (!text.empty() && by_definition(pattern, text.substr(1)));
  }
  if (text.empty() || (pattern.front() != '?' && pattern.front() != text.front())) return false;
  return by_definition(pattern.substr(1), text.substr(1));
}

TEST(Wildcard, EqualsItsDefinition) {
  std::mt19937 random{2};
  const auto word = [&](std::string_view letters, std::size_t longest) {
    std::string result(random() % (longest + 1), ' ');
    for (char& letter : result) letter = letters[random() % letters.size()];
    return result;
  };
  for (int round = 0; round < 50'000; ++round) {
    const std::string pattern = word("ab*?", 8);
    const std::string text = word("ab", 10);
    ASSERT_EQ(wildcard_matches(pattern, text), by_definition(pattern, text))
        << pattern << " " << text;
  }
}

TEST(Wildcard, LongPatternsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 5'000; ++i) pattern += "*?";
  const std::string text(10'000, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(wildcard_matches(pattern, text));
  EXPECT_FALSE(wildcard_matches(pattern + "b", text));
  std::string worst;
  for (int i = 0; i < 100; ++i) worst += "*" + std::string(50, 'a');
  EXPECT_FALSE(wildcard_matches(worst + "b", text));
  EXPECT_FALSE(wildcard_matches("*" + std::string(5'000, 'a') + "b", text));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});  // not for ever
}

}  // namespace
}  // namespace pacs::storage
