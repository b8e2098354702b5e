#include "encoding/scan/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/header_reader.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;

/// One element of zeros, deflated a thousandfold.
Bytes bomb(std::size_t bytes) {
  Bytes inflated = b("E07F 1000 'OW' 0000");
  append(inflated, static_cast<std::uint32_t>(bytes), ByteOrder::Little);
  inflated.resize(inflated.size() + bytes);
  return deflate_all(inflated).value();
}

const TransferSyntax& kDeflated = *find_transfer_syntax("1.2.840.10008.1.2.1.99");

TEST(Inflate, GivesBackWhatWasDeflatedToEvenLength) {
  for (const std::size_t size : {0, 1, 2, 1000, 65536, 65537, 300'000}) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * i >> 3);
    const auto deflated = deflate_all(bytes);
    ASSERT_TRUE(deflated);
    EXPECT_EQ(deflated->size() % 2, 0U);
    EXPECT_EQ(inflate_all(*deflated, {}), bytes);
  }
}

TEST(Inflate, TakesPiecesOfAnySize) {
  const Bytes bytes(100'000, std::byte{7});
  const Bytes deflated = deflate_all(bytes).value();
  Inflater inflater{Limits{}};
  EXPECT_FALSE(inflater.finish());
  Bytes all;
  for (const std::byte& byte : deflated) {
    ByteView piece{&byte, 1};
    while (true) {
      const auto inflated = inflater.next(piece);
      ASSERT_TRUE(inflated);
      if (inflated->empty() && piece.empty()) break;
      append(all, *inflated);
    }
  }
  EXPECT_EQ(all, bytes);
  EXPECT_TRUE(inflater.finish());
}

/// What a stream gives, its points on the way.
Bytes inflated_with_points(ByteView deflated, std::uint64_t apart,
                           std::vector<InflatePoint>& points) {
  Inflater inflater{Limits{}};
  inflater.note_points(apart);
  Bytes all;
  for (;;) {
    const auto piece = inflater.next(deflated);
    EXPECT_TRUE(piece);
    if (!piece || (piece->empty() && deflated.empty())) break;
    append(all, *piece);
  }
  EXPECT_TRUE(inflater.finish());
  points = inflater.points();
  return all;
}

Bytes noise(std::size_t bytes) {
  Bytes made(bytes);
  std::uint32_t state = 1;
  for (std::byte& byte : made) {
    state = state * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::byte>(state >> 26);
  }
  return made;
}

/// Blocks of some hundred bytes: zlib with the least memory.
Bytes deflated_in_small_blocks(ByteView bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 1, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes deflated(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(deflated.data());
  stream.avail_out = static_cast<uInt>(deflated.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflated.resize(stream.total_out);
  deflateEnd(&stream);
  return deflated;
}

TEST(Inflate, BeginsAtEachOfItsPoints) {
  const Bytes bytes = noise(3'000'000);
  Bytes wrapped = b("789C");  // a zlib header, which some writers leave
  append(wrapped, deflated_in_small_blocks(bytes));
  append(wrapped,
         static_cast<std::uint32_t>(
             adler32_z(1, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size())),
         ByteOrder::Big);
  for (const Bytes& deflated : {deflate_all(bytes).value(), wrapped}) {
    std::vector<InflatePoint> points;
    EXPECT_EQ(inflated_with_points(deflated, 100'000, points), bytes);
    ASSERT_GE(points.size(), 5U);
    for (const InflatePoint& point : points) {
      Inflater inflater{Limits{}, point};
      ByteView rest = ByteView{deflated}.subspan(point.deflated_offset);
      Bytes behind;
      for (;;) {
        const auto piece = inflater.next(rest);
        ASSERT_TRUE(piece) << piece.error().to_string();
        if (piece->empty() && rest.empty()) break;
        append(behind, *piece);
      }
      EXPECT_TRUE(inflater.finish());
      EXPECT_TRUE(std::ranges::equal(behind, ByteView{bytes}.subspan(point.inflated_offset)));
    }
  }
}

TEST(Inflate, NotesPointsFurtherApartInALongStream) {
  std::vector<InflatePoint> points;
  const Bytes bytes = noise(3'000'000);
  EXPECT_EQ(inflated_with_points(deflated_in_small_blocks(bytes), 32'000, points), bytes);
  EXPECT_LT(points.size(), kInflatePointsMax);
  EXPECT_GE(points.size(), kInflatePointsMax / 2);
  EXPECT_GT(points.back().inflated_offset, 2'900'000U);
  for (std::size_t i = 1; i < points.size(); ++i) {
    EXPECT_GE(points[i].inflated_offset - points[i - 1].inflated_offset, 64'000U);
  }
}

TEST(Inflate, SaysTruncatedOfAStreamCutAnywhere) {
  const Bytes deflated = deflate_all(Bytes(1000, std::byte{7})).value();
  for (std::size_t size = 0; size + 2 < deflated.size(); ++size) {
    const auto inflated = inflate_all(ByteView{deflated}.first(size), {});
    ASSERT_FALSE(inflated) << size;
    EXPECT_EQ(inflated.error().kind, ErrorKind::Truncated);
  }
}

TEST(Inflate, RefusesBrokenStreamsAndBytesBehindTheEnd) {
  EXPECT_EQ(inflate_all(b("FFFFFFFF"), {}).error().kind, ErrorKind::Malformed);
  Bytes deflated = deflate_all(Bytes(10)).value();
  append(deflated, b("00*8"));  // a gzip trailer that some writers leave
  EXPECT_TRUE(inflate_all(deflated, {}));
  append(deflated, b("01*4"));
  EXPECT_EQ(inflate_all(deflated, {}).error().kind, ErrorKind::Malformed);
}

TEST(Inflate, StopsBombsBySizeAndByRatio) {
  Limits limits;
  limits.inflated_bytes_max = 1 << 20;
  const Bytes large = bomb(2 << 20);
  EXPECT_EQ(read_data_set(share(large), kDeflated, {.limits = limits}).error().kind,
            ErrorKind::LimitExceeded);
  limits = Limits{};
  limits.inflate_ratio_max = 100;
  const Bytes dense = bomb(20 << 20);
  EXPECT_EQ(read_data_set(share(dense), kDeflated, {.limits = limits}).error().kind,
            ErrorKind::LimitExceeded);
  HeaderReader reader{kDeflated, limits};
  EXPECT_EQ(reader.feed(dense).error().kind, ErrorKind::LimitExceeded);
  EXPECT_FALSE(reader.finish());
}

TEST(Inflate, ReadsTheDeflatedSampleAsPydicomDoes) {
  const auto file = read_file(test::sample("image_dfl.dcm"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->data_set.text(Tag{0x0010, 0x0010}), "^^^^");
  EXPECT_EQ(file->data_set.find(kPixelData)->value().size(), 512U * 512U);
}

}  // namespace
}  // namespace pacs
