#include "encoding/rendering/pixel_shape.h"

#include <gtest/gtest.h>

#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

double shape_of(const DataSet& set, std::uint32_t frame = 0) {
  Departures met;
  const double shape = pixel_shape(set, frame, met);
  EXPECT_TRUE(met.empty());
  return shape;
}

TEST(PixelShape, IsSquareWhereNothingSaysSo) {
  EXPECT_EQ(shape_of({}), 1);
}

TEST(PixelShape, IsTheAspectRatioThenTheSpacing) {
  DataSet set;
  set.set_text(tags::ImagerPixelSpacing, VR::DS, "0.2\\0.1");
  EXPECT_EQ(shape_of(set), 2);
  set.set_text(tags::PixelSpacing, VR::DS, "0.1\\0.4");
  EXPECT_EQ(shape_of(set), 0.25);
  set.set_text(tags::PixelAspectRatio, VR::IS, "3\\2");
  EXPECT_EQ(shape_of(set), 1.5);
}

TEST(PixelShape, ComesFromFunctionalGroups) {
  DataSet measures, group, set;
  measures.set_text(tags::PixelSpacing, VR::DS, "2\\1");
  group.set_items(tags::PixelMeasuresSequence, {Item{measures, true}});
  set.set_items(tags::SharedFunctionalGroupsSequence, {Item{group, true}});
  EXPECT_EQ(shape_of(set, 5), 2);
}

TEST(PixelShape, OfNothingSaysNothing) {
  DataSet set;
  set.set_text(tags::PixelSpacing, VR::DS, "2\\1");
  for (const std::string_view ratio : {"0\\1", "1\\0", "-1\\1", "1", "1\\2147483647", "101\\1"}) {
    set.set_text(tags::PixelAspectRatio, VR::IS, ratio);
    Departures met;
    EXPECT_EQ(pixel_shape(set, 0, met), 2) << ratio;
    EXPECT_EQ(met, Departures{Departure::Display}) << ratio;
  }
  set.erase(tags::PixelAspectRatio);
  set.set_text(tags::PixelSpacing, VR::DS, "0\\0");
  EXPECT_EQ(shape_of(set), 1);
}

}  // namespace
}  // namespace pacs
