#include "encoding/frames/frame_reader.h"

#include <gtest/gtest.h>

#include "core/uids.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/frames/pixel_sets.h"

namespace pacs {
namespace {

using test::b;
using test::colour;
using test::grey;
using test::hex;

/// Pixel data in memory that begins at offset 10 of its data set.
struct PixelsAt10 {
  PixelFormat format;
  Bytes bytes;
  PixelDataLayout layout{};
  const TransferSyntax* syntax = &explicit_vr_little_endian();

  PixelsAt10(const DataSet& set, Bytes value)
      : format(pixel_format(set).value()), bytes(std::move(value)) {
    layout.value_offset = 10;
    layout.value_length = bytes.size();
  }

  Result<FramePixels> decode(std::uint32_t frame, Bytes& pixels) {
    const ReadStored read = stored_in(share(bytes), 10);
    PACS_TRY(const auto index, FrameIndex::create(layout, format, *syntax, read));
    pixels.assign(format.frame.bytes(), std::byte{0xEE});
    return decode_frame({index, format, *syntax, read}, frame, pixels);
  }
  std::string frame(std::uint32_t number) {
    Bytes pixels;
    const auto what = decode(number, pixels);
    return what ? hex(pixels) : what.error().to_string();
  }
};

DataSet with_frames(DataSet set, int frames, VR vr = VR::OW) {
  set.set_integer(tags::NumberOfFrames, VR::IS, frames);
  set.set_bytes(tags::PixelData, vr, {});
  return set;
}

TEST(FrameReader, CopiesNativeFrames) {
  PixelsAt10 data{with_frames(grey(2, 1, 16), 2), b("0102 0304 0506 0708")};
  EXPECT_EQ(data.frame(0), hex(b("01020304")));
  EXPECT_EQ(data.frame(1), hex(b("05060708")));
}

TEST(FrameReader, TurnsBigEndianWordsAroundAsTheirVrSays) {
  PixelsAt10 words{with_frames(grey(2, 1, 16), 2), b("0102 0304 0506 0708")};
  words.syntax = find_transfer_syntax(uids::ExplicitVRBigEndian);
  EXPECT_EQ(words.frame(1), hex(b("06050807")));
  // PS3.5 §8.1.1: bytes in OW lie in words, so a frame of an odd size begins within one.
  PixelsAt10 odd{with_frames(grey(3, 1, 8), 2), b("0201 0403 0605")};
  odd.syntax = words.syntax;
  EXPECT_EQ(odd.frame(0), hex(b("010203")));
  EXPECT_EQ(odd.frame(1), hex(b("040506")));
  PixelsAt10 bytes{with_frames(grey(3, 1, 8), 2, VR::OB), b("010203040506")};
  bytes.syntax = words.syntax;
  EXPECT_EQ(bytes.frame(1), hex(b("040506")));
}

TEST(FrameReader, TurnsCellsOf32BitsAroundAsAWhole) {
  PixelsAt10 data{with_frames(grey(1, 1, 32), 2), b("00130EE8 001312D0")};
  data.syntax = find_transfer_syntax(uids::ExplicitVRBigEndian);
  EXPECT_EQ(data.frame(1), hex(b("D0121300")));
}

TEST(FrameReader, AlignsFramesOfBits) {
  // 111 000 101 | 010 111 000 | 1 ... : 9 bits each, the first pixel in the lowest bit.
  PixelsAt10 data{with_frames(grey(3, 3, 1), 2), b("47 75 FD FF")};
  EXPECT_EQ(data.frame(0), hex(b("4701")));
  EXPECT_EQ(data.frame(1), hex(b("BA00")));
}

TEST(FrameReader, GivesHalvedChromaToBothPixels) {
  PixelsAt10 data{with_frames(colour(2, 2, "YBR_FULL_422"), 1), b("01020304 05060708")};
  EXPECT_EQ(data.frame(0), hex(b("010304 020304 050708 060708")));
  PixelsAt10 odd{with_frames(colour(3, 2, "YBR_FULL_422"), 1), b("00*12")};
  Bytes pixels;
  EXPECT_EQ(odd.decode(0, pixels).error().tag, tags::Columns);
}

TEST(FrameReader, JoinsTheFragmentsOfAFrame) {
  PixelsAt10 data{with_frames(grey(4, 1, 8), 1), b("0102 00*8 0304")};
  data.syntax = find_transfer_syntax(uids::EncapsulatedUncompressedExplicitVRLittleEndian);
  data.layout.encapsulated = true;
  data.layout.fragments = {{10, 2}, {20, 2}};
  data.layout.fragment_count = 2;
  EXPECT_EQ(data.frame(0), hex(b("01020304")));
}

TEST(FrameReader, NamesPixelDataAndTheFrameThatCannotBeDecoded) {
  PixelsAt10 data{with_frames(grey(4, 1, 8), 2), b("0102 00*8 03040506")};
  data.syntax = find_transfer_syntax(uids::EncapsulatedUncompressedExplicitVRLittleEndian);
  data.layout.encapsulated = true;
  data.layout.fragments = {{10, 2}, {20, 4}};
  data.layout.fragment_count = 2;
  Bytes pixels;
  const auto what = data.decode(0, pixels);
  ASSERT_FALSE(what);
  EXPECT_EQ(what.error().tag, kPixelData);
  EXPECT_EQ(what.error().message.substr(0, 8), "frame 1:");
  EXPECT_TRUE(data.decode(1, pixels));
}

TEST(FrameReader, WantsMemoryOfTheFramesSize) {
  PixelsAt10 data{with_frames(grey(2, 1, 16), 1), b("01020304")};
  const ReadStored read = [](std::uint64_t, std::span<std::byte>) -> Result<> { return {}; };
  const auto index = FrameIndex::create(data.layout, data.format, *data.syntax, read).value();
  Bytes pixels(5);
  EXPECT_EQ(decode_frame({index, data.format, *data.syntax, read}, 0, pixels).error().kind,
            ErrorKind::InvalidArgument);
}

TEST(FrameReader, BelievesNoReaderThatGivesLess) {
  PixelsAt10 data{with_frames(grey(2, 1, 16), 1), b("01020304")};
  const ReadStored read = [](std::uint64_t, std::span<std::byte>) -> Result<> {
    return fail(ErrorKind::Truncated, "it ends there");
  };
  const auto index = FrameIndex::create(data.layout, data.format, *data.syntax, read).value();
  Bytes pixels(4);
  EXPECT_EQ(decode_frame({index, data.format, *data.syntax, read}, 0, pixels).error().kind,
            ErrorKind::Truncated);
}

TEST(FrameReader, SettlesPixelsIntoTheLowBits) {
  FramePixels what{{1, 4, 1, 16, 12, true, false, Colour::Monochrome}, 0, true, {}};
  Bytes pixels = b("FFF7 0008 01F0 FFAF");
  settle_pixels(what, pixels);
  EXPECT_EQ(hex(pixels), hex(b("FF07 00F8 0100 FFFF")));
  EXPECT_FALSE(what.unused_bits);
  what = {{1, 2, 1, 16, 12, false, false, Colour::Monochrome}, 4, true, {}};
  pixels = b("FFFF 1280");
  settle_pixels(what, pixels);
  EXPECT_EQ(hex(pixels), hex(b("FF0F 0108")));
  EXPECT_EQ(what.shift, 0U);
}

}  // namespace
}  // namespace pacs
