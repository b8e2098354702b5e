#include "web/api/json_array.h"

#include <gmock/gmock.h>

namespace pacs::web {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonArray, ElementsComeAsTheyWereWritten) {
  EXPECT_THAT(*split_json_array(" [ {\"a\":1.50} ,[2, 3],\n\"x\" ] "),
              ElementsAre("{\"a\":1.50}", "[2, 3]", "\"x\""));
  EXPECT_THAT(*split_json_array("[]"), IsEmpty());
  EXPECT_THAT(*split_json_array("[ ]"), IsEmpty());
}

TEST(JsonArray, WhatIsNoArrayIsItsOwnElement) {
  EXPECT_THAT(*split_json_array(" {\"a\":[1,2]} "), ElementsAre("{\"a\":[1,2]}"));
  EXPECT_THAT(*split_json_array(""), ElementsAre(""));
}

TEST(JsonArray, BracketsAndCommasInStringsAreText) {
  EXPECT_THAT(*split_json_array(R"([{"a":"]},["},{"b":"\"],"}])"),
              ElementsAre(R"({"a":"]},["})", R"({"b":"\"],"})"));
}

TEST(JsonArray, AnArrayThatIsNotWholeIsMalformed) {
  for (const char* text : {"[", "[{}", "[{},", "[{}] {}", "[{},]", "[,{}]", "[{}}", "[\"a]"}) {
    EXPECT_FALSE(split_json_array(text)) << text;
  }
}

}  // namespace
}  // namespace pacs::web
