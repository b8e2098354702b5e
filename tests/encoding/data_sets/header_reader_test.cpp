#include "encoding/data_sets/header_reader.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;

const TransferSyntax& kImplicit = implicit_vr_little_endian();
const TransferSyntax& kExplicit = explicit_vr_little_endian();
const TransferSyntax& kBigEndian = *find_transfer_syntax("1.2.840.10008.1.2.2");
const TransferSyntax& kJpeg = *find_transfer_syntax("1.2.840.10008.1.2.4.50");

Result<Header> read(ByteView bytes, const TransferSyntax& syntax,
                    std::size_t piece_bytes = SIZE_MAX, const Limits& limits = {}) {
  HeaderReader reader{syntax, limits};
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(piece_bytes, bytes.size()));
    if (Result<> status = reader.feed(piece); !status) return fail(status.error());
    bytes = bytes.subspan(piece.size());
  }
  return reader.finish();
}

void expect_equal(const Header& a, const Header& b, const std::string& what) {
  EXPECT_TRUE(equal_content(a.data_set, b.data_set)) << what;
  EXPECT_EQ(a.pixel_data, b.pixel_data) << what;
  EXPECT_EQ(a.data_set_bytes, b.data_set_bytes) << what;
}

TEST(HeaderReader, ReadsEverySampleTheSameInPiecesOfAnySize) {
  for (const auto& path : test::good_sample_files()) {
    const auto sample = test::sample_data_set(path);
    const auto whole = read(sample.bytes.view, *sample.syntax);
    ASSERT_TRUE(whole) << path << whole.error().to_string();
    EXPECT_EQ(whole->data_set_bytes, sample.bytes.view.size());
    for (const std::size_t piece : {1, 7, 100, 4096, 16384}) {
      const auto pieces = read(sample.bytes.view, *sample.syntax, piece);
      ASSERT_TRUE(pieces) << path << pieces.error().to_string();
      expect_equal(*whole, *pieces, path);
    }
  }
}

/// Every reference must point at the bytes that reading the whole data set gives.
void expect_references(const DataSet& header, const DataSet& whole, ByteView bytes,
                       const std::string& what) {
  ASSERT_EQ(header.size(), whole.size()) << what;
  for (auto in_header = header.begin(), in_whole = whole.begin(); in_header != header.end();
       ++in_header, ++in_whole) {
    EXPECT_EQ(in_header->tag(), in_whole->tag()) << what;
    EXPECT_EQ(in_header->vr(), in_whole->vr()) << what;
    for (std::size_t i = 0; i < in_header->items().size(); ++i) {
      expect_references(in_header->items()[i].data_set, in_whole->items()[i].data_set, bytes, what);
    }
    if (in_header->form() != Element::Form::Bulk) {
      EXPECT_TRUE(in_header->items().empty() ? equal_content(*in_header, *in_whole) : true) << what;
      continue;
    }
    const ByteView referenced = bytes.subspan(in_header->bulk()->offset, in_header->bulk()->length);
    EXPECT_EQ(in_header->bulk_is_encapsulated(), in_whole->form() == Element::Form::Fragments);
    if (in_whole->form() == Element::Form::Value) {
      EXPECT_EQ(as_text(referenced), as_text(in_whole->value())) << what;
    } else {
      EXPECT_EQ(referenced.data() + 8, in_whole->fragments()->basic_offset_table.data()) << what;
      EXPECT_EQ(test::hex(referenced.last(8)), "FEFFDDE000000000") << what;
    }
  }
}

TEST(HeaderReader, ReferencesPointAtTheBytesLeftOut) {
  for (const auto& path : test::good_sample_files()) {
    const auto sample = test::sample_data_set(path);
    if (sample.syntax->deflated) continue;
    const auto whole = read_data_set(sample.bytes, *sample.syntax);
    const auto header = read(sample.bytes.view, *sample.syntax);
    ASSERT_TRUE(whole && header);
    if (header->departures.contains(Departure::ForeignGroup)) continue;  // the header has none
    expect_references(header->data_set, *whole, sample.bytes.view, path);
  }
}

TEST(HeaderReader, TellsWhereNativePixelDataLies) {
  const auto header =
      read(b("2800 1000 'US' 0200 0100  E07F 1000 'OW' 0000 04000000 01020304"), kExplicit, 1);
  ASSERT_TRUE(header && header->pixel_data);
  EXPECT_EQ(header->pixel_data->value_offset, 22U);
  EXPECT_EQ(header->pixel_data->value_length, 4U);
  EXPECT_FALSE(header->pixel_data->encapsulated);
  EXPECT_EQ(*header->data_set.find(kPixelData)->bulk(), (BulkReference{22, 4}));
}

TEST(HeaderReader, TellsWhereEachFragmentLies) {
  const Bytes bytes =
      b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 08000000 00000000 0A000000"
        "FEFF00E0 02000000 0102 FEFF00E0 04000000 01020304 FEFFDDE0 00000000");
  const auto header = read(bytes, kJpeg, 3);
  ASSERT_TRUE(header && header->pixel_data);
  const PixelDataLayout& layout = *header->pixel_data;
  EXPECT_TRUE(layout.encapsulated);
  EXPECT_EQ(layout.basic_offset_table, (std::vector<std::uint64_t>{0, 10}));
  EXPECT_EQ(layout.fragments, (std::vector<PixelDataLayout::Fragment>{{36, 2}, {46, 4}}));
  EXPECT_EQ(layout.fragment_count, 2U);
  EXPECT_EQ(layout.value_offset, 12U);
  EXPECT_EQ(layout.value_offset + layout.value_length, bytes.size());
}

