#include <gtest/gtest.h>

#include <random>

#include "encoding/codecs/codecs.h"
#include "tests/encoding/bytes_language.h"

namespace pacs::rle_test {
namespace {

using codecs::decode_rle;
using codecs::encode_rle;
using test::b;

/// The 64 bytes before the segments: their number and where each begins.
Bytes header(std::uint32_t segments, std::initializer_list<std::uint32_t> offsets) {
  Bytes bytes;
  append(bytes, segments, ByteOrder::Little);
  for (const std::uint32_t offset : offsets) append(bytes, offset, ByteOrder::Little);
  bytes.resize(64);
  return bytes;
}
Bytes operator+(Bytes left, const Bytes& right) {
  append(left, right);
  return left;
}

struct Decoded {
  Result<DecodedFrame> frame;
  Bytes pixels;
};
Decoded decode(const Bytes& codestream, const FrameFormat& format) {
  Decoded decoded{.frame = DecodedFrame{}, .pixels = Bytes(format.bytes())};
  decoded.frame = decode_rle(codestream, format, decoded.pixels);
  return decoded;
}

/// Flat areas, gradients and noise: every kind of run.
Bytes picture(std::size_t bytes, unsigned seed) {
  std::mt19937 random{seed};
  Bytes made(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    const unsigned kind = i / 97 % 4;
    made[i] = static_cast<std::byte>(kind == 0   ? 7
                                     : kind == 1 ? i / 3
                                     : kind == 2 ? random() % 2
                                                 : random());
  }
  return made;
}

const FrameFormat kFourBytes{.rows = 2, .columns = 2};

TEST(Rle, ReadsLiteralsAndRuns) {
  EXPECT_EQ(decode(header(1, {64}) + b("FE 41 00 42"), kFourBytes).pixels, b("'AAAB'"));
  EXPECT_EQ(decode(header(1, {64}) + b("03 'ABCD'"), kFourBytes).pixels, b("'ABCD'"));
}

TEST(Rle, PassesOverNoOperationsAndPadding) {
  EXPECT_EQ(decode(header(1, {64}) + b("80 FF 41 80 80 01 'BC' 80 00 00"), kFourBytes).pixels,
            b("'AABC'"));
}

TEST(Rle, AcceptsRunsOverTheEndsOfRowsAndOfTheFrame) {
  EXPECT_EQ(decode(header(1, {64}) + b("81 41"), kFourBytes).pixels, b("'AAAA'"));
}

TEST(Rle, CountsWhatIsMoreThanThePixelsAndPadding) {
  const auto departures = [](const char* segment) {
    const auto decoded = decode(header(1, {64}) + b(segment), kFourBytes);
    EXPECT_EQ(decoded.pixels, b("'AAAA'")) << segment;
    return decoded.frame.value().departures;
  };
  for (const char* padded : {"FD 41", "FD 41 00", "FD 41 80 00 00 00", "01 'AA' FF 41 00"}) {
    EXPECT_TRUE(departures(padded).empty()) << padded;
  }
  for (const char* longer : {"FC 41", "81 41", "04 'AAAAA'", "FD 41 FD 41", "FD 41 00 42"}) {
    EXPECT_EQ(departures(longer), Departures{Departure::CodestreamLength}) << longer;
  }
  const FrameFormat wide{.rows = 1, .columns = 2, .bits_allocated = 16, .bits_stored = 16};
  const auto decoded = decode(header(2, {64, 66}) + b("FF01 FC02"), wide);
  EXPECT_EQ(decoded.frame.value().departures, Departures{Departure::CodestreamLength});
}

TEST(Rle, PutsTheMostSignificantByteFirst) {
  const FrameFormat format{.rows = 1, .columns = 2, .bits_allocated = 16, .bits_stored = 12};
  EXPECT_EQ(decode(header(2, {64, 67}) + b("01 0102 01 0304"), format).pixels, b("0301 0402"));
}

TEST(Rle, InterleavesColours) {
  const FrameFormat format{
      .rows = 1, .columns = 2, .samples_per_pixel = 3, .planar = true, .colour = Colour::Rgb};
  const auto [frame, pixels] = decode(header(3, {64, 66, 69}) + b("FF 52 01 4748 FF 42"), format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(pixels, b("'RGBRHB'"));
  EXPECT_FALSE(frame->planar);
  EXPECT_EQ(frame->colour, Colour::Rgb);
  EXPECT_TRUE(frame->departures.empty());
}

TEST(Rle, SaysThatFullySampledColourIsNot422) {
  const FrameFormat format{
      .rows = 1, .columns = 1, .samples_per_pixel = 3, .colour = Colour::YbrFull422};
  const auto [frame, pixels] = decode(header(3, {64, 66, 68}) + b("0001 0002 0003"), format);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->colour, Colour::YbrFull);
  EXPECT_TRUE(frame->departures.contains(Departure::CodestreamColour));
}

TEST(Rle, NamesWhatIsWrongWithTheHeader) {
  const auto error = [](const Bytes& codestream) {
    return decode(codestream, kFourBytes).frame.error();
  };
  EXPECT_EQ(error(b("01 00 00 00")).kind, ErrorKind::Truncated);
  EXPECT_EQ(error(header(2, {64, 66}) + b("03 'ABCD'")).message,
            "RLE has 2 segments where Samples per Pixel and Bits Allocated make 1");
  EXPECT_EQ(error(header(1, {63}) + b("03 'ABCD'")).kind, ErrorKind::Malformed);
  EXPECT_EQ(error(header(1, {70}) + b("03 'ABCD'")).kind, ErrorKind::Malformed);
  const FrameFormat wide{.rows = 2, .columns = 2, .bits_allocated = 16, .bits_stored = 16};
  EXPECT_EQ(decode(header(2, {66, 64}) + b("03 'ABCD'"), wide).frame.error().kind,
            ErrorKind::Malformed);
  EXPECT_EQ(decode(header(2, {64, 90}) + b("03 'ABCD'"), wide).frame.error().message,
            "RLE segment 1 ends at 90, past the frame's 69 bytes");
}

TEST(Rle, RefusesMoreSegmentsThanTheHeaderHas) {
  const FrameFormat format{.rows = 1, .columns = 1, .samples_per_pixel = 4, .bits_allocated = 32};
  EXPECT_EQ(decode(header(15, {64}), format).frame.error().kind, ErrorKind::Unsupported);
  Bytes out;
  EXPECT_EQ(encode_rle(Bytes(16), format, {}, out).error().kind, ErrorKind::Unsupported);
}

TEST(Rle, WritesRowsOfTheirOwnAndSegmentsOfEvenLength) {
  Bytes out{std::byte{9}};
  const FrameFormat format{.rows = 2, .columns = 3};
  ASSERT_TRUE(encode_rle(b("'AAAAAA'"), format, {}, out));
  EXPECT_EQ(out, header(1, {64}) + b("FE41 FE41"));
  ASSERT_TRUE(encode_rle(b("'ABBCCC'"), format, {}, out));
  EXPECT_EQ(out, header(1, {64}) + b("02 'ABB' FE43"));
  ASSERT_TRUE(encode_rle(b("'ABCCCC'"), format, {}, out));
  EXPECT_EQ(out, header(1, {64}) + b("02 'ABC' FE43"));
  ASSERT_TRUE(encode_rle(b("'ABC'"), {.rows = 1, .columns = 3}, {}, out));
  EXPECT_EQ(out, header(1, {64}) + b("02 'ABC'"));
  ASSERT_TRUE(encode_rle(b("'AB'"), {.rows = 1, .columns = 2}, {}, out));
  EXPECT_EQ(out, header(1, {64}) + b("01 'AB' 00"));
}

TEST(Rle, RefusesToWriteWhatTheStandardDoesNotAllow) {
  Bytes out;
  EXPECT_EQ(
      encode_rle(Bytes(3), {.rows = 1, .columns = 8, .samples_per_pixel = 3, .bits_allocated = 1},
                 {}, out)
          .error()
          .kind,
      ErrorKind::Unsupported);
  EXPECT_EQ(
      encode_rle(Bytes(3),
                 {.rows = 1, .columns = 1, .samples_per_pixel = 3, .colour = Colour::YbrFull422},
                 {}, out)
          .error()
          .kind,
      ErrorKind::Unsupported);
}

/// As the decoder gives it back: by pixel.
Bytes by_pixel(const Bytes& pixels, const FrameFormat& format) {
  if (!format.planar) return pixels;
  const std::size_t sample = format.bits_allocated / 8;
  const std::size_t count = std::size_t{format.rows} * format.columns;
  Bytes ordered;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t s = 0; s < format.samples_per_pixel; ++s) {
      append(ordered, ByteView{pixels}.subspan((s * count + i) * sample, sample));
    }
  }
  return ordered;
}

