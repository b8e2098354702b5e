#include <gtest/gtest.h>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

using test::b;

constexpr FrameFormat kJ2kMono{.rows = 5, .columns = 9, .bits_allocated = 16, .bits_stored = 12};
constexpr FrameFormat kJ2kRct{
    .rows = 5, .columns = 9, .samples_per_pixel = 3, .colour = Colour::YbrRct};

FrameFormat labelled(FrameFormat format, Colour colour) {
  format.colour = colour;
  return format;
}

// Made by opj_compress -n 2 of test::steps, without the comment: unsigned 12 bits, signed 16 bits,
// RGB, RGB with -mct 0, with -I -r 2, as JP2, and of tiles of 4 × 4.
constexpr std::string_view kJ2kTwelve =
    "FF4FFF5100290000000000090000000500000000000000000000000900000005000000000000000000010B0101"
    "FF52000C00000001000104040001FF5C00074060686870FF90000A00000000003D0001FF93DFE06006CB395169"
    "FE30D96904EAD7A7160289644291FF1748852FC003A24003A1C001D0C0132C48D41B8D720BD577FFD9";
constexpr std::string_view kJ2kSigned =
    "FF4FFF5100290000000000090000000500000000000000000000000900000005000000000000000000018F0101"
    "FF52000C00000001000104040001FF5C00074080888890FF90000A0000000000620001FF93CFFC30800A7CB18E"
    "838102832C9CC7D4E581064E41E92F26AB96482E2A475EF5D873136FC7FE18133FF121483FF06070190AA3C834"
    "D77709BF105D82C6F1D938F6764289DBD0E50968B201DB8F114ED615B4767FFFD9";
constexpr std::string_view kJ2kColours =
    "FF4FFF51002F000000000009000000050000000000000000000000090000000500000000000000000003070101"
    "070101070101FF52000C00000001010104040001FF5C00074040484850FF90000A0000000000850001FF93CFB4"
    "3C056AC9805221C651568C6519D3091DDF805827EF3A0AAC1879E70907D1C0F846277EE0A5E855C1F38583E70D"
    "01F20520C880E6271C82AB624B7F18F0EDE73FC7DA131F68443ED07020DDB2CA8EB714589F1C9785E94A649457"
    "190ADD38469A7FC03A2403A1C03E110002D1756F0015310885ADE7FFD9";
constexpr std::string_view kJ2kPlain =
    "FF4FFF51002F000000000009000000050000000000000000000000090000000500000000000000000003070101"
    "070101070101FF52000C00000001000104040001FF5C00074040484850FF90000A00000000008B0001FF93CFB4"
    "3C056AC97FAA1E1C8418A7C3DC4D8D7FCFB43C056AC97FAA1E1C84218DC1E9AC1447DF808820106CFF5AC2F97B"
    "FBEE6F0EC1358E4EDDC03A2C03A2401D101597C0347F04F7D77F0BD5717FC011C03A2401D1000968B21B87E96F"
    "01CD8E7FC7DA0F1F683C3ED06020C88A7917FB0B1C82A9BE656A3E190B669D3BBFFFD9";
constexpr std::string_view kJ2kLossy =
    "FF4FFF51002F000000000009000000050000000000000000000000090000000500000000000000000003070101"
    "070101070101FF52000C00000001010104040000FF5C000B42482457D357D35762FF90000A0000000000290001"
    "FF93CF8C48073340C93C533763BFC44027F18080C114110020E21C9C80FFD9";
// By opj_decompress.
constexpr std::string_view kJ2kLossyPixels =
    "0606060E0E0E1A1A1A1E1E1E2121212425242828282E2E303131352E2E2E3333333C3C3C4141414646464B4B4B"
    "5050515656555A58646B6B6B6E6E6E7373737979798080808786888D8C8F939587969987A3A3A3A8A8A8B0B0B0"
    "B5B5B7BABABBC0C0BEC5C7B9C7C3DDC8CFA6C4C4C4CDCDCDD8D8D8DCDCDFDFDFE1E4E2ECE7EAD8E7EEC5E6FF16";
