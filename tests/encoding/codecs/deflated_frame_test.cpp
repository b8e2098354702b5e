#include <gtest/gtest.h>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/codecs/frames.h"

namespace pacs::codecs {
namespace {

constexpr FrameFormat kDeflatable{
    .rows = 33, .columns = 31, .bits_allocated = 16, .bits_stored = 12};
constexpr FrameFormat kEightBytes{.rows = 2, .columns = 4, .bits_allocated = 8, .bits_stored = 8};

TEST(DeflatedFrame, ComesBackForEveryBitsAllocatedAndPlanarConfiguration) {
  for (const int bits : {1, 8, 16, 32}) {
    for (const bool planar : {false, true}) {
      FrameFormat format{.rows = 33,
                         .columns = 31,
                         .samples_per_pixel = 3,
                         .planar = planar,
                         .colour = Colour::YbrFull};
      format.bits_allocated = format.bits_stored = static_cast<std::uint16_t>(bits);
      const Bytes frame = test::frame_of(format);
      Bytes codestream;
      EXPECT_EQ(encode_deflated_frame(frame, format, {}, codestream), Colour::YbrFull);
      EXPECT_EQ(codestream.size() % 2, 0U);
      const auto decoded = test::decode(decode_deflated_frame, codestream, format);
      ASSERT_TRUE(decoded.frame);
      EXPECT_EQ(decoded.frame->planar, planar);
      EXPECT_TRUE(decoded.frame->departures.empty());
      EXPECT_EQ(decoded.pixels, frame);
    }
  }
}

// Made by Python's zlib and gzip of the bytes 0 to 7.
TEST(DeflatedFrame, ReadsWhatZlibMakesAndPassesOverItsHeader) {
  const Bytes frame = test::b("0001020304050607");
  for (const std::string_view stream :
       {"63606462666165630700", "63606462666165630700 00", "789C 63606462666165630700 005C001D",
        "1F8B0800000000000203 63606462666165630700 9F68AA88 08000000"}) {
    const auto decoded = test::decode(decode_deflated_frame, test::b(stream), kEightBytes);
    ASSERT_TRUE(decoded.frame) << stream << decoded.frame.error().to_string();
    EXPECT_EQ(decoded.pixels, frame);
    EXPECT_EQ(decoded.frame->departures.contains(Departure::ZlibHeader), stream[0] != '6');
  }
}

TEST(DeflatedFrame, OfYbrFull422HasHalfItsChromaOrAll) {
  const FrameFormat format{
      .rows = 1, .columns = 4, .samples_per_pixel = 3, .colour = Colour::YbrFull422};
  const Bytes all = test::b("01 80 90 02 80 90 03 81 91 04 81 91");
  for (const Bytes& native : {test::b("01 02 80 90 03 04 81 91"), all}) {
    Bytes codestream;
    ASSERT_TRUE(encode_deflated_frame(native, format, {}, codestream));
    const auto decoded = test::decode(decode_deflated_frame, codestream, format);
    ASSERT_TRUE(decoded.frame);
    EXPECT_EQ(decoded.frame->colour, Colour::YbrFull);
    EXPECT_EQ(decoded.pixels, all);
  }
}

TEST(DeflatedFrame, WithAWrongChecksumOrBytesBehindItIsRefused) {
  for (const std::string_view stream :
       {"789C 63606462666165630700 005C001E", "63606462666165630700 01", "FFFFFFFF", ""}) {
    EXPECT_EQ(test::decode(decode_deflated_frame, test::b(stream), kEightBytes).frame.error().kind,
              ErrorKind::Malformed);
  }
}

TEST(DeflatedFrame, OfAnotherSizeIsRefusedWithoutMemory) {
  FrameFormat large = kDeflatable;
  large.rows = 10'000;
  Bytes bomb;
  ASSERT_TRUE(encode_deflated_frame(Bytes(large.bytes()), large, {}, bomb));
  for (const std::uint32_t rows : {9'999U, 10'001U}) {
    large.rows = rows;
    EXPECT_EQ(test::decode(decode_deflated_frame, bomb, large).frame.error().kind,
              ErrorKind::Mismatch);
  }
}

TEST(DeflatedFrame, CutAnywhereIsRefused) {
  Bytes codestream;
  ASSERT_TRUE(encode_deflated_frame(test::frame_of(kDeflatable), kDeflatable, {}, codestream));
  EXPECT_LE(test::cuts_that_decode(decode_deflated_frame, codestream, kDeflatable), 1U);
}

}  // namespace
}  // namespace pacs::codecs
