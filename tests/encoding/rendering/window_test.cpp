#include "encoding/rendering/window.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

TEST(Window, IsLinearAsTheStandardsExampleHasIt) {
  // PS3.3 §C.11.2.1.2.1: c = 2048, w = 4096 maps 0 to ymin and 4095 to ymax.
  const Window window{2048, 4096};
  EXPECT_EQ(window.shade(0), 0);
  EXPECT_EQ(window.shade(4095), 1);
  EXPECT_DOUBLE_EQ(window.shade(2047.5), 0.5);
  EXPECT_EQ(window.shade(-1), 0);
  EXPECT_EQ(window.shade(5000), 1);
}

TEST(Window, OfWidth1IsAStep) {
  // "c = 0, w = 1: x <= -0.5 gives ymin, else ymax".
  const Window window{0, 1};
  EXPECT_EQ(window.shade(-1), 0);
  EXPECT_EQ(window.shade(-0.5), 0);
  EXPECT_EQ(window.shade(0), 1);
}

TEST(Window, TakesItsWidthExactlyWhenSaidSo) {
  const Window window{127, 254, VoiFunction::LinearExact};
  EXPECT_EQ(window.shade(0), 0);
  EXPECT_DOUBLE_EQ(window.shade(127), 0.5);
  EXPECT_EQ(window.shade(254), 1);
}

TEST(Window, FollowsTheSigmoid) {
  const Window window{100, 40, VoiFunction::Sigmoid};
  EXPECT_DOUBLE_EQ(window.shade(100), 0.5);
  EXPECT_NEAR(window.shade(110), 0.7310586, 1e-6);  // 1 / (1 + e^-1)
  EXPECT_NEAR(window.shade(-1e9), 0, 1e-9);
}

TEST(Window, SpreadsJustTheValuesItIsMadeOver) {
  const Window window = window_over(-1000, 3000);
  EXPECT_EQ(window.shade(-1000), 0);
  EXPECT_DOUBLE_EQ(window.shade(0), 0.25);
  EXPECT_EQ(window.shade(3000), 1);
  EXPECT_EQ(window_over(7, 7).shade(7), 0);
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(window_over(-most, most).shade(0), 0.5);
}

TEST(Window, IsReadWithItsFunction) {
  DataSet set;
  Departures met;
  EXPECT_FALSE(read_window(set, 0, met)->has_value());
  set.set_text(tags::WindowCenter, VR::DS, "40\\-600");
  EXPECT_FALSE(read_window(set, 0, met)->has_value());
  set.set_text(tags::WindowWidth, VR::DS, "400\\1600");
  EXPECT_EQ((*read_window(set, 0, met))->center, 40);
  EXPECT_EQ((*read_window(set, 1, met))->width, 1600);
  EXPECT_FALSE(read_window(set, 2, met)->has_value());
  set.set_text(tags::VOILUTFunction, VR::CS, "SIGMOID");
  EXPECT_EQ((*read_window(set, 0, met))->function, VoiFunction::Sigmoid);
  set.set_text(tags::VOILUTFunction, VR::CS, "ROUND");
  EXPECT_EQ(read_window(set, 0, met).error().tag, tags::VOILUTFunction);
}

TEST(Window, OfNoWidthNamesTheAttribute) {
  DataSet set;
  Departures met;
  set.set_text(tags::WindowCenter, VR::DS, "40");
  for (const std::string_view width : {"0", "-5"}) {
    set.set_text(tags::WindowWidth, VR::DS, width);
    EXPECT_EQ(read_window(set, 0, met).error().tag, tags::WindowWidth) << width;
  }
}

TEST(Window, NarrowerThan1IsReadAsExact) {
  DataSet set;
  set.set_text(tags::WindowCenter, VR::DS, "0.25");
  set.set_text(tags::WindowWidth, VR::DS, "0.5");
  Departures met;
  EXPECT_EQ((*read_window(set, 0, met))->function, VoiFunction::LinearExact);
  EXPECT_EQ(met, Departures{Departure::Display});
  set.set_text(tags::VOILUTFunction, VR::CS, "LINEAR_EXACT");
  met = {};
  EXPECT_EQ((*read_window(set, 0, met))->shade(0.25), 0.5);
  EXPECT_TRUE(met.empty());
}

}  // namespace
}  // namespace pacs