constexpr std::string_view kJp2 =
    "0000000C6A5020200D0A870A00000014667479706A703220000000006A7032200000002D6A7032680000001669"
    "68647200000005000000090003070700000000000F636F6C7201000000000010000001006A703263FF4FFF5100"
    "2F0000000000090000000500000000000000000000000900000005000000000000000000030701010701010701"
    "01FF52000C00000001010104040001FF5C00074040484850FF640025000143726561746564206279204F70656E"
    "4A5045472076657273696F6E20322E352E30FF90000A0000000000850001FF93CFB43C056AC9805221C651568C"
    "6519D3091DDF805827EF3A0AAC1879E70907D1C0F846277EE0A5E855C1F38583E70D01F20520C880E6271C82AB"
    "624B7F18F0EDE73FC7DA131F68443ED07020DDB2CA8EB714589F1C9785E94A649457190ADD38469A7FC03A2403"
    "A1C03E110002D1756F0015310885ADE7FFD9";
constexpr std::string_view kJ2kTiles =
    "FF4FFF510029000000000009000000050000000000000000000000040000000400000000000000000001070101"
    "FF52000C00000001000004040001FF5C00044040FF90000A0000000000230001FF93DF8090120F31FE2CBC12FD"
    "4CE48244B62363A3BD7BFF90000A0001000000230001FF93CFB448128067A77D32A8A71F8DCC304591F1415F7F"
    "FF90000A0002000000170001FF93CFB418118500CB82BFFF90000A0003000000160001FF93CFB4140279620D67"
    "FF90000A0004000000150001FF93CFB41002613053FF90000A0005000000130001FF93CFB408006FFFD9";

TEST(Jpeg2000Frame, OfOpenJpegsToolIsDecodedAsItDoes) {
  EXPECT_EQ(test::decode(decode_jpeg_2000, b(kJ2kTwelve), kJ2kMono).pixels, test::steps(kJ2kMono));
  const FrameFormat negative{
      .rows = 5, .columns = 9, .bits_allocated = 16, .bits_stored = 16, .is_signed = true};
  EXPECT_EQ(test::decode(decode_jpeg_2000, b(kJ2kSigned), negative).pixels, test::steps(negative));
  const FrameFormat small{.rows = 5, .columns = 9};
  EXPECT_EQ(test::decode(decode_jpeg_2000, b(kJ2kTiles), small).pixels, test::steps(small));
  for (const std::string_view codestream : {kJ2kColours, kJp2}) {
    const auto decoded = test::decode(decode_jpeg_2000, b(codestream), kJ2kRct);
    ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
    EXPECT_EQ(decoded.frame->colour, Colour::Rgb);
    EXPECT_TRUE(decoded.frame->departures.empty());
    EXPECT_EQ(decoded.pixels, test::steps(kJ2kRct));
  }
  EXPECT_EQ(test::decode(decode_jpeg_2000, b(kJ2kLossy), labelled(kJ2kRct, Colour::YbrIct)).pixels,
            b(kJ2kLossyPixels));
}

TEST(Jpeg2000Frame, SaysItsColoursByTheComponentTransformThenByTheDataSet) {
  struct Row {
    std::string_view codestream;
    Colour label, colour;
    bool departs;
  };
  for (const Row& row : {Row{kJ2kColours, Colour::YbrRct, Colour::Rgb, false},
                         Row{kJ2kColours, Colour::Rgb, Colour::Rgb, true},
                         Row{kJ2kColours, Colour::YbrFull, Colour::Rgb, true},
                         Row{kJ2kPlain, Colour::Rgb, Colour::Rgb, false},
                         Row{kJ2kPlain, Colour::YbrFull, Colour::YbrFull, false},
                         Row{kJ2kPlain, Colour::YbrFull422, Colour::YbrFull, true},
                         Row{kJ2kPlain, Colour::YbrRct, Colour::Rgb, true},
                         Row{kJ2kPlain, Colour::YbrIct, Colour::Rgb, true}}) {
    const auto decoded =
        test::decode(decode_jpeg_2000, b(row.codestream), labelled(kJ2kRct, row.label));
    ASSERT_TRUE(decoded.frame);
    EXPECT_EQ(decoded.frame->colour, row.colour);
    EXPECT_EQ(decoded.frame->departures.contains(Departure::CodestreamColour), row.departs);
    EXPECT_EQ(decoded.pixels, test::steps(kJ2kRct));
  }
}

