#include <gtest/gtest.h>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

using test::b;

constexpr FrameFormat kLsFormat{.rows = 5, .columns = 9, .bits_allocated = 16, .bits_stored = 12};
constexpr FrameFormat kLsColours{
    .rows = 5, .columns = 9, .samples_per_pixel = 3, .colour = Colour::Rgb};

// Made by dcmcjpls of test::steps, with its options +in, +il and +is for colours, and +en +md 2.
constexpr std::string_view kLsTwelve =
    "FFD8FFF7000B100005000901011100FFF8000D01FFFF0012004301140040FFDA0008010100000000A5BCB796B2"
    "BE5AD6758D4ECD12E25B55959561AED24B8668D56834DA4D16633D2D999B299ACC65B199248568CB88E4622900"
    "864220AAA0FFFFD9";
constexpr std::string_view kLsSigned =
    "FFD8FFF7000B100005000901011100FFF8000D01FFFF0012004301140040FFDA0008010100000000A5BCB796B2"
    "BE5AD6758D4ECD12E25B55959561AED24B8668D56834DA4000000015DA72A296C0599A629EA725C4585354C569"
    "CBD4B5294951147519455540FFD9";
constexpr std::string_view kLsNone =
    "FFD8FFF70011080005000903011100021100031100FFDA0008010100000000872FD85FBB0000016B2190109C81"
    "00000058F421A67104594992321811BBA5C0FFDA00080102000000007285DD2BEEC00000594218DC4210C00000"
    "2D7888EDB380000058F46244A308922566E0FFDA000801030000000014A5697ECF2000002C660C6E6238C00000"
    "2CAC648C4DC000002D7A654C84112D1AF8C0FFFFD9";
constexpr std::string_view kLsLine =
    "FFD8FFF70011080005000903011100021100031100FFDA000C03010002000300000100872FD85FBB594F16CF14"
    "92D7B616800000B590C8084E408000002CAE6D1C910000002C799A254E000001635234B88000002D72BA528494"
    "AF150C1529AB2F34AA10555DA9173576C5A76B28B1757300FFD9";
constexpr std::string_view kLsSample =
    "FFD8FFF70011080005000903011100021100031100FFDA000C03010002000300000200420410A52BF6E4B295FB"
    "767890B6D0000016B000001650000016320432084723324466D95A4088E000001630000016B1229D2DD5BBECA5"
    "94454302F0AA957D9363E2D9C422E2D2C65B7E5B2F16D230FFD9";
constexpr std::string_view kLsNear =
    "FFD8FFF7000B080005000901011100FFDA0008010100020000B7C3F8011249248004A27A00291E66524AA0FFD9"
    "00";
// By dcmdjpls.
constexpr std::string_view kLsNearPixels =
    "00050F14141E24292F323C41464B51565C62697072798185898D949B9EA3ACB1B6BBC5C8CED3D9E1E1EBF2F6F9";

TEST(JpegLsFrame, OfDcmtkIsDecodedInEveryInterleaveMode) {
  EXPECT_EQ(test::decode(decode_jpeg_ls, b(kLsTwelve), kLsFormat).pixels, test::steps(kLsFormat));
  for (const std::string_view codestream : {kLsNone, kLsLine, kLsSample}) {
    const auto decoded = test::decode(decode_jpeg_ls, b(codestream), kLsColours);
    ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
    EXPECT_EQ(decoded.frame->colour, Colour::Rgb);
    EXPECT_FALSE(decoded.frame->planar);
    EXPECT_TRUE(decoded.frame->departures.empty());
    EXPECT_EQ(decoded.pixels, test::steps(kLsColours));
  }
  EXPECT_EQ(test::decode(decode_jpeg_ls, b(kLsNear), {.rows = 5, .columns = 9}).pixels,
            b(kLsNearPixels));
}

TEST(JpegLsFrame, KeepsTheSign) {
  FrameFormat negative = kLsFormat;
  negative.is_signed = true;
  EXPECT_EQ(test::decode(decode_jpeg_ls, b(kLsSigned), negative).pixels, test::steps(negative));
  negative.bits_allocated = 32;
  EXPECT_EQ(test::decode(decode_jpeg_ls, b(kLsSigned), negative).pixels, test::steps(negative));
  // DCMTK writes signed samples with the precision of Bits Allocated.
  EXPECT_TRUE(test::decode(decode_jpeg_ls, b(kLsSigned), negative)
                  .frame->departures.contains(Departure::CodestreamPrecision));
  negative.bits_stored = 16;
  EXPECT_TRUE(test::decode(decode_jpeg_ls, b(kLsSigned), negative).frame->departures.empty());
}

