#include <gtest/gtest.h>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

constexpr FrameFormat kOddColours{.rows = 3,
                                  .columns = 5,
                                  .samples_per_pixel = 3,
                                  .bits_allocated = 8,
                                  .bits_stored = 8,
                                  .planar = true,
                                  .colour = Colour::Rgb};

TEST(UncompressedFrame, IsTheNativeOneWithAPadByte) {
  const Bytes frame = test::frame_of(kOddColours);
  Bytes codestream;
  EXPECT_EQ(encode_uncompressed(frame, kOddColours, {}, codestream), Colour::Rgb);
  EXPECT_EQ(codestream.size(), frame.size() + 1);
  const auto decoded = test::decode(decode_uncompressed, codestream, kOddColours);
  ASSERT_TRUE(decoded.frame);
  EXPECT_TRUE(decoded.frame->planar);
  EXPECT_EQ(decoded.frame->colour, Colour::Rgb);
  EXPECT_EQ(decoded.pixels, frame);
}

TEST(UncompressedFrame, HoldsPackedBits) {
  const FrameFormat format{.rows = 3, .columns = 7, .bits_allocated = 1, .bits_stored = 1};
  const Bytes frame = test::frame_of(format);
  Bytes codestream;
  ASSERT_TRUE(encode_uncompressed(frame, format, {}, codestream));
  EXPECT_EQ(codestream.size(), 4U);
  EXPECT_EQ(test::decode(decode_uncompressed, codestream, format).pixels, frame);
}

TEST(UncompressedFrame, OfYbrFull422HasHalfItsChromaOrAll) {
  const FrameFormat format{
      .rows = 1, .columns = 4, .samples_per_pixel = 3, .colour = Colour::YbrFull422};
  const Bytes all = test::b("01 80 90 02 80 90 03 81 91 04 81 91");
  for (const Bytes& stored : {test::b("01 02 80 90 03 04 81 91"), all}) {
    const auto decoded = test::decode(decode_uncompressed, stored, format);
    ASSERT_TRUE(decoded.frame);
    EXPECT_EQ(decoded.frame->colour, Colour::YbrFull);
    EXPECT_EQ(decoded.pixels, all);
  }
  EXPECT_EQ(test::decode(decode_uncompressed, test::b("01 02 80 90"), format).frame.error().kind,
            ErrorKind::Truncated);
}

TEST(UncompressedFrame, OfAnotherSizeIsRefused) {
  Bytes codestream = test::frame_of(kOddColours);
  EXPECT_EQ(test::cuts_that_decode(decode_uncompressed, codestream, kOddColours), 0U);
  codestream.resize(codestream.size() + 2);
  EXPECT_EQ(test::decode(decode_uncompressed, codestream, kOddColours).frame.error().kind,
            ErrorKind::Mismatch);
}

}  // namespace
}  // namespace pacs::codecs
