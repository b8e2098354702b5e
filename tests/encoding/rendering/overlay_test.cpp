#include "encoding/rendering/overlay.h"

#include <gtest/gtest.h>

#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/rendering/pictures.h"

namespace pacs {
namespace {

using test::b;
using test::picture;
using test::shades;
using test::Shades;

/// A black image of 3 by 2 under an overlay of so many columns and rows.
DataSet with_overlay(int columns, int rows, std::string_view data, int top = 1, int left = 1) {
  DataSet set = test::grey(3, 2, 8);
  test::set_window(set, "128", "256");
  set.set_integer(tags::OverlayRows, VR::US, rows);
  set.set_integer(tags::OverlayColumns, VR::US, columns);
  Bytes origin;
  append(origin, static_cast<std::int16_t>(top), ByteOrder::Little);
  append(origin, static_cast<std::int16_t>(left), ByteOrder::Little);
  set.set_bytes(tags::OverlayOrigin, VR::SS, origin);
  set.set_integer(tags::OverlayBitsAllocated, VR::US, 1);
  set.set_integer(tags::OverlayBitPosition, VR::US, 0);
  if (!data.empty()) set.set_bytes(tags::OverlayData, VR::OW, b(data));
  return set;
}

TEST(Overlay, IsDrawnInWhiteWithItsFirstPointInTheLowestBit) {
  EXPECT_EQ(shades(picture(with_overlay(3, 2, "2900"), "00*6")), (Shades{255, 0, 0, 255, 0, 255}));
  EXPECT_EQ(shades(picture(with_overlay(3, 2, "2900"), "00*6", {.overlays = false})),
            (Shades{0, 0, 0, 0, 0, 0}));
}

TEST(Overlay, IsClippedWhereItsOriginMovesItOut) {
  EXPECT_EQ(shades(picture(with_overlay(2, 1, "0300", 2, 3), "00*6")),
            (Shades{0, 0, 0, 0, 0, 255}));
  EXPECT_EQ(shades(picture(with_overlay(2, 1, "0300", 1, 0), "00*6")),
            (Shades{255, 0, 0, 0, 0, 0}));
  EXPECT_EQ(shades(picture(with_overlay(2, 1, "0300", -32768, 32767), "00*6")),
            (Shades{0, 0, 0, 0, 0, 0}));
}

/// The attribute that says what is wrong with the first plane; the picture is shown without it.
Tag wrong_with(const DataSet& set, std::string_view pixels) {
  EXPECT_TRUE(test::lacks_something(set, pixels));
  const PixelFormat format = *pixel_format(set);
  const FramePixels what{format.frame, format.shift(), true, {}};
  const auto overlay = read_overlay(set, 0, what, b(pixels), 0);
  return overlay ? Tag{} : overlay.error().tag.value_or(Tag{});
}

TEST(Overlay, ThatCannotBeReadIsLeftOut) {
  EXPECT_EQ(wrong_with(with_overlay(3, 3, "FFFF"), "00*6"), tags::OverlayRows);
  EXPECT_EQ(wrong_with(with_overlay(4, 2, "FFFF"), "00*6"), tags::OverlayColumns);
  EXPECT_EQ(wrong_with(with_overlay(0, 2, "FFFF"), "00*6"), tags::OverlayColumns);
  DataSet set = test::grey(9, 2, 8);
  DataSet overlay = with_overlay(9, 2, "FFFF");
  for (const Element& element : overlay) {
    if (element.tag().group() == 0x6000) set.adopt(element);
  }
  EXPECT_EQ(wrong_with(set, "00*18"), tags::OverlayData);
}

TEST(Overlay, LiesInUnusedBitsOfThePixels) {
  DataSet set = with_overlay(3, 2, "");
  set.set_integer(tags::BitsStored, VR::US, 6);
  set.set_integer(tags::HighBit, VR::US, 5);
  test::set_window(set, "32", "64");
  set.set_integer(tags::OverlayBitsAllocated, VR::US, 8);
  set.set_integer(tags::OverlayBitPosition, VR::US, 7);
  EXPECT_EQ(shades(picture(set, "80 40 00 00 00 80")), (Shades{255, 0, 0, 0, 0, 255}));
  set.set_integer(tags::OverlayBitPosition, VR::US, 5);
  EXPECT_EQ(wrong_with(set, "00*6"), tags::OverlayBitPosition);
  set.set_integer(tags::OverlayBitPosition, VR::US, 8);
  EXPECT_EQ(wrong_with(set, "00*6"), tags::OverlayBitPosition);
}

TEST(Overlay, OfSeveralFramesLiesOverTheFramesItSays) {
  DataSet set = with_overlay(3, 2, "4100");  // frames 1: point 0; 2: point 0 (bit 6)
  set.set_integer(tags::NumberOfFramesInOverlay, VR::IS, 2);
  set.set_integer(tags::ImageFrameOrigin, VR::US, 2);
  const Shades none{0, 0, 0, 0, 0, 0};
  const Shades first{255, 0, 0, 0, 0, 0};
  EXPECT_EQ(shades(picture(set, "00*6", {}, 0)), none);
  EXPECT_EQ(shades(picture(set, "00*6", {}, 1)), first);
  EXPECT_EQ(shades(picture(set, "00*6", {}, 2)), first);
  EXPECT_EQ(shades(picture(set, "00*6", {}, 3)), none);
}

TEST(Overlay, OfEachGroupIsDrawnInColourImagesToo) {
  DataSet set = test::colour(1, 1, "RGB");
  const Tag last{0x601E, 0x3000};
  set.set_integer(Tag{0x601E, 0x0010}, VR::US, 1);
  set.set_integer(Tag{0x601E, 0x0011}, VR::US, 1);
  set.set_bytes(last, VR::OB, b("0100"));
  EXPECT_EQ(shades(picture(set, "010203")), (Shades{255, 255, 255}));
}

}  // namespace
}  // namespace pacs
