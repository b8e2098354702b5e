#include "encoding/rendering/bulk_values.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"
#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

using test::b;

DataSet with_bulk(Tag tag, BulkReference where) {
  DataSet set;
  set.set(Element::bulk(tag, VR::OW, where, false, ByteOrder::Big));
  return set;
}

Result<> offsets(std::uint64_t offset, std::span<std::byte> into) {
  std::ranges::fill(into, static_cast<std::byte>(offset));
  return {};
}

TEST(BulkValues, AreLoadedWhereverTheyStand) {
  DataSet item = with_bulk(tags::LUTData, {7, 4});
  DataSet set = with_bulk(Tag{0x6002, 0x3000}, {9, 2});
  set.set_items(tags::VOILUTSequence, {Item{item, true}});
  ASSERT_TRUE(load_bulk_values(set, offsets));
  const Element* overlay = set.find(Tag{0x6002, 0x3000});
  EXPECT_EQ(test::hex(overlay->value()), "0909");
  EXPECT_EQ(overlay->byte_order(), ByteOrder::Big);
  const DataSet& lut = set.items(tags::VOILUTSequence).front().data_set;
  EXPECT_EQ(test::hex(lut.find(tags::LUTData)->value()), "07070707");
}

TEST(BulkValues, StayWhereRenderingDoesNotNeedThem) {
  DataSet set = with_bulk(kPixelData, {9, 2});
  ASSERT_TRUE(load_bulk_values(set, offsets));
  EXPECT_NE(set.find(kPixelData)->bulk(), nullptr);
}

TEST(BulkValues, AreNotLoadedAboveTheirLimit) {
  DataSet set = with_bulk(tags::OverlayData, {9, kLoadedValueBytesMax + 1});
  const auto loaded = load_bulk_values(set, offsets);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::LimitExceeded);
  EXPECT_EQ(loaded.error().tag, tags::OverlayData);
}

}  // namespace
}  // namespace pacs
