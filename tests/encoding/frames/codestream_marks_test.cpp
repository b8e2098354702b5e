#include "encoding/frames/codestream_marks.h"

#include <gtest/gtest.h>

#include "tests/encoding/bytes_language.h"

namespace pacs {
namespace {

using test::b;

TEST(CodestreamMarks, BeginWithMoreThanOneEqualByte) {
  EXPECT_TRUE(begins_codestream(Codec::Jpeg, b("FFD8FFE0")));
  EXPECT_FALSE(begins_codestream(Codec::Jpeg, b("FFD800E0")));
  EXPECT_FALSE(begins_codestream(Codec::Jpeg, b("FFD8")));
  EXPECT_TRUE(begins_codestream(Codec::Jpeg2000, b("FF4FFF51")));
  EXPECT_FALSE(begins_codestream(Codec::Jpeg2000, b("FF4FFF52")));
  EXPECT_FALSE(begins_codestream(Codec::JpegXl, b("FFD8FFE0")));
  EXPECT_FALSE(begins_codestream(Codec::Uncompressed, b("FFD8FFE0")));
}

TEST(CodestreamMarks, KnowRleHeadersByAllTheirNumbers) {
  EXPECT_TRUE(begins_codestream(Codec::Rle, b("01000000 40000000 00*56")));
  EXPECT_FALSE(begins_codestream(Codec::Rle, b("01000000 40000000 00*55")));
  EXPECT_FALSE(begins_codestream(Codec::Rle, b("00000000 40000000 00*56")));
  EXPECT_FALSE(begins_codestream(Codec::Rle, b("10000000 40000000 00*56")));
  EXPECT_FALSE(begins_codestream(Codec::Rle, b("02000000 40000000 40000000 00*52")));
  EXPECT_FALSE(begins_codestream(Codec::Rle, b("01000000 40000000 41000000 00*52")));
}

TEST(CodestreamMarks, EndBeforeTheirPadding) {
  EXPECT_TRUE(ends_codestream(Codec::Jpeg, b("00FFD9")));
  EXPECT_TRUE(ends_codestream(Codec::Jpeg2000, b("FFD900")));
  EXPECT_TRUE(ends_codestream(Codec::JpegLs, b("FFD9FF")));
  EXPECT_FALSE(ends_codestream(Codec::Jpeg, b("FFD9 01")));
  EXPECT_FALSE(ends_codestream(Codec::Jpeg, b("00*64")));
  EXPECT_TRUE(ends_codestream(Codec::Rle, b("01")));
}

}  // namespace
}  // namespace pacs
