#include "encoding/codecs/jpeg_2000_header.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/encoding/bytes_language.h"

namespace pacs::codecs {
namespace {

using test::b;

/// A main header of 64 × 32 pixels of 12 bits, a tile of them, and a tile-part of `packets`.
struct HeaderBytes {
  std::string tile_size = "00000040 00000020";
  std::string components = "0001 0B0101";
  std::string coding = "00 00 0001 00 01 04 04 00 01";  // no precincts, one layer, one level
  std::string more{};
  std::string tile_part = "FF90 000A 0000 00000012 00 01 FF93 00000000";
  std::string end = "FFD9";

  [[nodiscard]] Bytes bytes() const {
    Bytes all = b("FF4F");
    append_segment(all, "FF51",
                   "0000 00000040 00000020 00000000 00000000 " + tile_size + " 00000000 00000000 " +
                       components);
    append_segment(all, "FF52", coding);
    append(all, b(more + " " + tile_part + " " + end));
    return all;
  }
  static void append_segment(Bytes& all, std::string_view marker, const std::string& content) {
    const Bytes bytes = b(content);
    append(all, b(marker));
    append(all, static_cast<std::uint16_t>(bytes.size() + 2), ByteOrder::Big);
    append(all, bytes);
  }
};

ErrorKind header_refusal(const HeaderBytes& codestream) {
  const auto header = read_jpeg_2000_header(codestream.bytes());
  EXPECT_FALSE(header);
  return header ? ErrorKind::Internal : header.error().kind;
}

TEST(Jpeg2000Header, TellsTheShapeAndTheComponentTransform) {
  const auto header = read_jpeg_2000_header(HeaderBytes{}.bytes());
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->shape.rows, 32U);
  EXPECT_EQ(header->shape.columns, 64U);
  EXPECT_EQ(header->shape.samples_per_pixel, 1U);
  EXPECT_EQ(header->shape.precision, 12U);
  EXPECT_FALSE(header->shape.is_signed);
  EXPECT_FALSE(header->component_transform);
  const auto colours = read_jpeg_2000_header(HeaderBytes{.components = "0003 870101 870101 870101",
                                                         .coding = "00 00 0001 01 00 04 04 00 01"}
                                                 .bytes());
  ASSERT_TRUE(colours) << colours.error().to_string();
  EXPECT_TRUE(colours->shape.is_signed);
  EXPECT_TRUE(colours->component_transform);
}

TEST(Jpeg2000Header, FindsTheCodestreamWithinJp2) {
  const Bytes inner = HeaderBytes{}.bytes();
  Bytes jp2 = b("0000000C 6A502020 0D0A870A 0000000A 75756964 0000 00000000 6A703263");
  append(jp2, inner);
  const auto header = read_jpeg_2000_header(jp2);
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->codestream.size(), inner.size());
  EXPECT_EQ(read_jpeg_2000_header(ByteView{jp2}.first(20)).error().kind, ErrorKind::Truncated);
}

TEST(Jpeg2000Header, RefusesComponentsThatAreSubsampledOrDiffer) {
  EXPECT_EQ(header_refusal({.components = "0003 070101 070201 070201"}), ErrorKind::Unsupported);
  EXPECT_EQ(header_refusal({.components = "0002 070101 0B0101"}), ErrorKind::Unsupported);
}

TEST(Jpeg2000Header, RefusesTilesAndPrecinctsThatCostMoreThanTheirSamples) {
  EXPECT_EQ(header_refusal({.tile_size = "00000001 00000001"}), ErrorKind::Unsupported);
  EXPECT_EQ(header_refusal({.coding = "01 00 0001 00 01 04 04 00 01 00 00"}),
            ErrorKind::Unsupported);
  // Where a tile's own header says it, or a component's.
  EXPECT_EQ(
      header_refusal({.tile_part = "FF90 000A 0000 00000022 00 01 "
                                   "FF52 000E 01 00 0001 00 01 04 04 00 01 00 00 FF93 00000000"}),
      ErrorKind::Unsupported);
  EXPECT_EQ(header_refusal({.more = "FF53 000B 00 01 01 04 04 00 01 00 00"}),
            ErrorKind::Unsupported);
}

TEST(Jpeg2000Header, RefusesMoreLayersThanItHasBytes) {
  EXPECT_EQ(header_refusal({.coding = "00 00 FFFF 00 01 04 04 00 01"}), ErrorKind::Truncated);
}

TEST(Jpeg2000Header, SaysTruncatedWhereTilesOrPartsOfThemAreMissing) {
  EXPECT_EQ(header_refusal({.tile_size = "00000020 00000020"}), ErrorKind::Truncated);
  EXPECT_EQ(header_refusal({.tile_part = "FF90 000A 0000 00000012 00 02 FF93 00000000"}),
            ErrorKind::Truncated);
  EXPECT_EQ(header_refusal({.tile_part = ""}), ErrorKind::Truncated);
  // A last tile-part of unknown length has to have an end; one of known length need not.
  const std::string unknown = "FF90 000A 0000 00000000 00 01 FF93 00000000";
  EXPECT_TRUE(read_jpeg_2000_header(HeaderBytes{.tile_part = unknown}.bytes()));
  EXPECT_EQ(header_refusal({.tile_part = unknown, .end = ""}), ErrorKind::Truncated);
  EXPECT_TRUE(read_jpeg_2000_header(HeaderBytes{.end = ""}.bytes()));
}

// Libraries assert that there are none, which would end the process.
TEST(Jpeg2000Header, RefusesMarkersAndLayersInBlocksOfHighThroughput) {
  const std::string style = "00 00 0001 00 01 04 04 40 01";
  EXPECT_TRUE(read_jpeg_2000_header(HeaderBytes{.coding = style}.bytes()));
  for (const std::string packets : {"00FF9000", "0000FFFF", "000000FF"}) {
    const std::string tile_part = "FF90 000A 0000 00000012 00 01 FF93 " + packets;
    EXPECT_EQ(header_refusal({.coding = style, .tile_part = tile_part}), ErrorKind::Malformed);
    EXPECT_TRUE(read_jpeg_2000_header(HeaderBytes{.tile_part = tile_part}.bytes()));
  }
  EXPECT_EQ(header_refusal({.coding = "00 00 0002 00 01 04 04 40 01"}), ErrorKind::Unsupported);
}

TEST(Jpeg2000Header, RefusesWhatIsNoCodestream) {
  EXPECT_EQ(read_jpeg_2000_header({}).error().kind, ErrorKind::Malformed);
  EXPECT_EQ(read_jpeg_2000_header(b("FFD8FFE0")).error().kind, ErrorKind::Malformed);
  EXPECT_EQ(header_refusal({.components = "0000"}), ErrorKind::Malformed);
  EXPECT_EQ(header_refusal({.tile_size = "00000000 00000020"}), ErrorKind::Malformed);
  EXPECT_EQ(header_refusal({.coding = "00 00 0001 00 21 04 04 00 01"}), ErrorKind::Malformed);
  EXPECT_EQ(header_refusal({.tile_part = "FF90 000A 0007 00000012 00 01 FF93 00000000"}),
            ErrorKind::Malformed);
  EXPECT_EQ(header_refusal({.end = "00001234"}), ErrorKind::Malformed);
}

}  // namespace
}  // namespace pacs::codecs
