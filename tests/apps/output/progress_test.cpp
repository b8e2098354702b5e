#include "apps/output/progress.h"

#include <gtest/gtest.h>

namespace pacs::apps {
namespace {

TEST(ProgressTest, BytesAreGivenInTheUnitAPersonReads) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(210'123'456), "210.1 MB");
  EXPECT_EQ(human_bytes(4e12), "4.0 TB");
}

TEST(ProgressTest, SecondsAreRoundedUpAndGrowToHours) {
  EXPECT_EQ(human_seconds(0), "0:00");
  EXPECT_EQ(human_seconds(2.1), "0:03");
  EXPECT_EQ(human_seconds(65), "1:05");
  EXPECT_EQ(human_seconds(3723), "1:02:03");
  EXPECT_EQ(human_seconds(-5), "0:00");
}

TEST(ProgressTest, DrawsCountsABarAndWhatFailedWhereItIsShown) {
  testing::internal::CaptureStderr();
  {
    Progress progress{"storing", 4, true};
    progress.update(1, 1000, 1);
  }
  const std::string drawn = testing::internal::GetCapturedStderr();
  EXPECT_NE(drawn.find("storing [######------------------]  25%  1/4"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("1 failed"), std::string::npos) << drawn;
  EXPECT_TRUE(drawn.ends_with("\r\033[K")) << "the line is taken away at the end";
}

TEST(ProgressTest, WithoutATotalItSaysHowManySoFar) {
  testing::internal::CaptureStderr();
  {
    Progress progress{"importing", std::nullopt, true};
    progress.update(180, 1000, 0);
  }
  const std::string drawn = testing::internal::GetCapturedStderr();
  EXPECT_NE(drawn.find("importing  180 so far"), std::string::npos) << drawn;
}

TEST(ProgressTest, WritesNothingWhereNobodyWatches) {
  testing::internal::CaptureStderr();
  {
    Progress progress{"storing", 4, false};
    progress.update(1, 1000, 0);
    progress.clear();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ProgressTest, ManyUpdatesAreDrawnFewTimes) {
  testing::internal::CaptureStderr();
  {
    Progress progress{"storing", 100'000, true};
    for (std::uint64_t i = 0; i < 100'000; ++i) progress.update(i, i, 0);
  }
  EXPECT_LT(testing::internal::GetCapturedStderr().size(), 20'000U);
}

}  // namespace
}  // namespace pacs::apps
