// What one frame of a large object costs: the reads of its stored bytes.
#include <gtest/gtest.h>

#include "core/uids.h"
#include "encoding/byte_order.h"
#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/pixels/pixel_objects.h"

namespace pacs {
namespace {

using test::coded;
using test::fragments_of;
using test::grey;
using test::StoredObject;

constexpr std::uint32_t kFrames = 10'000, kAskedFor = 7'777;
constexpr int kTileSide = 32;

/// Frame n of the objects here: no two are equal, and deflate makes little of them.
Bytes pixels_of(std::uint32_t frame) {
  Bytes pixels(kTileSide * kTileSide);
  std::uint32_t state = frame * 2'654'435'761U + 1;
  for (std::byte& pixel : pixels) {
    state = state * 1'664'525U + 1'013'904'223U;
    pixel = static_cast<std::byte>(state >> 28);
  }
  return pixels;
}

DataSet multi_frame() {
  DataSet set = grey(kTileSide, kTileSide, 8);
  set.set_integer(tags::NumberOfFrames, VR::IS, kFrames);
  return set;
}

DataSet native() {
  DataSet set = multi_frame();
  Bytes all;
  for (std::uint32_t frame = 0; frame < kFrames; ++frame) append(all, pixels_of(frame));
  set.set_bytes(kPixelData, VR::OB, std::move(all));
  return set;
}

enum class Table : std::uint8_t { None, Basic, Extended, Wrong };

/// RLE frames in so many fragments each.
DataSet encapsulated(std::size_t fragments_each, Table kind) {
  DataSet set = multi_frame();
  std::vector<Bytes> fragments;
  std::vector<std::uint32_t> table;
  Bytes extended;
  std::uint64_t at = 0;
  FrameFormat format{.rows = kTileSide, .columns = kTileSide};
  for (std::uint32_t frame = 0; frame < kFrames; ++frame) {
    const Bytes whole = coded(Codec::Rle, pixels_of(frame), format);
    if (kind == Table::Basic) table.push_back(static_cast<std::uint32_t>(at));
    if (kind == Table::Wrong) table.push_back(static_cast<std::uint32_t>(at + 2));
    if (kind == Table::Extended) append(extended, at, ByteOrder::Little);
    // The first has no more than the header of RLE; the rest is shared out evenly.
    std::size_t begin = 0;
    for (std::size_t i = 0; i < fragments_each; ++i) {
      const std::size_t end = i + 1 == fragments_each ? whole.size() : 64 + i * 100;
      fragments.emplace_back(whole.begin() + static_cast<std::ptrdiff_t>(begin),
                             whole.begin() + static_cast<std::ptrdiff_t>(end));
      at += 8 + fragments.back().size();
      begin = end;
    }
  }
  if (!extended.empty()) set.set_bytes(tags::ExtendedOffsetTable, VR::OV, std::move(extended));
  set.set(fragments_of(std::move(fragments), table));
  return set;
}

TEST(FrameReads, AreOneForAFrameOfAnyLayout) {
  const std::vector<std::pair<std::string, StoredObject>> objects = [] {
    std::vector<std::pair<std::string, StoredObject>> made;
    made.emplace_back("native", StoredObject{native(), uids::ExplicitVRLittleEndian});
    made.emplace_back("one fragment each",
                      StoredObject{encapsulated(1, Table::None), uids::RLELossless});
    made.emplace_back("a basic offset table",
                      StoredObject{encapsulated(3, Table::Basic), uids::RLELossless});
    made.emplace_back("an extended offset table",
                      StoredObject{encapsulated(3, Table::Extended), uids::RLELossless});
    made.emplace_back("several fragments each and no table",
                      StoredObject{encapsulated(3, Table::None), uids::RLELossless});
    made.emplace_back("several fragments each and a wrong table",
                      StoredObject{encapsulated(3, Table::Wrong), uids::RLELossless});
    made.emplace_back("deflated", StoredObject{native(), uids::DeflatedExplicitVRLittleEndian});
    return made;
  }();
  for (const auto& [name, kept] : objects) {
    StoredObject object = kept;
    const auto frame = object.frame(kAskedFor);
    ASSERT_TRUE(frame) << name << ": " << frame.error().to_string();
    EXPECT_EQ(*frame, pixels_of(kAskedFor)) << name;
    EXPECT_EQ(object.reads, 1) << name;
  }
}

TEST(FrameReads, OfHeadersThatEarlierProgramsStoredAreMoreAndGiveTheSame) {
  StoredObject marked{encapsulated(3, Table::None), uids::RLELossless};
  ASSERT_EQ(marked.header.pixel_data->frame_starts.size(), kFrames);
  marked.header.pixel_data->frame_starts.clear();
  EXPECT_EQ(marked.frame(kAskedFor), pixels_of(kAskedFor));
  EXPECT_GT(marked.reads, static_cast<int>(kFrames));
  StoredObject deflated{native(), uids::DeflatedExplicitVRLittleEndian};
  ASSERT_GE(deflated.header.inflate_points.size(), 2U);
  deflated.header.inflate_points.clear();
  EXPECT_EQ(deflated.frame(kAskedFor), pixels_of(kAskedFor));
}

// Forwards a deflated object is inflated once, whatever points it has.
TEST(FrameReads, OfAllFramesOfADeflatedObjectGoThroughItOnce) {
  StoredObject object{native(), uids::DeflatedExplicitVRLittleEndian};
  const auto image = StoredImage::open(object.header, *object.syntax, object.stored());
  ASSERT_TRUE(image);
  Bytes pixels(kTileSide * kTileSide);
  for (std::uint32_t frame = 0; frame < kFrames; ++frame) {
    ASSERT_TRUE(image->decode(frame, pixels));
    ASSERT_EQ(pixels, pixels_of(frame)) << frame;
  }
  // The first range, up to the first point, is read at once.
  EXPECT_LE(object.reads, static_cast<int>(object.bytes.size() / (64U << 10)) + 2);
}

// A few that are small have no points: there is little to be inflated in vain.
TEST(FrameReads, NeedNoPointsWhereAnObjectIsSmall) {
  DataSet set = grey(512, 512, 8);
  set.set_bytes(kPixelData, VR::OB, Bytes(512U * 512));
  const StoredObject object{set, uids::DeflatedExplicitVRLittleEndian};
  EXPECT_TRUE(object.header.inflate_points.empty());
}

}  // namespace
}  // namespace pacs
