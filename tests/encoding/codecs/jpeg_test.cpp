#include <gtest/gtest.h>

#include <algorithm>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

using test::b;

constexpr FrameFormat kJpegGrey{.rows = 5, .columns = 9};
constexpr FrameFormat kJpegColours{
    .rows = 5, .columns = 9, .samples_per_pixel = 3, .colour = Colour::YbrFull422};

// Made by cjpeg -optimize -quality 90 of 9 × 5 pixels, the pixels by djpeg; all with JFIF but the
// last, which has an APP14 of Adobe with transform 0.
constexpr std::string_view kGreyJpeg =
    "FFD8FFE000104A46494600010100000100010000FFDB0043000302020302020303030304030304050805050404"
    "050A070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F171816141812141514FF"
    "C0000B080005000901011100FFC4001500010100000000000000000000000000000608FFC4001E100001010900"
    "000000000000000000000000050708172224425152A2FFDA0008010100003F0024E92CB5268A5C5A5E10B5275E"
    "4FFFD9";
constexpr std::string_view kGreyPixels =
    "0013293C5063798CA00F22374B5E72879AAF1F31475A6E8197AABE2E4156697D91A6B9CD3B4E63778A9EB3C6DA";
constexpr std::string_view kFullJpeg =
    "FFD8FFE000104A46494600010100000100010000FFDB0043000302020302020303030304030304050805050404"
    "050A070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F171816141812141514FF"
    "DB00430103040405040509050509140D0B0D141414141414141414141414141414141414141414141414141414"
    "1414141414141414141414141414141414141414141414FFC00011080005000903011100021101031101FFC400"
    "1500010100000000000000000000000000000407FFC4001D1000000505000000000000000000000000000106A3"
    "D10818222352FFC400160101010100000000000000000000000000080607FFC4001D1100010207000000000000"
    "0000000000000004A105060716212251FFDA000C03010002110311003F00421E97D27AF06CA46A350E6D5FBE5C"
    "80A713CC4F4CB949B5F49F0D948275DCBFAE2F2F889F5CFFD9";
constexpr std::string_view kFullPixels =
    "0400FE1A00F03B00D95700C57000B38C009CAE0088C30078E100610132FB1832EB3732D45332BF6E32AE8A3298"
    "A93282C13272DD325C0265FE1965EE3866D65566C26F64B08C659AAB6685C26675E0655E0295FD1896ED3896D6"
    "5595C16D95AF8B969CAB9685C19674DE955E05C8FE1BC9EE3BC8D957C8C270C8B08EC99DAEC986C4C975E3C85F";
constexpr std::string_view kHalfJpeg =
    "FFD8FFE000104A46494600010100000100010000FFDB0043000302020302020303030304030304050805050404"
    "050A070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F171816141812141514FF"
    "DB00430103040405040509050509140D0B0D141414141414141414141414141414141414141414141414141414"
    "1414141414141414141414141414141414141414141414FFC00011080005000903012100021101031101FFC400"
    "1500010100000000000000000000000000000407FFC4001D1000000505000000000000000000000000000106A3"
    "D10818222352FFC4001501010100000000000000000000000000000305FFC4001E110000050501000000000000"
    "00000000000002060715040521415161FFDA000C03010002110311003F00421E97D27AF06CA4526D7D27C36520"
    "1CA56D7CD1B3DD8BED8AE6E7065CF37E0FFFD9";
constexpr std::string_view kHalfPixels =
    "0B00F31C00EC3C00D95900C76E00AF8B009CA9018CC3007BDA016C0930EF1B31E73931D45630C16D33AB893398"
    "A73386C13176D733660A63F11C64EA3B64D65764C46D66AC8B669AA86789C26578D966690994F31B95EB3995D8"
    "5694C36C96AE89979AA7978AC19578D7976B0CC7F41EC8EC3CC8D959C7C66FC9AF8CC99DAACA8BC4C979DACA6B";
