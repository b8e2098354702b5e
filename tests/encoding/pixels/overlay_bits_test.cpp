#include "encoding/pixels/overlay_bits.h"

#include <gtest/gtest.h>

#include "encoding/transfer_syntax.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

/// Images of 4 by 1 in 6 of 8 bits with a plane in bit 7, `pixels` for each frame.
DataSet with_overlay_in_bit_7(int frames) {
  DataSet set = test::grey(4, 1, 8, 6);
  set.set_integer(tags::NumberOfFrames, VR::IS, frames);
  set.set_integer(tags::OverlayRows, VR::US, 1);
  set.set_integer(tags::OverlayColumns, VR::US, 4);
  set.set_integer(tags::OverlayBitsAllocated, VR::US, 8);
  set.set_integer(tags::OverlayBitPosition, VR::US, 7);
  return set;
}

Result<> move_overlays_of(DataSet& set, std::string_view pixels) {
  Header header;
  header.data_set = set;
  const Bytes bytes = test::b(pixels);
  header.pixel_data.emplace();
  header.pixel_data->value_length = bytes.size();
  PACS_TRY(const StoredImage image,
           StoredImage::open(header, explicit_vr_little_endian(), stored_in(share(bytes))));
  return move_overlays(set, image);
}

Bytes overlay_data(const DataSet& set) {
  const ByteView value = set.find(tags::OverlayData)->value();
  return {value.begin(), value.end()};
}

TEST(OverlayBits, BecomeOverlayDataOfAllFrames) {
  DataSet set = with_overlay_in_bit_7(2);
  ASSERT_TRUE(move_overlays_of(set, "80 3F 00 80  00 80 3F BF"));
  ASSERT_NE(set.find(tags::OverlayData), nullptr);
  EXPECT_EQ(overlay_data(set), test::b("A9 00"));
  EXPECT_EQ(set.integer(tags::OverlayBitsAllocated), 1);
  EXPECT_EQ(set.integer(tags::OverlayBitPosition), 0);
  EXPECT_EQ(set.integer(tags::NumberOfFramesInOverlay), 2);
  EXPECT_EQ(set.integer(tags::ImageFrameOrigin), 1);
}

TEST(OverlayBits, OfFewerFramesAreThoseOfTheseFrames) {
  DataSet set = with_overlay_in_bit_7(3);
  set.set_integer(tags::NumberOfFramesInOverlay, VR::IS, 1);
  set.set_integer(tags::ImageFrameOrigin, VR::US, 2);
  ASSERT_TRUE(move_overlays_of(set, "80 80 80 80  00 80 00 00  80 80 80 80"));
  EXPECT_EQ(overlay_data(set), test::b("02 00"));
  EXPECT_EQ(set.integer(tags::NumberOfFramesInOverlay), 1);
  EXPECT_EQ(set.integer(tags::ImageFrameOrigin), 2);
}

TEST(OverlayBits, WithinThePixelsAreNoOverlay) {
  DataSet set = with_overlay_in_bit_7(1);
  set.set_integer(tags::OverlayBitPosition, VR::US, 5);
  ASSERT_TRUE(move_overlays_of(set, "80 3F 00 80"));
  EXPECT_EQ(set.find(tags::OverlayData), nullptr);
}

TEST(OverlayBits, OfAnotherSizeThanTheImageAreAnErrorThatNamesIt) {
  DataSet set = with_overlay_in_bit_7(1);
  set.set_integer(tags::OverlayColumns, VR::US, 3);
  const Result<> moved = move_overlays_of(set, "80 3F 00 80");
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().tag, tags::OverlayRows);
}

}  // namespace
}  // namespace pacs
