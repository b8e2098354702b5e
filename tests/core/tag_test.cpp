#include "core/tag.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace pacs {
namespace {

TEST(Tag, PrintsAsDcmdumpDoes) {
  EXPECT_EQ(Tag(0x0010, 0x0010).to_string(), "(0010,0010)");
  EXPECT_EQ(kPixelData.to_string(), "(7fe0,0010)");
}

TEST(Tag, ReadsEveryWayPeopleWriteIt) {
  for (const char* text : {"(7fe0,0010)", "7FE0,0010", "7fe00010"}) {
    EXPECT_EQ(Tag::parse(text), kPixelData) << text;
  }
}

TEST(Tag, RefusesWhatIsNoTag) {
  for (const char* text : {"", "7fe0", "7fe0 0010", "(7fe0,0010", "7fe0,00100", "7fg0,0010",
                           "+fe00010", "(7fe0,0010)x", "0x7fe00010", "7fe0,-010"}) {
    EXPECT_EQ(Tag::parse(text), std::nullopt) << text;
  }
}

TEST(Tag, PrintedTextReadsBack) {
  for (const std::uint32_t value : {0U, 0x00080005U, 0xFFFEE000U, 0xFFFFFFFFU, 0x0029'1010U}) {
    EXPECT_EQ(Tag::parse(Tag{value}.to_string()), Tag{value});
  }
}

TEST(Tag, KnowsPrivateGroupsAndTheirCreators) {
  EXPECT_FALSE(Tag(0x0028, 0x0010).is_private());
  EXPECT_TRUE(Tag(0x0029, 0x1010).is_private());
  EXPECT_FALSE(Tag(0x0029, 0x1010).is_private_creator());
  EXPECT_TRUE(Tag(0x0029, 0x0010).is_private_creator());
  EXPECT_TRUE(Tag(0x0029, 0x00FF).is_private_creator());
  EXPECT_FALSE(Tag(0x0029, 0x0100).is_private_creator());
  EXPECT_FALSE(Tag(0x0029, 0x000F).is_private_creator());
  EXPECT_TRUE(Tag(0x0008, 0x0000).is_group_length());
}

TEST(Tag, OrdersByGroupThenElement) {
  EXPECT_LT(Tag(0x0008, 0xFFFF), Tag(0x0010, 0x0000));
  EXPECT_LT(Tag(0x0010, 0x0010), Tag(0x0010, 0x0020));
  const std::unordered_set<Tag> set{kItem, kPixelData, kItem};
  EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace pacs