TEST(HeaderReader, KeepsTheExtendedOffsetTableWhateverItsLength) {
  Bytes bytes = b("E07F 0100 'OV' 0000");
  constexpr std::uint32_t kFrames = 2000;  // 16000 bytes: a bulk reference in the header
  append(bytes, kFrames * 8, ByteOrder::Little);
  for (std::uint64_t i = 0; i < kFrames; ++i) append(bytes, i * 10, ByteOrder::Little);
  append(bytes, b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000"));
  for (std::uint64_t i = 0; i < kFrames; ++i) append(bytes, b("FEFF00E0 02000000 0102"));
  append(bytes, b("FEFFDDE0 00000000"));
  for (const std::size_t piece : {1UL, 1000UL, SIZE_MAX}) {
    const auto header = read(bytes, kJpeg, piece);
    ASSERT_TRUE(header && header->pixel_data);
    ASSERT_EQ(header->pixel_data->extended_offset_table.size(), kFrames);
    EXPECT_EQ(header->pixel_data->extended_offset_table.back(), (kFrames - 1) * 10);
    EXPECT_EQ(header->pixel_data->fragments.size(), kFrames);
  }
}

TEST(HeaderReader, CountsFragmentsBeyondThoseItKeeps) {
  Limits limits;
  limits.fragments_max = 1;
  const auto header = read(b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 08000000 00000000 0A000000"
                             "FEFF00E0 02000000 0102 FEFF00E0 02000000 0102 FEFFDDE0 00000000"),
                           kJpeg, 1, limits);
  ASSERT_TRUE(header && header->pixel_data);
  EXPECT_EQ(header->pixel_data->fragment_count, 2U);
  EXPECT_EQ(header->pixel_data->fragments.size(), 1U);
  EXPECT_TRUE(header->pixel_data->basic_offset_table.empty());
}

TEST(HeaderReader, AnIconIsNotThePixelDataOfTheObject) {
  const auto header = read(b("8800 0002 14000000 FEFF00E0 0C000000 E07F 1000 04000000 01020304"
                             "E07F 1000 02000000 0102"),
                           kImplicit);
  ASSERT_TRUE(header && header->pixel_data);
  EXPECT_EQ(header->pixel_data->value_offset, 36U);
  const DataSet& icon = header->data_set.items(tags::IconImageSequence).front().data_set;
  EXPECT_EQ(*icon.find(kPixelData)->bulk(), (BulkReference{24, 4}));
}

TEST(HeaderReader, LongValuesBecomeReferencesWithTheirByteOrder) {
  Limits limits;
  limits.header_value_bytes_max = 4;
  const auto header =
      read(b("0028 3006 'OW' 0000 00000006 000102030405 0040 A160 'UT' 0000 00000004 'text'"),
           kBigEndian, 1, limits);
  ASSERT_TRUE(header);
  const Element* long_value = header->data_set.find(tags::LUTData);
  ASSERT_NE(long_value->bulk(), nullptr);
  EXPECT_EQ(long_value->byte_order(), ByteOrder::Big);
  EXPECT_EQ(header->data_set.text(tags::TextValue), "text");
}

TEST(HeaderReader, TextHasALimitOfItsOwn) {
  Limits limits;
  limits.header_value_bytes_max = 4;
  limits.header_text_bytes_max = 8;
  const auto header =
      read(b("0028 3006 'OW' 0000 00000006 000102030405"
             "0040 A160 'UT' 0000 00000008 'long one' 0040 A161 'UT' 0000 0000000A 'longer one'"),
           kBigEndian, 1, limits);
  ASSERT_TRUE(header);
  EXPECT_NE(header->data_set.find(tags::LUTData)->bulk(), nullptr);
  EXPECT_EQ(header->data_set.text(tags::TextValue), "long one");
  EXPECT_NE(header->data_set.find(Tag{0x0040, 0xA161})->bulk(), nullptr);
}

TEST(HeaderReader, RefusesAHeaderThatCostsTooMuch) {
  Limits limits;
  limits.header_bytes_max = 1000;
  Bytes bytes;
  for (int i = 0; i < 100; ++i) append(bytes, b("4000 60A1 'UT' 0000 04000000 'text'"));
  const auto header = read(bytes, kExplicit, 10, limits);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().kind, ErrorKind::LimitExceeded);
  EXPECT_EQ(header.error().tag, tags::TextValue);
}

TEST(HeaderReader, AnErrorIsFinal) {
  HeaderReader reader{kExplicit};
  EXPECT_FALSE(reader.feed(b("FEFF0DE0 00000000")));
  const Result<> again = reader.feed(b("1000 1000 'PN' 0000"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::Malformed);
  EXPECT_EQ(reader.finish().error().kind, ErrorKind::Malformed);
}

TEST(HeaderReader, SaysTruncatedOfPixelDataCutAnywhere) {
  const Bytes bytes =
      b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFF00E0 04000000 01020304 FEFFDDE0 "
        "00000000");
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto header = read(ByteView{bytes}.first(size), kJpeg, 1);
    ASSERT_FALSE(header) << size;
    EXPECT_EQ(header.error().kind, ErrorKind::Truncated);
    EXPECT_TRUE(header.error().offset);
  }
}

TEST(HeaderReader, AnEmptyDataSetHasAnEmptyHeader) {
  const auto header = read({}, kExplicit);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->data_set.empty());
  EXPECT_FALSE(header->pixel_data);
}

}  // namespace
}  // namespace pacs
