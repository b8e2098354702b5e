#include "web/http/byte_range.h"

#include <gtest/gtest.h>

namespace pacs::web {
namespace {

using RangeKind = RangeRequest::Kind;

RangeRequest asked(std::string_view range, std::uint64_t size) {
  return requested_ranges({{"range", std::string(range)}}, size);
}

struct RangeCase {
  std::string_view range;
  std::vector<ByteRange> ranges;
};

TEST(ByteRange, RangesLieWithinTheRepresentation) {
  for (const RangeCase& c :
       std::initializer_list<RangeCase>{{"bytes=0-0", {{0, 1}}},
                                        {"bytes=0-99", {{0, 100}}},
                                        {"Bytes = 10-", {{10, 90}}},
                                        {"bytes=90-200", {{90, 10}}},
                                        {"bytes=99-18446744073709551615", {{99, 1}}},
                                        {"bytes=99-99999999999999999999999", {{99, 1}}},
                                        {"bytes=-1", {{99, 1}}},
                                        {"bytes=-1000", {{0, 100}}},
                                        {"bytes=0-9, 20-29,,-10", {{0, 10}, {20, 10}, {90, 10}}},
                                        {"bytes=50-59,0-9", {{50, 10}, {0, 10}}},
                                        {"bytes=500-,1-2", {{1, 2}}}}) {
    const auto request = asked(c.range, 100);
    EXPECT_EQ(request.kind, RangeKind::Parts) << c.range;
    EXPECT_EQ(request.ranges, c.ranges) << c.range;
  }
}

TEST(ByteRange, WhatNobodyCanGiveIsUnsatisfiable) {
  for (const std::string_view range :
       {"bytes=100-", "bytes=100-200,300-", "bytes=-0", "bytes=99999999999999999999-", "bytes="}) {
    EXPECT_EQ(asked(range, 100), RangeRequest{.kind = RangeKind::Unsatisfiable}) << range;
  }
  EXPECT_EQ(asked("bytes=0-", 0).kind, RangeKind::Unsatisfiable);
  EXPECT_EQ(asked("bytes=-5", 0).kind, RangeKind::Unsatisfiable);
}

TEST(ByteRange, WhatIsNoRangeOrTooMuchIsIgnored) {
  EXPECT_EQ(requested_ranges({}, 100), RangeRequest{});
  std::string many = "bytes=0-0";
  for (int i = 0; i < 64; ++i) many += ",0-0";
  std::string hopeless = "bytes=200-";
  for (int i = 0; i < 128; ++i) hopeless += ",200-";
  for (const std::string_view range : std::initializer_list<std::string_view>{
           "items=0-1", "bytes", "bytes=a-b", "bytes=5", "bytes=9-8", "bytes=0-1;2-3",
           "bytes=0x1-2", "bytes=-", "bytes=0-1 2-3", "bytes=0-,0-0", "bytes=0-99,0-99", many,
           hopeless}) {
    EXPECT_EQ(asked(range, 100), RangeRequest{}) << range;
  }
}

TEST(ByteRange, ContentRangeSaysWhatIsGivenOfHowMuch) {
  EXPECT_EQ(content_range({0, 500}, 1234), "bytes 0-499/1234");
  EXPECT_EQ(unsatisfied_content_range(1234), "bytes */1234");
}

}  // namespace
}  // namespace pacs::web