constexpr std::string_view kProgressiveJpeg =
    "FFD8FFE000104A46494600010100000100010000FFDB0043000302020302020303030304030304050805050404"
    "050A070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F171816141812141514FF"
    "DB00430103040405040509050509140D0B0D141414141414141414141414141414141414141414141414141414"
    "1414141414141414141414141414141414141414141414FFC20011080005000903011100021101031101FFC400"
    "1500010100000000000000000000000000000306FFC4001501010100000000000000000000000000000607FFDA"
    "000C030100021003100000014507E924F5EFFFC40017100101010100000000000000000000000004000616FFDA"
    "00080101000105020E5C972E4BFFC400191100020301000000000000000000000000000405061521FFDA000801"
    "0301013F01AE4E33C37193FFC400191100020301000000000000000000000000000305061521FFDA0008010201"
    "013F01B0CB3FA6BBCFFFC4001710010003000000000000000000000000000001D1E1FFDA0008010100063F028A"
    "63FFC400161001010100000000000000000000000000004161FFDA0008010100013F2180607FFFDA000C030100"
    "0200030000001077FFC4001711000301000000000000000000000000000041A161FFDA0008010301013F107F4D"
    "69FFC4001711000301000000000000000000000000000041A161FFDA0008010201013F107F4D69FFC400181000"
    "02030000000000000000000000000000D101E1F0FFDA0008010100013F10A0998C19FFD9";
constexpr std::string_view kRgbJpeg =
    "FFD8FFEE000E41646F626500640000000000FFDB0043000302020302020303030304030304050805050404050A"
    "070706080C0A0C0C0B0A0B0B0D0E12100D0E110E0B0B1016101113141515150C0F171816141812141514FFC000"
    "11080005000903521100471100421100FFC4001800000203000000000000000000000000000008050709FFC400"
    "1F100001020603000000000000000000000000020708194453A3D1458182FFDA000C03520047004200003F00AB"
    "E0038DF24CCBB9B5B5813B1988B6ADECD50097736B6B027621E7FFD9";
constexpr std::string_view kRgbPixels =
    "0000FF1C00EC3900D65300C37100AF8B009CA80086C40073E0005F0033FF1C33EC3933D65333C37133AF8B339C"
    "A83386C43373E0335F0063FF1C63EC3963D65363C37163AF8B639CA86386C46373E0635F0096FF1C96EC3996D6"
    "5396C37196AF8B969CA89686C49673E0965F00C8FF1CC8EC39C8D653C8C371C8AF8BC89CA8C886C4C873E0C85F";

/// Without its APP0, so that it does not say that it is JFIF.
Bytes without_jfif(std::string_view jpeg) {
  Bytes bytes = b(jpeg);
  bytes.erase(bytes.begin() + 2, bytes.begin() + 20);
  return bytes;
}

TEST(JpegFrame, IsDecodedAsDjpegDoes) {
  EXPECT_EQ(test::decode(decode_jpeg, b(kGreyJpeg), kJpegGrey).pixels, b(kGreyPixels));
  for (const auto& [jpeg, pixels] : {std::pair{kFullJpeg, kFullPixels},
                                     {kHalfJpeg, kHalfPixels},
                                     {kProgressiveJpeg, kFullPixels}}) {
    const auto decoded = test::decode(decode_jpeg, b(jpeg), kJpegColours);
    ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
    EXPECT_EQ(decoded.frame->colour, Colour::Rgb);
    EXPECT_TRUE(decoded.frame->departures.empty());
    EXPECT_EQ(decoded.pixels, b(pixels));
  }
}

