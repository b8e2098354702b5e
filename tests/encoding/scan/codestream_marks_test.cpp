#include "encoding/scan/codestream_marks.h"

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

TEST(MarkedFragments, AreTheSameInPiecesOfAnySize) {
  const std::vector<Bytes> fragments{
      b("FFD8FFE0 00*200"),       b("01*300 FFD9"),    b(""),
      b("FFD8FFDB 00*40 FFD900"), b("FFD8FFDB 02*64"), b("FFD8FFDB FFD9")};
  for (const std::size_t piece : {1, 7, 63, 64, 65, 1000}) {
    MarkedFragments marks{Codec::Jpeg};
    for (const Bytes& fragment : fragments) {
      marks.begin();
      for (std::size_t at = 0; at < fragment.size(); at += piece) {
        marks.append(ByteView{fragment}.subspan(at, std::min(piece, fragment.size() - at)));
      }
    }
    marks.end();
    EXPECT_EQ(marks.starts(4), (std::vector<std::uint32_t>{0, 3, 4, 5})) << piece;
    EXPECT_EQ(marks.starts(3), (std::vector<std::uint32_t>{0, 3, 4})) << piece;  // behind an end
  }
}

}  // namespace
}  // namespace pacs