TEST(Rle, GivesBackEveryLayoutThatItWrote) {
  for (const std::uint16_t bits : std::initializer_list<std::uint16_t>{8, 16, 32, 64}) {
    for (const std::uint16_t samples : std::initializer_list<std::uint16_t>{1, 2, 3, 4}) {
      if (samples * bits / 8 > 15) continue;
      for (const bool planar : {false, true}) {
        const FrameFormat format{.rows = 67,
                                 .columns = 131,
                                 .samples_per_pixel = samples,
                                 .bits_allocated = bits,
                                 .bits_stored = bits,
                                 .planar = planar};
        const Bytes pixels = picture(format.bytes(), bits + samples);
        Bytes codestream;
        ASSERT_TRUE(encode_rle(pixels, format, {}, codestream));
        EXPECT_EQ(codestream.size() % 2, 0U);
        EXPECT_EQ(decode(codestream, format).pixels, by_pixel(pixels, format)) << bits << samples;
      }
    }
  }
}

TEST(Rle, DoesNotWritePackedBitsWhichNobodyElseReads) {
  Bytes out;
  const FrameFormat bits{.rows = 2, .columns = 16, .bits_allocated = 1, .bits_stored = 1};
  EXPECT_EQ(encode_rle(Bytes(4), bits, {}, out).error().kind, ErrorKind::Unsupported);
}

TEST(Rle, ReadsPackedBitsAsOneSegment) {
  const FrameFormat format{.rows = 3, .columns = 3, .bits_allocated = 1, .bits_stored = 1};
  EXPECT_EQ(decode(header(1, {64}) + b("01 5501"), format).pixels, b("5501"));
}

TEST(Rle, SaysTruncatedOfAFrameCutAnywhere) {
  const FrameFormat format{.rows = 9, .columns = 13, .bits_allocated = 16, .bits_stored = 16};
  Bytes codestream;
  const Bytes pixels = picture(format.bytes(), 3);
  ASSERT_TRUE(encode_rle(pixels, format, {}, codestream));
  const bool padded = codestream.back() == std::byte{0};
  for (std::size_t size = 0; size + (padded ? 1 : 0) < codestream.size(); ++size) {
    const Bytes cut(codestream.begin(), codestream.begin() + static_cast<std::ptrdiff_t>(size));
    const auto decoded = decode(cut, format);
    ASSERT_FALSE(decoded.frame) << size;
    EXPECT_TRUE(decoded.frame.error().kind == ErrorKind::Truncated ||
                decoded.frame.error().kind == ErrorKind::Malformed);
  }
}

}  // namespace
}  // namespace pacs::rle_test
