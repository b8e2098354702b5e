#include "encoding/rendering/colour.h"

#include <gtest/gtest.h>

#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/rendering/pictures.h"

namespace pacs {
namespace {

using test::b;
using test::colour;
using test::picture;
using test::shades;
using test::Shades;

TEST(ColourImage, KeepsRgbOfBothPlanarConfigurations) {
  DataSet set = colour(2, 1, "RGB");
  EXPECT_EQ(shades(picture(set, "010203 0A0B0C")), (Shades{1, 2, 3, 10, 11, 12}));
  set.set_integer(tags::PlanarConfiguration, VR::US, 1);
  EXPECT_EQ(shades(picture(set, "010A 020B 030C")), (Shades{1, 2, 3, 10, 11, 12}));
}

TEST(ColourImage, SpreadsOtherBitsOverTheSamples) {
  DataSet set = colour(1, 1, "RGB");
  set.set_integer(tags::BitsStored, VR::US, 4);
  set.set_integer(tags::HighBit, VR::US, 3);
  EXPECT_EQ(shades(picture(set, "000F08")), (Shades{0, 255, 136}));
  EXPECT_EQ(shades(picture(colour(1, 1, "RGB", 16), "0000 FFFF 0080")), (Shades{0, 255, 128}));
  EXPECT_EQ(shades(picture(colour(1, 1, "RGB", 32), "00000000 FFFFFFFF 00000080")),
            (Shades{0, 255, 128}));
  EXPECT_EQ(shades(picture(colour(1, 1, "RGB"), "00FF80", {.bits = 16})),
            (Shades{0, 65535, 32896}));
}

TEST(ColourImage, TurnsYbrFullIntoRgb) {
  // PS3.3 §C.7.6.3.1.2: red (255, 0, 0) is Y 76.2, CB 85, CR 255.5; white and black have 128, 128.
  const Shades rgb = shades(picture(colour(3, 1, "YBR_FULL"), "4C55FF FF8080 008080"));
  EXPECT_EQ(rgb, (Shades{254, 0, 0, 255, 255, 255, 0, 0, 0}));
}

TEST(ColourImage, RoundsTheEquationsForAllChroma) {
  for (const int y : {0, 1, 77, 128, 254, 255}) {
    Bytes pixels;
    for (int i = 0; i < 256 * 256; ++i) {
      for (const int sample : {y, i / 256, i % 256}) pixels.push_back(std::byte(sample));
    }
    const Shades rgb = shades(picture(colour(256, 256, "YBR_FULL"), test::hex(pixels)));
    for (int i = 0; i < 256 * 256; ++i) {
      const double cb = i / 256 - 128, cr = i % 256 - 128;
      const double expected[] = {y + 1.402 * cr, y - 0.344136286 * cb - 0.714136286 * cr,
                                 y + 1.772 * cb};
      for (std::size_t channel = 0; channel < 3; ++channel) {
        ASSERT_NEAR(rgb[static_cast<std::size_t>(3 * i) + channel],
                    std::clamp(expected[channel], 0.0, 255.0), 0.5001)
            << y << ' ' << cb << ' ' << cr;
      }
    }
  }
}

TEST(ColourImage, HasNoOtherColours) {
  const DataSet set = colour(1, 1, "YBR_RCT");
  EXPECT_EQ(test::tag_of(picture(set, "000000")), tags::PhotometricInterpretation);
}

DataSet with_palette(DataSet set, std::string_view descriptor, std::string_view red,
                     std::string_view green, std::string_view blue) {
  for (const Tag tag :
       {tags::RedPaletteColorLookupTableDescriptor, tags::GreenPaletteColorLookupTableDescriptor,
        tags::BluePaletteColorLookupTableDescriptor}) {
    set.set_bytes(tag, VR::US, b(descriptor));
  }
  set.set_bytes(tags::RedPaletteColorLookupTableData, VR::OW, b(red));
  set.set_bytes(tags::GreenPaletteColorLookupTableData, VR::OW, b(green));
  set.set_bytes(tags::BluePaletteColorLookupTableData, VR::OW, b(blue));
  return set;
}

TEST(ColourImage, GoesThroughItsPalette) {
  const DataSet set = with_palette(colour(4, 1, "PALETTE COLOR"), "0200 0100 1000", "00FF 0010",
                                   "0001 0002", "FFFF 0000");
  EXPECT_EQ(shades(picture(set, "00010203")),
            (Shades{255, 1, 255, 255, 1, 255, 16, 2, 0, 16, 2, 0}));
  EXPECT_EQ(shades(picture(set, "01010101", {.bits = 16}))[0], 0xFF00U);
}

TEST(ColourImage, NamesAPaletteShorterThanItsDescriptorSays) {
  const DataSet set =
      with_palette(colour(1, 1, "PALETTE COLOR"), "0000 0000 1000", "0000", "0000", "0000");
  EXPECT_EQ(test::tag_of(picture(set, "00")), tags::RedPaletteColorLookupTableData);
}

TEST(ColourImage, ColoursWhatASupplementalPaletteIsFor) {
  DataSet set = with_palette(test::grey(4, 1, 8), "0200 6400 0800", "0A14", "0B15", "0C16");
  EXPECT_EQ(picture(set, "00326465")->channels, 1U);  // a palette left in a grey image
  set.set_text(tags::PixelPresentation, VR::CS, "MIXED");
  // Grey from 0 to 50: what has a colour is outside the range.
  const Shades expected{0, 0, 0, 255, 255, 255, 10, 11, 12, 20, 21, 22};
  EXPECT_EQ(shades(picture(set, "00326465")), expected);
  set.set_integer(tags::LargestMonochromePixelValue, VR::US, 100);
  EXPECT_EQ(shades(picture(set, "00326465")),
            (Shades{0, 0, 0, 128, 128, 128, 255, 255, 255, 20, 21, 22}));
}

}  // namespace
}  // namespace pacs