TEST(JpegFrame, SaysItsColoursByAdobeThenJfifThenComponentsThenTheDataSet) {
  FrameFormat rgb = kJpegColours;
  rgb.colour = Colour::Rgb;
  const auto departs = [](const test::Decoded& decoded) {
    return decoded.frame.value().departures.contains(Departure::CodestreamColour);
  };
  // Adobe, transform 0 and 1.
  Bytes adobe = b(kRgbJpeg);
  EXPECT_EQ(test::decode(decode_jpeg, adobe, rgb).pixels, b(kRgbPixels));
  EXPECT_FALSE(departs(test::decode(decode_jpeg, adobe, rgb)));
  EXPECT_EQ(test::decode(decode_jpeg, adobe, kJpegColours).pixels, b(kRgbPixels));
  EXPECT_TRUE(departs(test::decode(decode_jpeg, adobe, kJpegColours)));
  adobe[17] = std::byte{1};
  EXPECT_NE(test::decode(decode_jpeg, adobe, rgb).pixels, b(kRgbPixels));
  EXPECT_TRUE(departs(test::decode(decode_jpeg, adobe, rgb)));
  // JFIF.
  EXPECT_EQ(test::decode(decode_jpeg, b(kFullJpeg), rgb).pixels, b(kFullPixels));
  EXPECT_TRUE(departs(test::decode(decode_jpeg, b(kFullJpeg), rgb)));
  // Components called R, G and B, the first two segments' bytes taken off.
  adobe.erase(adobe.begin() + 2, adobe.begin() + 18);
  EXPECT_EQ(test::decode(decode_jpeg, adobe, kJpegColours).pixels, b(kRgbPixels));
  EXPECT_TRUE(departs(test::decode(decode_jpeg, adobe, kJpegColours)));
  // Nothing but the data set.
  const Bytes plain = without_jfif(kFullJpeg);
  EXPECT_EQ(test::decode(decode_jpeg, plain, kJpegColours).pixels, b(kFullPixels));
  EXPECT_FALSE(departs(test::decode(decode_jpeg, plain, kJpegColours)));
  EXPECT_NE(test::decode(decode_jpeg, plain, rgb).pixels, b(kFullPixels));
  EXPECT_FALSE(departs(test::decode(decode_jpeg, plain, rgb)));
}

TEST(JpegFrame, FillsSixteenBitsAsPixelRepresentationSays) {
  FrameFormat wide = kJpegGrey;
  wide.bits_allocated = 16;
  const Bytes narrow = b(kGreyPixels);
  for (const bool is_signed : {false, true}) {
    wide.is_signed = is_signed;
    const auto decoded = test::decode(decode_jpeg, b(kGreyJpeg), wide);
    ASSERT_TRUE(decoded.frame);
    EXPECT_TRUE(decoded.frame->departures.empty());
    for (std::size_t i = 0; i < narrow.size(); ++i) {
      EXPECT_EQ(decoded.pixels[2 * i], narrow[i]);
      const bool negative = is_signed && narrow[i] > std::byte{0x7F};
      EXPECT_EQ(decoded.pixels[2 * i + 1], negative ? std::byte{0xFF} : std::byte{0});
    }
  }
  wide.bits_stored = 12;
  EXPECT_TRUE(test::decode(decode_jpeg, b(kGreyJpeg), wide)
                  .frame->departures.contains(Departure::CodestreamPrecision));
}

TEST(JpegFrame, ThatIsNotTheDataSetsIsRefused) {
  test::expect_mismatches(decode_jpeg, b(kGreyJpeg), kJpegGrey);
  test::expect_mismatches(decode_jpeg, b(kHalfJpeg), kJpegColours);
}

TEST(JpegFrame, CutAnywhereIsRefusedUnlessOnlyItsEndIsMissing) {
  EXPECT_LE(test::cuts_that_decode(decode_jpeg, b(kGreyJpeg), kJpegGrey), 3U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg, b(kFullJpeg), kJpegColours), 3U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg, b(kHalfJpeg), kJpegColours), 3U);
  EXPECT_EQ(test::cuts_that_decode(decode_jpeg, b(kProgressiveJpeg), kJpegColours), 0U);
}

TEST(JpegFrame, WithABrokenScanIsRefused) {
  Bytes jpeg = b(kGreyJpeg);
  jpeg[jpeg.size() - 8] = std::byte{0xFF};
  EXPECT_EQ(test::decode(decode_jpeg, jpeg, kJpegGrey).frame.error().kind, ErrorKind::Malformed);
}

