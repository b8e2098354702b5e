#include <gtest/gtest.h>

#include <tuple>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

using test::b;

constexpr FrameFormat kXlColour{
    .rows = 5, .columns = 9, .samples_per_pixel = 3, .colour = Colour::Rgb};

constexpr FrameFormat xl_mono(std::uint16_t bits) {
  FrameFormat format{.rows = 5, .columns = 9};
  format.bits_stored = bits;
  format.bits_allocated = bits <= 8 ? 8 : 16;
  return format;
}

// Made by cjxl -d 0 of test::steps; of 12 bits, which cjxl 0.7 does not keep, by its library.
constexpr std::string_view kXlEight =
    "FF0A20001080A0B8100802010094004B188B150A1DC2E6EC21324E137587BB72F1FA83EE46998BB4216C4D4E01"
    "15BA269747C40B";
constexpr std::string_view kXlTwelve =
    "FF0A200010C0A0B81108020100F4004B12C582852496E2F94EF601606CC0CCBD8A826B02C33008C330F86BBCC2"
    "E729CA534061BC61C74502079C1E6F58F0616118849740C36EBF79C0C08BC2";
constexpr std::string_view kXlSixteen =
    "0000000C4A584C200D0A870A00000014667479706A786C20000000006A786C20000000096A786C6C0A00000068"
    "6A786C63FF0A200010E007282E040802010040014B188B15C239D1CE1F50BAD684D8880DD9688DD8908DD868ED"
    "08C3C5E0EF1CE885ECF0896D5887FECE60AB343286D8426B851E7ACF60A3B515156243365A23B6B682A033D846"
    "16A87FB816626B19DE01";
constexpr std::string_view kXlColours =
    "FF0A2000108080E242080201005C014B18938E858309887008118688314612B7186354748C3146EB002448D2DF"
    "F0529B5B8B8C12B5D474D6E2493555F75F07653D4180373CA4E304A8C3CA98D622708AE5C1BC80983A4CE17D32"
    "03BF64F196019C8000260000";
// By cjxl -d 1, the pixels by djxl.
constexpr std::string_view kXlLossy =
    "FF0A2000108084E24200128802006C0105A11A0000152AA38C1BBC9CEBF9F24387C5B48DEB0C6DB56D6149A2C8"
    "383649277048128B80F3D640004007C099871F07D783504B2589B43CDFC9DEBFDB6C032285DADF5DF17412B000"
    "D025B2FEC0FB03C804409771030D500010";
constexpr std::string_view kXlLossyPixels =
    "040500080A020E100A141613181A1A1D1F2122242827292E2E2F2F393B343D3F394344404749484C4D4F505256"
    "56585E5B5D63606267696A646D6F6A7274717779797C7E818183888789908D8E969698959D9F99A1A39FA7A9A7"
    "ACAEB0B1B3B7B7B9C0BDBFC8C3C5C9C9CBC6D0D2CED5D7D4DBDDDDE1E3E5E6E8EEEBEEF6F2F4FFF8FAF4FBFD64";
// Of a JPEG, which the codestream reconstructs; the pixels by djxl.
constexpr std::string_view kXlOfJpeg =
    "0000000C4A584C200D0A870A00000014667479706A786C20000000006A786C20000000136A786C7000000000FF"
    "0A20001080480000005B6A627264C06D03088220B40C088050A3404A000000005CFF278824000000D42091FA52"
    "87FEAF2400000000EBFF858C52000000019B18A5BAC30CFCBFC00F005416000B0880E000104A46494600010100"
    "00010001000003000001296A786C7080000001E05B0210005804887808788878FEFF0E00001800080001000000"
    "00008080258964C8BC490F00F03433DC1300A090A4A0A0300BD93198D5DA285263F0583B74A8422ED3ED38F847"
    "59E93D35E30500EA32FB521C33F5F24E00312B7703006AE522DC186328997812638C01C11863CCE4BC13638C31"
    "C618638C31C618638C3186D4D718638C31C618638C3106007002210220503440160D90C060C01903D539A6A487"
    "21C111008E805F20604880FE3A0064262D4E43890C410C1570A4CF023ABD0573600D578F9511E1C618D3834991"
    "18630C62FE08C618639C18638C01DE36C618638C31C618638C31C618638C31C618638C310000000000004A1229"
    "79BE93BD7F731B25C642CDBF779C43C0B8B7AF3D572DAD042800209D5651E35B9C17";