TEST(JpegLsFrame, FillsMoreBitsAllocatedThanItHas) {
  for (const std::string_view codestream : {kLsNone, kLsLine}) {
    FrameFormat wide = kLsColours;
    wide.bits_allocated = 16;
    EXPECT_EQ(test::decode(decode_jpeg_ls, b(codestream), wide).pixels, test::steps(wide));
  }
}

TEST(JpegLsFrame, WithPaddingBeforeItsEndIsRead) {
  for (const std::string_view pad : {"00", "FF"}) {
    Bytes codestream = b(kLsTwelve);
    while (codestream.back() != std::byte{0xD9}) codestream.pop_back();
    codestream.insert(codestream.end() - 2, b(pad)[0]);
    const auto decoded = test::decode(decode_jpeg_ls, codestream, kLsFormat);
    ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
    EXPECT_EQ(decoded.pixels, test::steps(kLsFormat));
    // FF is a fill byte before a marker (ITU-T T.87 §C.1.1), as everywhere in JPEG.
    EXPECT_EQ(decoded.frame->departures.contains(Departure::CodestreamPadding), pad == "00");
  }
}

TEST(JpegLsFrame, SaysWhatItsColoursAre) {
  FrameFormat half = kLsColours;
  half.colour = Colour::YbrFull422;
  const auto decoded = test::decode(decode_jpeg_ls, b(kLsLine), half);
  EXPECT_EQ(decoded.frame->colour, Colour::YbrFull);
  EXPECT_TRUE(decoded.frame->departures.contains(Departure::CodestreamColour));
}

TEST(JpegLsFrame, ThatIsNotTheDataSetsIsRefused) {
  test::expect_mismatches(decode_jpeg_ls, b(kLsTwelve), kLsFormat);
  test::expect_mismatches(decode_jpeg_ls, b(kLsSample), kLsColours);
}

TEST(JpegLsFrame, CutAnywhereIsRefused) {
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_ls, b(kLsTwelve), kLsFormat), 1U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_ls, b(kLsNone), kLsColours), 1U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_ls, b(kLsSample), kLsColours), 1U);
}

TEST(JpegLsFrame, ComesBackForEveryDepthSignAndLayout) {
  for (std::uint16_t bits = 2; bits <= 16; ++bits) {
    for (const int layout : {0, 1, 2, 3, 4, 5}) {
      FrameFormat format{.rows = 23, .columns = 37};
      format.bits_stored = bits;
      format.bits_allocated = bits <= 8 ? 8 : 16;
      format.is_signed = layout % 2 != 0;
      format.samples_per_pixel = layout < 2 ? 1 : 3;
      format.planar = layout >= 4;
      format.colour = layout < 2 ? Colour::Monochrome : Colour::Rgb;
      const Bytes frame = test::frame_of(format);
      Bytes codestream;
      ASSERT_EQ(encode_jpeg_ls(frame, format, {}, codestream), format.colour);
      EXPECT_EQ(codestream.size() % 2, 0U);
      const auto decoded = test::decode(decode_jpeg_ls, codestream, format);
      ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
      EXPECT_TRUE(decoded.frame->departures.empty());
      EXPECT_EQ(decoded.pixels, test::interleaved(frame, format)) << bits << " bits, " << layout;
    }
  }
}

TEST(JpegLsFrame, LeavesOutWhatLiesAboveBitsStored) {
  Bytes frame = test::frame_of(kLsFormat);
  Bytes overlaid = frame;
  overlaid[1] |= std::byte{0x80};
  Bytes codestream;
  ASSERT_TRUE(encode_jpeg_ls(overlaid, kLsFormat, {}, codestream));
  EXPECT_EQ(test::decode(decode_jpeg_ls, codestream, kLsFormat).pixels, frame);
}

TEST(JpegLsFrame, OfOneBitOrMoreThanSixteenIsNotEncoded) {
  Bytes codestream;
  for (const int bits : {1, 17}) {
    FrameFormat format{.rows = 5, .columns = 9, .bits_allocated = 32};
    format.bits_stored = static_cast<std::uint16_t>(bits);
    EXPECT_EQ(encode_jpeg_ls(test::frame_of(format), format, {}, codestream).error().kind,
              ErrorKind::Unsupported);
  }
}

}  // namespace
}  // namespace pacs::codecs
