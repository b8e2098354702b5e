#include "encoding/frames/pixel_format.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

using test::colour;
using test::grey;

/// The attribute that the error of a changed image names.
Tag wrong_after(DataSet set, Tag tag, std::int64_t value) {
  set.set_integer(tag, tag == tags::NumberOfFrames ? VR::IS : VR::US, value);
  const auto format = pixel_format(set);
  return format ? Tag{} : format.error().tag.value_or(Tag{});
}

TEST(PixelFormat, ReadsWhatTheDataSetSays) {
  DataSet set = grey(512, 256, 16, 12);
  set.set_integer(tags::PixelRepresentation, VR::US, 1);
  set.set_integer(tags::NumberOfFrames, VR::IS, 7);
  const PixelFormat format = pixel_format(set).value();
  EXPECT_EQ(format.frame, (FrameFormat{256, 512, 1, 16, 12, true, false, Colour::Monochrome}));
  EXPECT_EQ(format.frames, 7U);
  EXPECT_EQ(format.high_bit, 11);
  EXPECT_EQ(format.kind, PixelFormat::Kind::Integer);
  EXPECT_FALSE(format.minimum_is_white);
}

TEST(PixelFormat, TakesWhatScannersLeaveOutByItsRules) {
  DataSet set = colour(3, 2, "YBR_FULL_422");
  for (const Tag tag : {tags::SamplesPerPixel, tags::BitsStored, tags::HighBit,
                        tags::PixelRepresentation, tags::PlanarConfiguration}) {
    set.erase(tag);
  }
  set.set_text(tags::NumberOfFrames, VR::IS, "");
  const PixelFormat format = pixel_format(set).value();
  EXPECT_EQ(format.frame, (FrameFormat{2, 3, 3, 8, 8, false, false, Colour::YbrFull422}));
  EXPECT_EQ(format.high_bit, 7);
  EXPECT_EQ(format.frames, 1U);
}

TEST(PixelFormat, NamesTheAttributeThatIsMissing) {
  for (const Tag tag :
       {tags::Rows, tags::Columns, tags::BitsAllocated, tags::PhotometricInterpretation}) {
    DataSet set = grey(4, 4, 8);
    set.erase(tag);
    set.erase(tags::SamplesPerPixel);
    const auto format = pixel_format(set);
    ASSERT_FALSE(format);
    EXPECT_EQ(format.error().tag, tag);
    EXPECT_EQ(format.error().kind, ErrorKind::NotFound);
  }
}

TEST(PixelFormat, ReadsPhotometricInterpretationInEitherCase) {
  EXPECT_TRUE(pixel_format(grey(4, 4, 8)).value().departures.empty());
  const Departures departs{Departure::PhotometricInterpretation};
  DataSet set = colour(4, 4, "ybr_Full");
  EXPECT_EQ(pixel_format(set).value().frame.colour, Colour::YbrFull);
  EXPECT_EQ(pixel_format(set).value().departures, departs);
  set = grey(4, 4, 8);
  set.set_text(tags::PhotometricInterpretation, "monochrome1");
  EXPECT_TRUE(pixel_format(set).value().minimum_is_white);
  EXPECT_TRUE(pixel_format(set).value().has_meaning);
  EXPECT_EQ(pixel_format(set).value().departures, departs);
}

TEST(PixelFormat, ReadsPixelsOfOneSampleWhoseMeaningIsNotSaid) {
  for (const std::string_view name : {"", "MONOCHROME", "GREY"}) {
    DataSet set = grey(4, 4, 16);
    set.set_text(tags::PhotometricInterpretation, name);
    const PixelFormat format = pixel_format(set).value();
    EXPECT_EQ(format.frame.colour, Colour::Monochrome);
    EXPECT_FALSE(format.has_meaning);
    EXPECT_EQ(format.departures, Departures{Departure::PhotometricInterpretation});
    set.set_integer(tags::SamplesPerPixel, VR::US, 3);
    EXPECT_EQ(wrong_after(set, tags::Rows, 4), tags::PhotometricInterpretation);
  }
}

