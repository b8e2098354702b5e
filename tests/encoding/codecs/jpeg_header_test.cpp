#include "encoding/codecs/jpeg_header.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"

namespace pacs::jpeg_header_test {
namespace {

using codecs::JpegFrame;
using codecs::read_jpeg_header;
using test::b;

const char* const kFrame = "FFC0 0011 08 0002 0003 03 01 22 00 02 11 01 03 11 01";
const char* const kScan = "FFDA 000C 03 0100 0200 0300 00 3F 00";
Bytes stream(const std::string& before) {
  return b("FFD8" + before + kFrame + kScan);
}
Error error_of(const std::string& hex) {
  const auto frame = read_jpeg_header(b(hex));
  return frame ? Error{ErrorKind::Internal, "no error"} : frame.error();
}

TEST(JpegHeader, TellsTheFrame) {
  const auto frame = read_jpeg_header(stream("FFFF FE 0004 'hi'"));
  ASSERT_TRUE(frame) << frame.error().to_string();
  EXPECT_EQ(frame->start_of_frame, codecs::kSofBaseline);
  EXPECT_EQ(frame->precision, 8);
  EXPECT_EQ(frame->rows, 2);
  EXPECT_EQ(frame->columns, 3);
  EXPECT_EQ(frame->component_count, 3U);
  EXPECT_EQ(frame->components[0].horizontal, 2);
  EXPECT_EQ(frame->components[2].id, 3);
  EXPECT_FALSE(frame->jfif);
  EXPECT_FALSE(frame->adobe_transform);
}

TEST(JpegHeader, TellsJfifAndAdobe) {
  EXPECT_TRUE(read_jpeg_header(stream("FFE0 0010 'JFIF' 00 0101 00 0001 0001 0000"))->jfif);
  EXPECT_EQ(read_jpeg_header(stream("FFEE 000E 'Adobe' 0064 0000 0000 01"))->adobe_transform, 1);
}

TEST(JpegHeader, DecidesColourAsLibjpegDoes) {
  JpegFrame frame;
  frame.component_count = 3;
  EXPECT_TRUE(holds_ycbcr(frame, Colour::YbrFull422));
  EXPECT_FALSE(holds_ycbcr(frame, Colour::Rgb));
  frame.components[0].id = 'R';
  frame.components[1].id = 'G';
  frame.components[2].id = 'B';
  EXPECT_FALSE(holds_ycbcr(frame, Colour::YbrFull422));
  EXPECT_TRUE(colour_departs(frame, Colour::YbrFull422));
  frame.jfif = true;
  EXPECT_TRUE(holds_ycbcr(frame, Colour::Rgb));
  EXPECT_TRUE(colour_departs(frame, Colour::Rgb));
  frame.adobe_transform = 0;
  EXPECT_FALSE(holds_ycbcr(frame, Colour::Rgb));
  EXPECT_FALSE(colour_departs(frame, Colour::Rgb));
  frame.adobe_transform = 1;
  EXPECT_TRUE(holds_ycbcr(frame, Colour::YbrFull));
  EXPECT_FALSE(colour_departs(frame, Colour::YbrFull));
  frame.component_count = 1;
  EXPECT_FALSE(holds_ycbcr(frame, Colour::Monochrome));
  EXPECT_FALSE(colour_departs(frame, Colour::Monochrome));
}

TEST(JpegHeader, RefusesWhatDoesNotFollowTheStandard) {
  EXPECT_EQ(error_of("FFD9").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("0000").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFD9").message, "the JPEG codestream has no scan");
  EXPECT_EQ(error_of("FFD8 FFD8").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFE0 0001 00").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of(std::string("FFD8") + kScan).kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of(std::string("FFD8") + kFrame + kFrame).kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFC0 000A 08 0002 0003 01 0122").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFC0 000B 08 0002 0000 01 012200").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFC0 000B 08 0002 0001 01 015200").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFC0 000B 08 0000 0001 01 011100").kind, ErrorKind::Unsupported);
  EXPECT_EQ(error_of("FFD8 FFC4 0013 24 00*16").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFC4 0013 00 FF*16").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFDB 0004 0001").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of("FFD8 FFDD 0003 00").kind, ErrorKind::Malformed);
  EXPECT_EQ(error_of(std::string("FFD8") + kFrame + "FFDA 0008 01 0900 00 3F 00").message,
            "a JPEG scan names a component or a table that is not there");
}

TEST(JpegHeader, SaysTruncatedOfAHeaderCutAnywhere) {
  const Bytes whole = stream("FFE0 0010 'JFIF' 00 0101 00 0001 0001 0000");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto frame = read_jpeg_header(ByteView{whole}.first(size));
    ASSERT_FALSE(frame) << size;
    EXPECT_EQ(frame.error().kind, ErrorKind::Truncated) << size;
  }
}

}  // namespace
}  // namespace pacs::jpeg_header_test