constexpr std::string_view kXlOfJpegPixels =
    "0505000A0B0011120216170A1A1A141F1B2F251B5A2A23543236223838303D3E34444539494A3F4D4D48524F60"
    "594F885E577F5E634169696A6E6F6D7576717B7B757F7F7A85818D8C83AF928CA09DA3659B9BA4A0A1A7A8A9AA"
    "AEAEABB2B2ADB8B5BBC0B7D6C7C2BFCED577CBCDDDD1D2DFD9DAE1DFE0E0E4E4DEEBE8E7F4EBFAFBF7DBE5EE6C";

TEST(JpegXlFrame, WithoutLossGivesItsIntegers) {
  for (const auto& [codestream, bits] :
       {std::pair{kXlEight, 8}, {kXlTwelve, 12}, {kXlSixteen, 16}}) {
    const FrameFormat format = xl_mono(static_cast<std::uint16_t>(bits));
    const auto decoded = test::decode(decode_jpeg_xl, b(codestream), format);
    ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
    EXPECT_TRUE(decoded.frame->departures.empty());
    EXPECT_EQ(decoded.pixels, test::steps(format));
  }
  const auto decoded = test::decode(decode_jpeg_xl, b(kXlColours), kXlColour);
  EXPECT_EQ(decoded.frame->colour, Colour::Rgb);
  EXPECT_EQ(decoded.pixels, test::steps(kXlColour));
}

TEST(JpegXlFrame, WithLossOrOfAJpegIsDecodedAsDjxlDoes) {
  FrameFormat jpeg = kXlColour;
  jpeg.colour = Colour::YbrFull422;
  for (const auto& [codestream, pixels, format] :
       {std::tuple{kXlLossy, kXlLossyPixels, kXlColour}, {kXlOfJpeg, kXlOfJpegPixels, jpeg}}) {
    const auto decoded = test::decode(decode_jpeg_xl, b(codestream), format);
    ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
    EXPECT_EQ(decoded.frame->colour, Colour::Rgb);
    EXPECT_TRUE(decoded.frame->departures.empty());
    // Computed in floating point, by instructions that depend on the processor.
    EXPECT_LT(test::mean_difference(decoded.pixels, b(pixels)), 0.5);
  }
}

TEST(JpegXlFrame, FillsMoreBitsAllocatedThanItHas) {
  FrameFormat wide = xl_mono(8);
  wide.bits_allocated = 16;
  EXPECT_EQ(test::decode(decode_jpeg_xl, b(kXlEight), wide).pixels, test::steps(wide));
  wide.bits_stored = 12;
  EXPECT_TRUE(test::decode(decode_jpeg_xl, b(kXlEight), wide)
                  .frame->departures.contains(Departure::CodestreamPrecision));
}

TEST(JpegXlFrame, ThatIsNotTheDataSetsIsRefused) {
  test::expect_mismatches(decode_jpeg_xl, b(kXlTwelve), xl_mono(12));
  test::expect_mismatches(decode_jpeg_xl, b(kXlColours), kXlColour);
}

TEST(JpegXlFrame, CutAnywhereIsRefused) {
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_xl, b(kXlTwelve), xl_mono(12)), 1U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_xl, b(kXlLossy), kXlColour), 1U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_xl, b(kXlOfJpeg), kXlColour), 1U);
}

}  // namespace
}  // namespace pacs::codecs
