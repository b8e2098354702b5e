#include "encoding/rendering/palette.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"
#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

using test::b;
using Entries = std::vector<std::uint16_t>;

/// A palette whose red is in segments, its other colours of one entry.
DataSet segmented(std::string_view descriptor, std::string_view segments) {
  DataSet set = test::colour(1, 1, "PALETTE COLOR");
  set.set_bytes(tags::RedPaletteColorLookupTableDescriptor, VR::US, b(descriptor));
  set.set_bytes(tags::SegmentedRedPaletteColorLookupTableData, VR::OW, b(segments));
  for (const Tag tag : {tags::GreenPaletteColorLookupTableDescriptor,
                        tags::BluePaletteColorLookupTableDescriptor}) {
    set.set_bytes(tag, VR::US, b("0100 0000 1000"));
  }
  set.set_bytes(tags::GreenPaletteColorLookupTableData, VR::OW, b("0102"));
  set.set_bytes(tags::BluePaletteColorLookupTableData, VR::OW, b("0304"));
  return set;
}

Entries red_of(std::string_view descriptor, std::string_view segments) {
  const auto palette = read_palette(segmented(descriptor, segments), false);
  EXPECT_TRUE(palette) << palette.error().to_string();
  return palette ? palette->red.entries : Entries{};
}

TEST(Palette, ReadsPlainEntries) {
  DataSet set = segmented("0100 0000 1000", "");
  set.set_bytes(tags::RedPaletteColorLookupTableData, VR::OW, b("FFFF"));
  const auto palette = read_palette(set, false).value();
  EXPECT_EQ(palette.red.entries, Entries{0xFFFF});
  EXPECT_EQ(palette.green.entries, Entries{0x0201});
  EXPECT_EQ(palette.blue.entries, Entries{0x0403});
}

TEST(Palette, ExpandsDiscreteAndLinearSegments) {
  // Discrete 0, 10; linear of 4 from there to 20: PS3.3 §C.7.9.2.2 does not repeat the 10.
  EXPECT_EQ(red_of("0600 0000 1000", "0000 0200 0000 0A00 0100 0400 1400"),
            (Entries{0, 10, 13, 15, 18, 20}));
  EXPECT_EQ(red_of("0400 0000 1000", "0000 0100 0A00 0100 0300 0400"), (Entries{10, 8, 6, 4}));
}

TEST(Palette, CopiesIndirectSegmentsByTheirOffsetInBytes) {
  // The discrete segment at byte 0 and the linear one at byte 6 again.
  EXPECT_EQ(red_of("0600 0000 1000", "0000 0100 0500 0100 0200 0900 0200 0200 0000 0000"),
            (Entries{5, 7, 9, 5, 7, 9}));
}

TEST(Palette, ReadsSegmentsOf8Bits) {
  EXPECT_EQ(red_of("0600 0000 0800", "00 01 05 01 02 09 02 02 00 00 00 00"),
            (Entries{5, 7, 9, 5, 7, 9}));
}

TEST(Palette, RefusesSegmentsThatDoNotMakeItsEntries) {
  for (const std::string_view segments : {
           "0000 0200 0000 0A00",                 // too few
           "0000 0400 0000 0A00 0000 0000",       // too many
           "0000 0900 0000",                      // past the end
           "0100 0300 0400",                      // linear first
           "0300 0100 0000",                      // no such type
           "0000 0100 0500 0200 0100 0600 0000",  // a copy of a copy
           "0000 0100 0500 0200 FFFF 0000 0000",  // copies without end
           "0000 0100 0500 0200 0100 F0FF FFFF",  // past the end
       }) {
    const auto palette = read_palette(segmented("0300 0000 1000", segments), false);
    ASSERT_FALSE(palette) << segments;
    EXPECT_EQ(palette.error().tag, tags::SegmentedRedPaletteColorLookupTableData);
  }
}

TEST(Palette, NamesTheColourThatIsMissing) {
  DataSet set = segmented("0100 0000 1000", "0000 0100 0500");
  set.erase(tags::BluePaletteColorLookupTableData);
  EXPECT_EQ(read_palette(set, false).error().tag, tags::BluePaletteColorLookupTableData);
  set.erase(tags::GreenPaletteColorLookupTableDescriptor);
  EXPECT_EQ(read_palette(set, false).error().tag, tags::GreenPaletteColorLookupTableDescriptor);
}

}  // namespace
}  // namespace pacs