TEST(JpegFrame, OfMoreScansThanAnybodyWritesIsRefused) {
  const Bytes progressive = b(kProgressiveJpeg);
  Bytes bomb(progressive.begin(), progressive.end() - 2);
  for (int i = 0; i < 300; ++i) append(bomb, b("FFDA0008010100013F2180 607F"));
  append(bomb, b("FFD9"));
  const auto decoded = test::decode(decode_jpeg, bomb, kJpegColours);
  EXPECT_EQ(decoded.frame.error().kind, ErrorKind::Malformed);
  EXPECT_NE(decoded.frame.error().message.find("more than 200 scans"), std::string::npos)
      << decoded.frame.error().message;
}

TEST(JpegFrame, MayHaveFewerScansTheLargerItIs) {
  Bytes bomb = b(kProgressiveJpeg);
  const Bytes marker = b("FFC2");
  const auto sof = std::search(bomb.begin(), bomb.end(), marker.begin(), marker.end());
  ASSERT_NE(sof, bomb.end());
  for (const int at : {5, 7}) {  // 4096 rows and columns
    sof[at] = std::byte{0x10};
    sof[at + 1] = std::byte{0};
  }
  bomb.resize(bomb.size() - 2);
  for (int i = 0; i < 100; ++i) append(bomb, b("FFDA0008010100013F2180 607F"));
  append(bomb, b("FFD9"));
  FrameFormat large = kJpegColours;
  large.rows = large.columns = 4096;
  const auto decoded = test::decode(decode_jpeg, bomb, large);
  ASSERT_FALSE(decoded.frame);
  EXPECT_NE(decoded.frame.error().message.find("more than 64 scans"), std::string::npos)
      << decoded.frame.error().message;
}

TEST(JpegFrame, IsEncodedInEitherPlanarConfiguration) {
  for (FrameFormat format :
       {FrameFormat{.rows = 67, .columns = 61},
        FrameFormat{.rows = 67, .columns = 61, .samples_per_pixel = 3, .colour = Colour::Rgb},
        FrameFormat{.rows = 67,
        .columns = 61,
        .samples_per_pixel = 3,
        .planar = true,
        .colour = Colour::Rgb}}) {
    Bytes frame(format.bytes());
    for (std::size_t i = 0; i < frame.size(); ++i) {
      frame[i] = static_cast<std::byte>(i * 200 / frame.size());
    }
    Bytes jpeg;
    const auto colour = encode_jpeg(frame, format, {.jpeg_quality = 95}, jpeg);
    ASSERT_TRUE(colour);
    EXPECT_EQ(*colour, format.samples_per_pixel == 1 ? Colour::Monochrome : Colour::YbrFull422);
    EXPECT_EQ(jpeg.size() % 2, 0U);
    FrameFormat written = format;
    written.colour = *colour;
    const auto decoded = test::decode(decode_jpeg, jpeg, written);
    ASSERT_TRUE(decoded.frame);
    EXPECT_TRUE(decoded.frame->departures.empty());
    EXPECT_LT(test::mean_difference(decoded.pixels, test::interleaved(frame, format)), 3);
  }
}

TEST(JpegFrame, OfOtherFormatsIsNotEncoded) {
  Bytes jpeg;
  FrameFormat palette = kJpegGrey;
  palette.colour = Colour::Palette;
  FrameFormat twelve = kJpegGrey;
  twelve.bits_allocated = 16;
  twelve.bits_stored = 12;
  FrameFormat negative = kJpegGrey;
  negative.is_signed = true;
  for (const FrameFormat& format : {palette, twelve, negative}) {
    const auto encoded = encode_jpeg(test::frame_of(format), format, {}, jpeg);
    EXPECT_EQ(encoded.error().kind, ErrorKind::Unsupported);
  }
}

}  // namespace
}  // namespace pacs::codecs
