#include <gtest/gtest.h>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

TEST(Htj2kFrame, ComesBackForEveryDepthSignAndLayout) {
  for (std::uint16_t bits = 1; bits <= 24; ++bits) {
    for (const int layout : {0, 1, 2, 3, 4, 5}) {
      FrameFormat format{.rows = 23, .columns = 37};
      format.bits_stored = bits;
      format.bits_allocated = bits <= 8 ? 8 : bits <= 16 ? 16 : 32;
      format.is_signed = layout % 2 != 0;
      format.samples_per_pixel = layout < 2 ? 1 : 3;
      format.planar = layout >= 4;
      format.colour = layout < 2 ? Colour::Monochrome : layout == 3 ? Colour::YbrFull : Colour::Rgb;
      const Bytes frame = test::frame_of(format);
      Bytes codestream;
      const auto colour = encode_htj2k(frame, format, {}, codestream);
      ASSERT_EQ(colour, format.colour == Colour::Rgb ? Colour::YbrRct : format.colour);
      EXPECT_EQ(codestream.size() % 2, 0U);
      FrameFormat written = format;
      written.colour = *colour;
      const auto decoded = test::decode(decode_htj2k, codestream, written);
      ASSERT_TRUE(decoded.frame) << decoded.frame.error().to_string();
      EXPECT_EQ(decoded.frame->colour, format.colour);
      EXPECT_TRUE(decoded.frame->departures.empty());
      EXPECT_EQ(decoded.pixels, test::interleaved(frame, format)) << bits << " bits, " << layout;
    }
  }
}

constexpr FrameFormat kHtFormat{.rows = 23, .columns = 37, .bits_allocated = 16, .bits_stored = 12};

Bytes ht_codestream() {
  Bytes codestream;
  EXPECT_TRUE(encode_htj2k(test::frame_of(kHtFormat), kHtFormat, {}, codestream));
  return codestream;
}

// PS3.5 §10.17: Part 15 codestreams, which say so by CAP (ITU-T T.814 §A.3.1) and by the style of
// their code blocks.
TEST(Htj2kFrame, IsOfHighThroughputAndReversible) {
  const Bytes codestream = ht_codestream();
  const std::string hex = test::hex(codestream);
  EXPECT_NE(hex.find("FF50"), std::string::npos) << hex.substr(0, 200);
}

TEST(Htj2kFrame, OfOneRowOrColumnComesBack) {
  for (const FrameFormat& format :
       {FrameFormat{.rows = 1, .columns = 100}, FrameFormat{.rows = 3, .columns = 1},
        FrameFormat{.rows = 13, .columns = 7, .bits_allocated = 1, .bits_stored = 1}}) {
    const Bytes frame = test::frame_of(format);
    Bytes codestream;
    ASSERT_TRUE(encode_htj2k(frame, format, {}, codestream));
    Bytes decoded(format.bytes());
    ASSERT_TRUE(decode_htj2k(codestream, format, decoded));
    EXPECT_EQ(decoded, frame);
  }
}

TEST(Htj2kFrame, ThatIsNotTheDataSetsIsRefused) {
  test::expect_mismatches(decode_htj2k, ht_codestream(), kHtFormat);
}

TEST(Htj2kFrame, CutAnywhereIsRefusedUnlessOnlyItsEndIsMissing) {
  EXPECT_LE(test::cuts_that_decode(decode_htj2k, ht_codestream(), kHtFormat), 3U);
}

TEST(Htj2kFrame, OfMoreThanTwentyFourBitsIsNotEncoded) {
  const FrameFormat format{.rows = 5, .columns = 9, .bits_allocated = 32, .bits_stored = 25};
  Bytes codestream;
  EXPECT_EQ(encode_htj2k(test::frame_of(format), format, {}, codestream).error().kind,
            ErrorKind::Unsupported);
}

}  // namespace
}  // namespace pacs::codecs
