#include "encoding/rendering/grey.h"

#include <gtest/gtest.h>

#include "tests/encoding/frames/pixel_sets.h"
#include "tests/encoding/rendering/pictures.h"

namespace pacs {
namespace {

using test::b;
using test::grey;
using test::picture;
using test::set_window;
using test::shades;
using test::Shades;

DataSet lut_sequence(Tag sequence, std::string_view descriptor, std::string_view data,
                     DataSet set) {
  DataSet item;
  item.set_bytes(tags::LUTDescriptor, VR::US, b(descriptor));
  item.set_bytes(tags::LUTData, VR::OW, b(data));
  set.set_items(sequence, {Item{item, true}});
  return set;
}

TEST(GreyImage, IsSpreadFromItsLowestToItsHighestValueWithoutAWindow) {
  EXPECT_EQ(shades(picture(grey(3, 1, 16), "6400 C800 2C01")), (Shades{0, 128, 255}));
  EXPECT_EQ(shades(picture(grey(2, 1, 16), "0700 0700")), (Shades{0, 0}));
}

TEST(GreyImage, LeavesPaddingOutOfThatRange) {
  DataSet set = grey(4, 1, 16);
  set.set_integer(tags::PixelRepresentation, VR::US, 1);
  set.set_integer(tags::PixelPaddingValue, VR::US, 0xF830);  // -2000, in the wrong VR
  EXPECT_EQ(shades(picture(set, "30F8 0000 6400 C800")), (Shades{0, 0, 128, 255}));
  set.set_integer(tags::PixelPaddingRangeLimit, VR::SS, -1990);
  EXPECT_EQ(shades(picture(set, "30F8 3AF8 0000 C800")), (Shades{0, 0, 0, 255}));
  EXPECT_EQ(shades(picture(set, "30F8 30F8 30F8 30F8")), (Shades{0, 0, 0, 0}));
}

TEST(GreyImage, GoesThroughRescaleAndWindow) {
  // CT: value = stored - 1024; window 40/400: 0 at -160 and below, 255 from 239.
  DataSet set = grey(5, 1, 16, 12);
  set.set_text(tags::RescaleIntercept, VR::DS, "-1024");
  set.set_text(tags::RescaleSlope, VR::DS, "1");
  set_window(set, "40", "400");
  // Stored 864, 865, 1024, 1263, 4095 are -160, -159, 0, 239, 3071.
  EXPECT_EQ(shades(picture(set, "6003 6103 0004 EF04 FF0F")), (Shades{0, 1, 102, 255, 255}));
}

TEST(GreyImage, IgnoresBitsThatAreNotThePixels) {
  DataSet set = grey(2, 1, 16, 12);
  set_window(set, "2048", "4096");
  EXPECT_EQ(shades(picture(set, "00F0 FFFF")), (Shades{0, 255}));
  set.set_integer(tags::HighBit, VR::US, 15);
  EXPECT_EQ(shades(picture(set, "0F00 F0FF")), (Shades{0, 255}));
}

TEST(GreyImage, ExtendsSignsOfAnyBitsStored) {
  for (const int bits : {5, 8}) {
    DataSet set = grey(3, 1, 8, bits);
    set.set_integer(tags::PixelRepresentation, VR::US, 1);
    set_window(set, "0.5", "3");  // -1, 0, 1
    EXPECT_EQ(shades(picture(set, bits == 5 ? "1F0001" : "FF0001")), (Shades{0, 128, 255}));
  }
}

TEST(GreyImage, ReadsOneBitPixels) {
  EXPECT_EQ(shades(picture(grey(5, 2, 1), "D502")),
            (Shades{255, 0, 255, 0, 255, 0, 255, 255, 0, 255}));
  EXPECT_EQ(shades(picture(grey(2, 1, 1), "03")), (Shades{255, 255}));
}

TEST(GreyImage, ReadsCellsOf32And64BitsAndFloats) {
  EXPECT_EQ(shades(picture(grey(2, 1, 32), "00000000 FFFFFFFF")), (Shades{0, 255}));
  EXPECT_EQ(shades(picture(grey(2, 1, 64), "00*8 FF*8")), (Shades{0, 255}));
  DataSet set = grey(3, 1, 32);
  set.set_bytes(tags::FloatPixelData, VR::OF, {});
  EXPECT_EQ(shades(picture(set, "000080BF 00000000 0000803F")), (Shades{0, 128, 255}));
  // Infinity and what is no number.
  EXPECT_EQ(shades(picture(set, "0000807F 00000000 0000C07F")), (Shades{255, 0, 0}));
}

TEST(GreyImage, IsTurnedWhereTheLowestValueIsWhite) {
  DataSet set = grey(2, 1, 8);
  set.set_text(tags::PresentationLUTShape, VR::CS, "INVERSE");
  EXPECT_EQ(shades(picture(set, "0001")), (Shades{255, 0}));
  set.set_text(tags::PhotometricInterpretation, VR::CS, "MONOCHROME1");
  EXPECT_EQ(shades(picture(set, "0001")), (Shades{255, 0}));
  EXPECT_EQ(shades(picture(set, "0001", {.inverse = true})), (Shades{0, 255}));
}

TEST(GreyImage, GoesThroughAModalityLutBeforeTheWindow) {
  DataSet set =
      lut_sequence(tags::ModalityLUTSequence, "0300 0100 1000", "6400 0000 C800", grey(4, 1, 8));
  set.set_text(tags::RescaleIntercept, VR::DS, "5000");  // the LUT counts
  set_window(set, "100.5", "201");
  EXPECT_EQ(shades(picture(set, "00010203")), (Shades{128, 128, 0, 255}));
}

TEST(GreyImage, TakesTheVoiLutFirstAndWindowsAsFurtherViews) {
  DataSet set = lut_sequence(tags::VOILUTSequence, "0200 9CFF 0800", "0AC8", grey(2, 1, 16));
  set.set_text(tags::RescaleIntercept, VR::DS, "-100");
  set.set_text(tags::RescaleSlope, VR::DS, "1");
  set_window(set, "1\\50.5", "2\\101");
  // The LUT begins at -100: the values are signed though the pixels are not.
  EXPECT_EQ(shades(picture(set, "0000 0100")), (Shades{10, 200}));
  EXPECT_EQ(shades(picture(set, "6400 6500", {.view = 1})), (Shades{0, 255}));
  EXPECT_EQ(shades(picture(set, "6400 9600", {.view = 2})), (Shades{0, 128}));
  EXPECT_EQ(test::tag_of(picture(set, "6400 9600", {.view = 3})), tags::WindowCenter);
}

TEST(GreyImage, LeavesOutWhatCannotBeApplied) {
  const Shades spread{0, 255};
  DataSet set = grey(2, 1, 8);
  EXPECT_FALSE(test::lacks_something(set, "0080"));
  for (const auto& [tag, value] : {std::pair{tags::WindowWidth, "0"},
                                   {tags::WindowWidth, "wide"},
                                   {tags::RescaleSlope, "0"},
                                   {tags::RescaleSlope, "1e308"},
                                   {tags::RescaleIntercept, "none"}}) {
    DataSet one = set;
    one.set_text(tags::WindowCenter, VR::DS, "5");
    one.set_text(tag, VR::DS, value);
    EXPECT_TRUE(test::lacks_something(one, "0080")) << value;
    EXPECT_EQ(shades(picture(one, "0080")), spread) << value;
  }
  DataSet padded = set;
  padded.set_bytes(tags::PixelPaddingValue, VR::FD, b("000000000000F87F"));  // no number
  EXPECT_TRUE(test::lacks_something(padded, "0080"));
  for (const Tag luts : {tags::ModalityLUTSequence, tags::VOILUTSequence}) {
    const DataSet one = lut_sequence(luts, "0200 0000 1000", "64", set);  // data for none of two
    EXPECT_TRUE(test::lacks_something(one, "0080"));
    EXPECT_EQ(shades(picture(one, "0080")), spread);
  }
}

TEST(GreyImage, PrefersTheWindowAskedFor) {
  DataSet set = grey(2, 1, 8);
  set_window(set, "5", "2");
  EXPECT_EQ(shades(picture(set, "0080", {.window = Window{128, 256}})), (Shades{0, 128}));
  EXPECT_EQ(test::tag_of(picture(set, "0080", {.window = Window{128, 0}})), tags::WindowWidth);
}

TEST(GreyImage, TakesEachFramesOwnValuesOfFunctionalGroups) {
  DataSet set = grey(2, 1, 16);
  set.set_integer(tags::NumberOfFrames, VR::IS, 2);
  const auto group = [](Tag sequence, DataSet macro) {
    DataSet item;
    item.set_items(sequence, {Item{std::move(macro), true}});
    return Item{std::move(item), true};
  };
  DataSet rescale;
  rescale.set_text(tags::RescaleSlope, VR::DS, "2");
  set.set_items(tags::SharedFunctionalGroupsSequence,
                {group(tags::PixelValueTransformationSequence, rescale)});
  DataSet narrow, wide;
  set_window(narrow, "50.5", "101");
  set_window(wide, "500.5", "1001");
  set.set_items(tags::PerFrameFunctionalGroupsSequence,
                {group(tags::FrameVOILUTSequence, narrow), group(tags::FrameVOILUTSequence, wide)});
  EXPECT_EQ(shades(picture(set, "1900 F401", {}, 0)), (Shades{128, 255}));
  EXPECT_EQ(shades(picture(set, "1900 F401", {}, 1)), (Shades{13, 255}));
}

TEST(GreyImage, HasTheSameShadesIn16Bits) {
  DataSet set = grey(3, 1, 16, 12);
  set_window(set, "2048", "4096");
  EXPECT_EQ(shades(picture(set, "0000 0008 FF0F", {.bits = 16})), (Shades{0, 32776, 65535}));
}

TEST(GreyImage, IsDrawnWithNumbersThatPassAllRange) {
  DataSet set = grey(2, 1, 16);
  set.set_integer(tags::PixelRepresentation, VR::US, 1);
  for (const std::string_view slope : {"1e308", "-1e308", "1e-320", "0"}) {
    for (const std::string_view number : {"0", "1e308", "-1e308"}) {
      set.set_text(tags::RescaleSlope, VR::DS, slope);
      set.set_text(tags::RescaleIntercept, VR::DS, number);
      set.erase(tags::WindowCenter);
      EXPECT_TRUE(picture(set, "0080 FF7F")) << slope << number;
      for (const std::string_view width : {"1", "1.0000001", "1e308"}) {
        set_window(set, number, width);
        EXPECT_TRUE(picture(set, "0080 FF7F")) << slope << number << width;
      }
    }
  }
}

/// Every number of 16 bits by the table and by the formula itself.
TEST(GreyImage, AgreesWithTheFormulaOnEveryPixel) {
  for (const bool is_signed : {false, true}) {
    for (const double slope : {1.0, -0.37, 2.5}) {
      for (const auto function :
           {VoiFunction::Linear, VoiFunction::LinearExact, VoiFunction::Sigmoid}) {
        FramePixels what{{256, 256, 1, 16, 16, is_signed, false, Colour::Monochrome}, 0, true, {}};
        Bytes pixels;
        for (unsigned i = 0; i < 65536; ++i) {
          append(pixels, static_cast<std::uint16_t>(i), ByteOrder::Little);
        }
        GreyTransform transform;
        transform.rescale = {slope, -100};
        transform.window = Window{400, 1500.5, function};
        Image image{256, 256, 1, 8};
        draw_grey(transform, what, PixelFormat::Kind::Integer, pixels, image);
        for (unsigned i = 0; i < 65536; ++i) {
          const double stored = is_signed ? static_cast<std::int16_t>(i) : static_cast<double>(i);
          const auto shade = static_cast<unsigned>(transform.shade(stored) * 255 + 0.5);
          ASSERT_EQ(std::to_integer<unsigned>(image.bytes[i]), shade) << stored;
        }
      }
    }
  }
}

}  // namespace
}  // namespace pacs
