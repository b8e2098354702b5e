#include "encoding/rendering/render.h"

#include <gtest/gtest.h>

#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/rendering/pictures.h"

namespace pacs {
namespace {

using test::grey;
using test::picture;

TEST(Render, MakesPixelsSquare) {
  DataSet set = grey(4, 3, 8);
  set.set_text(tags::PixelAspectRatio, VR::IS, "2\\1");
  EXPECT_EQ(picture(set, "00*12")->height, 6U);
  EXPECT_EQ(picture(set, "00*12")->width, 4U);
  set.set_text(tags::PixelAspectRatio, VR::IS, "1\\3");
  EXPECT_EQ(picture(set, "00*12")->height, 3U);
  EXPECT_EQ(picture(set, "00*12")->width, 12U);
  EXPECT_EQ(picture(set, "00*12", {.square_pixels = false})->width, 4U);
}

TEST(Render, FitsTheSizeAskedFor) {
  const DataSet set = grey(4, 2, 8);
  EXPECT_EQ(picture(set, "00*8", {.width_max = 2})->height, 1U);
  EXPECT_EQ(picture(set, "00*8", {.height_max = 8})->width, 16U);
  EXPECT_EQ(picture(set, "00*8", {.width_max = 100, .height_max = 4})->width, 8U);
  EXPECT_EQ(picture(set, "00*8", {.width_max = 1})->height, 1U);
}

TEST(Render, StopsAtPicturesTooLarge) {
  DataSet set = grey(1000, 1, 8);
  set.set_text(tags::PixelAspectRatio, VR::IS, "1\\100");
  EXPECT_EQ(test::tag_of(picture(set, "00*1000")), tags::PixelAspectRatio);
  EXPECT_EQ(picture(grey(4, 2, 8), "00*8", {.width_max = 65536}).error().kind,
            ErrorKind::InvalidArgument);
  EXPECT_EQ(picture(grey(4, 2, 8), "00*8", {.width_max = 65535}).error().kind,
            ErrorKind::LimitExceeded);
}

TEST(Render, DoesNotGuessWhetherTheLowestValueIsBlack) {
  DataSet set = grey(4, 2, 8);
  set.set_text(tags::PhotometricInterpretation, "monochrome1");
  EXPECT_TRUE(picture(set, "00*8"));
  set.erase(tags::PhotometricInterpretation);
  EXPECT_EQ(test::tag_of(picture(set, "00*8")), tags::PhotometricInterpretation);
}

TEST(Render, RefusesRequestsThatCannotBe) {
  EXPECT_EQ(picture(grey(4, 2, 8), "00*7").error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(picture(grey(4, 2, 8), "00*8", {.bits = 12}).error().kind, ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace pacs