TEST(PixelFormat, RefusesValuesThatCannotBe) {
  for (const Tag tag : {tags::Rows, tags::Columns, tags::BitsAllocated, tags::BitsStored,
                        tags::NumberOfFrames, tags::SamplesPerPixel}) {
    EXPECT_EQ(wrong_after(grey(4, 4, 8), tag, 0), tag) << tag.to_string();
  }
  EXPECT_EQ(wrong_after(grey(4, 4, 8), tags::NumberOfFrames, -3), tags::NumberOfFrames);
  EXPECT_EQ(wrong_after(grey(4, 4, 8), tags::PixelRepresentation, 2), tags::PixelRepresentation);
  EXPECT_EQ(wrong_after(grey(4, 4, 8), tags::SamplesPerPixel, 3), tags::SamplesPerPixel);
  EXPECT_EQ(wrong_after(colour(4, 4, "RGB"), tags::SamplesPerPixel, 1), tags::SamplesPerPixel);
  EXPECT_EQ(wrong_after(colour(4, 4, "RGB"), tags::PlanarConfiguration, 2),
            tags::PlanarConfiguration);
  DataSet set = colour(4, 4, "CMYK");
  EXPECT_EQ(pixel_format(set).error().tag, tags::PhotometricInterpretation);
  EXPECT_EQ(pixel_format(set).error().kind, ErrorKind::Unsupported);
}

TEST(PixelFormat, AgreesOnEveryCombinationOfBits) {
  constexpr std::array kBits{0, 1, 2, 7, 8, 9, 11, 12, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65};
  for (const int allocated : kBits) {
    for (const int stored : kBits) {
      for (const int high : kBits) {
        DataSet set = grey(4, 4, 8);
        set.set_integer(tags::BitsAllocated, VR::US, allocated);
        set.set_integer(tags::BitsStored, VR::US, stored);
        set.set_integer(tags::HighBit, VR::US, high);
        const bool is_cell = allocated == 1 || allocated == 8 || allocated == 16 ||
                             allocated == 32 || allocated == 64;
        const bool fits = stored >= 1 && high >= stored - 1 && high < allocated;
        const auto format = pixel_format(set);
        ASSERT_EQ(format.has_value(), is_cell && fits) << allocated << ' ' << stored << ' ' << high;
        if (format) {
          EXPECT_EQ(format->shift(), static_cast<unsigned>(high + 1 - stored));
        } else {
          EXPECT_TRUE(format.error().tag.has_value());
        }
      }
    }
  }
}

TEST(PixelFormat, RefusesFramesThatPass64Bits) {
  DataSet set = colour(65535, 65535, "RGB", 32);
  EXPECT_TRUE(pixel_format(set));
  set.set_integer(tags::NumberOfFrames, VR::IS, 2147483647);
  EXPECT_EQ(pixel_format(set).error().kind, ErrorKind::LimitExceeded);
  EXPECT_EQ(pixel_format(set).error().tag, tags::NumberOfFrames);
}

TEST(PixelFormat, TellsFloatingPointPixels) {
  DataSet set = grey(2, 2, 32);
  set.erase(tags::BitsStored);
  set.set_bytes(tags::FloatPixelData, VR::OF, Bytes(16));
  EXPECT_EQ(pixel_format(set)->kind, PixelFormat::Kind::Float);
  EXPECT_EQ(pixel_format(set)->word_bytes, 4);
  EXPECT_EQ(wrong_after(set, tags::BitsAllocated, 64), tags::BitsAllocated);
  set.set_bytes(tags::PixelData, VR::OW, Bytes(16));
  EXPECT_EQ(pixel_format(set).error().tag, tags::FloatPixelData);
  set = grey(2, 2, 64);
  set.set_bytes(tags::DoubleFloatPixelData, VR::OD, Bytes(32));
  EXPECT_EQ(pixel_format(set)->kind, PixelFormat::Kind::Double);
}

TEST(PixelFormat, KnowsTheWordsOfItsValueRepresentation) {
  DataSet set = grey(2, 2, 8);
  EXPECT_EQ(pixel_format(set)->word_bytes, 2);
  set.set_bytes(tags::PixelData, VR::OB, Bytes(4));
  EXPECT_EQ(pixel_format(set)->word_bytes, 1);
}

}  // namespace
}  // namespace pacs