TEST(Jpeg2000Frame, KeepsItsBitsWhereTheSignIsNotTheDataSets) {
  FrameFormat negative = kJ2kMono;
  negative.is_signed = true;
  auto decoded = test::decode(decode_jpeg_2000, b(kJ2kTwelve), negative);
  EXPECT_TRUE(decoded.frame->departures.contains(Departure::CodestreamSign));
  EXPECT_EQ(decoded.pixels, test::steps(negative));
  const FrameFormat positive{.rows = 5, .columns = 9, .bits_allocated = 16, .bits_stored = 16};
  decoded = test::decode(decode_jpeg_2000, b(kJ2kSigned), positive);
  EXPECT_TRUE(decoded.frame->departures.contains(Departure::CodestreamSign));
  EXPECT_EQ(decoded.pixels, test::steps(positive));
}

TEST(Jpeg2000Frame, HasItsOwnPrecisionWhateverBitsStoredIs) {
  FrameFormat sixteen = kJ2kMono;
  sixteen.bits_stored = 16;
  const auto decoded = test::decode(decode_jpeg_2000, b(kJ2kTwelve), sixteen);
  EXPECT_TRUE(decoded.frame->departures.contains(Departure::CodestreamPrecision));
  EXPECT_EQ(decoded.pixels, test::steps(kJ2kMono));
}

TEST(Jpeg2000Frame, ThatIsNotTheDataSetsIsRefused) {
  test::expect_mismatches(decode_jpeg_2000, b(kJ2kTwelve), kJ2kMono);
  test::expect_mismatches(decode_jpeg_2000, b(kJ2kColours), kJ2kRct);
}

TEST(Jpeg2000Frame, CutAnywhereIsRefusedUnlessOnlyItsEndIsMissing) {
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_2000, b(kJ2kTwelve), kJ2kMono), 2U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_2000, b(kJ2kLossy), kJ2kRct), 2U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_2000, b(kJp2), kJ2kRct), 2U);
  EXPECT_LE(test::cuts_that_decode(decode_jpeg_2000, b(kJ2kTiles), {.rows = 5, .columns = 9}), 2U);
}

TEST(Jpeg2000Frame, ComesBackForEveryDepthSignAndLayout) {
  for (std::uint16_t bits = 1; bits <= 24; ++bits) {
    for (const int layout : {0, 1, 2, 3, 4, 5}) {
      FrameFormat format{.rows = 23, .columns = 37};
      format.bits_stored = bits;
      format.bits_allocated = bits <= 8 ? 8 : bits <= 16 ? 16 : 32;
      format.is_signed = layout % 2 != 0;
      format.samples_per_pixel = layout < 2 ? 1 : 3;
      format.planar = layout >= 4;
      format.colour = layout < 2 ? Colour::Palette : layout == 3 ? Colour::YbrFull : Colour::Rgb;
      const Bytes frame = test::frame_of(format);
      Bytes codestream;
      const auto colour = encode_jpeg_2000(frame, format, {}, codestream);
      ASSERT_EQ(colour, format.colour == Colour::Rgb ? Colour::YbrRct : format.colour);
      EXPECT_EQ(codestream.size() % 2, 0U);
      const auto decoded = test::decode(decode_jpeg_2000, codestream, labelled(format, *colour));
      ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
      EXPECT_EQ(decoded.frame->colour, format.colour);
      EXPECT_TRUE(decoded.frame->departures.empty());
      EXPECT_EQ(decoded.pixels, test::interleaved(frame, format)) << bits << " bits, " << layout;
    }
  }
}

TEST(Jpeg2000Frame, ComesBackForPackedBitsAndForOneRow) {
  for (const FrameFormat& format :
       {FrameFormat{.rows = 13, .columns = 7, .bits_allocated = 1, .bits_stored = 1},
        FrameFormat{.rows = 1, .columns = 100}, FrameFormat{.rows = 3, .columns = 1}}) {
    const Bytes frame = test::frame_of(format);
    Bytes codestream;
    ASSERT_TRUE(encode_jpeg_2000(frame, format, {}, codestream));
    Bytes decoded(format.bytes());
    ASSERT_TRUE(decode_jpeg_2000(codestream, format, decoded));
    EXPECT_EQ(decoded, frame);
  }
}

TEST(Jpeg2000Frame, OfMoreThanTwentyFourBitsIsNotEncoded) {
  const FrameFormat format{.rows = 5, .columns = 9, .bits_allocated = 32, .bits_stored = 25};
  Bytes codestream;
  EXPECT_EQ(encode_jpeg_2000(test::frame_of(format), format, {}, codestream).error().kind,
            ErrorKind::Unsupported);
}

}  // namespace
}  // namespace pacs::codecs
