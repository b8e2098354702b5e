#include "web/http/path_segment.h"

#include <gtest/gtest.h>

#include "web/http/request_target.h"

namespace pacs::web {
namespace {

TEST(PathSegment, SlashTildeAndDotsAreWrittenOtherwise) {
  EXPECT_EQ(segment_of("A/B"), "A~1B");
  EXPECT_EQ(segment_of("~"), "~0");
  EXPECT_EQ(segment_of("1.2.3"), "1.2.3");
  EXPECT_EQ(segment_of(".."), "~2.");
}

TEST(PathSegment, AnyTextComesThroughAPath) {
  for (const std::string text :
       {"CT1", "A/B", ".", "..", "~1", "~", "a~", "~~2", "x y%", "1.2", "/"}) {
    const auto target = parse_target("/api/" + segment_of(text) + "/echo");
    ASSERT_TRUE(target) << text;
    ASSERT_EQ(target->segments.size(), 3U) << text;
    EXPECT_EQ(text_of_segment(target->segments[1]), text);
  }
}

}  // namespace
}  // namespace pacs::web
