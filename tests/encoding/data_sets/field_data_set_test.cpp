// Data sets as broken writers send them: how each is read, whole and one byte at a time, and that
// it comes out right when it is written again. docs/DEPARTURES.md lists these tests by name.
#include <gtest/gtest.h>

#include <zlib.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/header_blob.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/scan/inflate.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/scan/token_trace.h"

namespace pacs {
namespace {

using test::b;
using test::hex;
using test::trace;

const TransferSyntax& kImplicit = implicit_vr_little_endian();
const TransferSyntax& kExplicit = explicit_vr_little_endian();
const TransferSyntax& kBigEndian = *find_transfer_syntax("1.2.840.10008.1.2.2");
const TransferSyntax& kDeflated = *find_transfer_syntax("1.2.840.10008.1.2.1.99");
const TransferSyntax& kJpeg = *find_transfer_syntax("1.2.840.10008.1.2.4.50");

Bytes joined(Bytes first, ByteView second) {
  append(first, second);
  return first;
}

Result<Header> header_of(ByteView bytes, const TransferSyntax& syntax, std::size_t piece_bytes,
                         DataSetEnd end = DataSetEnd::MaybeCut) {
  HeaderReader reader{syntax, {}};
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(piece_bytes, bytes.size()));
    PACS_TRY(reader.feed(piece));
    bytes = bytes.subspan(piece.size());
  }
  return reader.finish(end);
}

/// One data set that departs, and what it means.
struct Sent {
  Bytes bytes;
  const TransferSyntax& syntax;
  std::string tokens;        ///< as token_trace.h tells them; empty: not compared
  std::string departures;    ///< their names
  std::string written = {};  ///< in Explicit VR Little Endian; empty: not compared
  DataSetEnd end = DataSetEnd::MaybeCut;
};

void expect_tokens(const Sent& sent) {
  if (sent.tokens.empty()) return;
  for (const std::size_t piece : {0, 1, 3, 8}) {
    EXPECT_EQ(trace(sent.bytes, sent.syntax, piece), sent.tokens) << piece;
  }
}

/// What is written is read again as the same, without departures of structure.
void expect_written_right(const DataSet& data_set, const Sent& sent) {
  const TransferSyntax& syntax = sent.syntax.encapsulated ? kJpeg : kExplicit;
  const auto bytes = write_data_set(data_set, syntax);
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  if (!sent.written.empty()) {
    EXPECT_EQ(hex(*bytes), hex(b(sent.written)));
  }
  const auto again = header_of(*bytes, syntax, SIZE_MAX);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->departures.to_string(), "");
  EXPECT_TRUE(equal_content(read_data_set(share(*bytes), syntax).value(), data_set));
}

void expect_read(const Sent& sent) {
  expect_tokens(sent);
  const auto data_set = read_data_set(share(sent.bytes), sent.syntax, {.end = sent.end});
  ASSERT_TRUE(data_set) << data_set.error().to_string();
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{1000}}) {
    const auto header = header_of(sent.bytes, sent.syntax, piece, sent.end);
    ASSERT_TRUE(header) << piece << ": " << header.error().to_string();
    EXPECT_EQ(header->departures.to_string(), sent.departures) << piece;
    EXPECT_EQ(header->data_set_bytes, sent.bytes.size());
    EXPECT_EQ(header->data_set.size(), data_set->size());
    // The index keeps it as it was read.
    const auto blob = encode_header(*header);
    ASSERT_TRUE(blob);
    const auto kept = decode_header(share(*blob));
    ASSERT_TRUE(kept) << kept.error().to_string();
    EXPECT_TRUE(equal_content(kept->data_set, header->data_set));
    EXPECT_EQ(kept->pixel_data, header->pixel_data);
  }
  expect_written_right(*data_set, sent);
}

/// An error of this kind, at each size of pieces the same.
void expect_refused(const Bytes& bytes, const TransferSyntax& syntax, ErrorKind kind,
                    DataSetEnd end = DataSetEnd::MaybeCut) {
  const auto whole = read_data_set(share(bytes), syntax, {.end = end});
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().kind, kind) << whole.error().to_string();
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{1000}}) {
    const auto header = header_of(bytes, syntax, piece, end);
    ASSERT_FALSE(header) << piece;
    EXPECT_EQ(header.error().to_string(), whole.error().to_string()) << piece;
  }
}

constexpr const char* kName = "1000 1000 'PN' 0400 'Doe '";
constexpr const char* kImplicitName = "1000 1000 04000000 'Doe '";

// PS3.5 §7.1

TEST(FieldDataSet, NulsBehindTheLastElementAreIgnored) {
  for (const std::size_t nuls : {1, 2, 7, 8, 9, 12, 512, 100'000}) {
    const Bytes tail(nuls);
    expect_read({joined(b(kName), tail), kExplicit, "PN(0010,0010)=4", "trailing_nuls", kName});
    expect_read({joined(b(kImplicitName), tail), kImplicit, "", "trailing_nuls", kName});
    expect_read({joined(b("0010 0010 'PN' 0004 'Doe '"), tail), kBigEndian, "PN(0010,0010)=4",
                 "trailing_nuls", kName});
  }
}

TEST(FieldDataSet, OtherBytesBehindTheLastElementAreRefused) {
  Bytes tail(600);
  tail.back() = std::byte{1};
  expect_refused(joined(b(kName), tail), kExplicit, ErrorKind::Malformed);
  expect_refused(joined(b(kImplicitName), tail), kImplicit, ErrorKind::Malformed);
  expect_refused(joined(b(kName), b("00*8 1000 2000 'LO' 0000")), kExplicit, ErrorKind::Malformed);
  expect_refused(joined(b(kName), b("0000 01")), kExplicit, ErrorKind::Truncated);
  expect_refused(joined(b(kName), b("20*6")), kExplicit, ErrorKind::Truncated);
}

TEST(FieldDataSet, NulsAloneAreNoDataSetAndInsideAnItemAreRefused) {
  expect_refused(b("00*4"), kExplicit, ErrorKind::Truncated);
  expect_refused(b("0800 1011 'SQ' 0000 0C000000 FEFF00E0 04000000 00000000"), kExplicit,
                 ErrorKind::Malformed);
}

TEST(FieldDataSet, DelimitersBehindTheLastElementAreIgnored) {
  for (const char* tail : {"FEFF0DE0 00000000", "FEFFDDE0 00000000",
                           "FEFF0DE0 00000000 FEFFDDE0 00000000 FEFFDDE0 00000000"}) {
    expect_read(
        {joined(b(kName), b(tail)), kExplicit, "PN(0010,0010)=4", "stray_delimiter", kName});
    expect_read({joined(b(kImplicitName), b(tail)), kImplicit, "PN(0010,0010)=4", "stray_delimiter",
                 kName});
  }
  expect_read({joined(b(kName), b("FEFF0DE0 00000000 00*20")), kExplicit, "PN(0010,0010)=4",
               "trailing_nuls,stray_delimiter", kName});
  expect_read({b("0010 0010 'PN' 0004 'Doe ' FFFEE00D 00000000"), kBigEndian, "PN(0010,0010)=4",
               "stray_delimiter", kName});
}

TEST(FieldDataSet, WhatFollowsADelimiterOfTheDataSetIsRefused) {
  expect_refused(joined(b(kName), b("FEFF0DE0 00000000 1000 2000 'LO' 0000")), kExplicit,
                 ErrorKind::Malformed);
  expect_refused(joined(b(kName), b("FEFF0DE0 04000000 00000000")), kExplicit,
                 ErrorKind::Malformed);
  expect_refused(joined(b(kName), b("FEFF00E0 00000000")), kExplicit, ErrorKind::Malformed);
  expect_refused(b("FEFF0DE0 00000000"), kExplicit, ErrorKind::Malformed);
  expect_refused(b("FEFFDDE0 00000000"), kExplicit, ErrorKind::Malformed);
}

// PS3.5 §7.5

TEST(FieldDataSet, EmptyDelimitersInsideItemsAndSequencesOfDefinedLengthArePassedOver) {
  // In the item, behind its elements; of either kind; alone; several.
  expect_read({b("0800 1011 1A000000 FEFF00E0 12000000 0800 5011 02000000 '1.' FEFF0DE0 00000000"),
               kImplicit, "SQ(0008,1110)[ < UI(0008,1150)=2 > ]", "stray_delimiter"});
  expect_read({b("0800 1011 10000000 FEFF00E0 08000000 FEFF0DE0 00000000"), kImplicit,
               "SQ(0008,1110)[ < > ]", "stray_delimiter"});
  expect_read({b("0800 1011 18000000 FEFF00E0 10000000 FEFFDDE0 00000000 FEFF0DE0 00000000"),
               kImplicit, "SQ(0008,1110)[ < > ]", "stray_delimiter"});
  // In the sequence: of its items, and its own.
  expect_read({b("0800 1011 08000000 FEFFDDE0 00000000"), kImplicit, "SQ(0008,1110)[ ]",
               "stray_delimiter"});
  expect_read({b("0800 1011 'SQ' 0000 20000000 FEFF00E0 00000000 FEFF0DE0 00000000"
                 "FEFF00E0 00000000 FEFFDDE0 00000000"),
               kExplicit, "SQ(0008,1110)[ < > < > ]", "stray_delimiter"});
  // An item that its delimiter ends, and the sequence's own inside of its length.
  expect_read({b("0800 1011 18000000 FEFF00E0 FFFFFFFF FEFF0DE0 00000000 FEFFDDE0 00000000"),
               kImplicit, "SQ(0008,1110)[ ~< > ]", "stray_delimiter"});
}

TEST(FieldDataSet, EmptyDelimitersBehindItemsAndSequencesOfDefinedLengthArePassedOver) {
  expect_read({b("0800 1011 FFFFFFFF FEFF00E0 00000000 FEFF0DE0 00000000 FEFF00E0 00000000"
                 "FEFF0DE0 00000000 FEFFDDE0 00000000"),
               kImplicit, "~SQ(0008,1110)[ < > < > ]", "stray_delimiter"});
  // More elements follow: the delimiter is that of the sequence right before it.
  expect_read({b("0800 1011 08000000 FEFF00E0 00000000 FEFFDDE0 00000000 1000 1000 04000000"
                 "'Doe '"),
               kImplicit, "SQ(0008,1110)[ < > ] PN(0010,0010)=4", "stray_delimiter",
               "0800 1011 'SQ' 0000 08000000 FEFF00E0 00000000 1000 1000 'PN' 0400 'Doe '"});
  expect_read({b("0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF 0800 1111 00000000 FEFFDDE0 00000000"
                 "FEFF0DE0 00000000 FEFFDDE0 00000000"),
               kImplicit, "~SQ(0008,1110)[ ~< SQ(0008,1111)[ ] > ]", "stray_delimiter"});
}

TEST(FieldDataSet, DelimitersThatMayEndSomethingElseAreRefused) {
  // Not behind the sequence but one element later.
  expect_refused(b("0800 1011 08000000 FEFF00E0 00000000 1000 1000 04000000 'Doe '"
                   "FEFFDDE0 00000000 1000 2000 00000000"),
                 kImplicit, ErrorKind::Malformed);
  // With a length.
  expect_refused(b("0800 1011 10000000 FEFF00E0 08000000 FEFF0DE0 01000000"), kImplicit,
                 ErrorKind::Malformed);
  // Cut by the end of the item.
  expect_refused(b("0800 1011 0C000000 FEFF00E0 04000000 FEFF0DE0 00000000"), kImplicit,
                 ErrorKind::Malformed);
}

TEST(FieldDataSet, AStreamOfDelimitersCostsNoStack) {
  Bytes bytes = b("0800 1011 00000000");
  constexpr std::uint32_t kDelimiters = 100'000;
  store(bytes.data() + 4, 8 + kDelimiters * 8, ByteOrder::Little);
  append(bytes, b("FEFF00E0 00000000"));
  store(bytes.data() + 12, kDelimiters * 8, ByteOrder::Little);
  for (std::uint32_t i = 0; i < kDelimiters; ++i) {
    append(bytes, b(i % 2 == 0 ? "FEFF0DE0 00000000" : "FEFFDDE0 00000000"));
  }
  expect_read({bytes, kImplicit, "", "stray_delimiter"});
}

TEST(FieldDataSet, ALastItemEndsWithTheDelimiterOfItsSequence) {
  expect_read({b("0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.'"
                 "FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"),
               kExplicit, "~SQ(0008,1110)[ ~< UI(0008,1150)=2 > ] PN(0010,0010)=4",
               "item_without_end",
               "0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.'"
               "FEFF0DE0 00000000 FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"});
  expect_read({b("0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF FEFFDDE0 00000000"), kImplicit,
               "~SQ(0008,1110)[ ~< > ]", "item_without_end"});
  // Nested, each without; and within a sequence of defined length.
  expect_read({b("0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF 0800 1111 FFFFFFFF FEFF00E0 FFFFFFFF"
                 "FEFFDDE0 00000000 FEFFDDE0 00000000"),
               kImplicit, "~SQ(0008,1110)[ ~< ~SQ(0008,1111)[ ~< > ] > ]", "item_without_end"});
  expect_read({b("0800 1011 10000000 FEFF00E0 FFFFFFFF FEFFDDE0 00000000"), kImplicit,
               "SQ(0008,1110)[ ~< > ]", "stray_delimiter,item_without_end"});
}

// PS3.5 §A.4

constexpr const char* kFragment = "FEFF00E0 04000000 FFD8FFD9";

Bytes encapsulated(const char* frames, const char* offset_table, int fragments) {
  Bytes bytes = b(frames);
  append(bytes, b("E07F 1000 'OB' 0000 FFFFFFFF"));
  append(bytes, b(offset_table));
  for (int i = 0; i < fragments; ++i) append(bytes, b(kFragment));
  return bytes;
}

constexpr const char* kNoTable = "FEFF00E0 00000000";
constexpr const char* kTwoFrames = "2800 0800 'IS' 0200 '2 '";

TEST(FieldDataSet, PixelDataEndsWithADataSetThatSurelyEndedWhereAllFramesAreThere) {
  const char* const kTable = "FEFF00E0 08000000 00000000 0C000000";
  const auto expect_whole = [](const Bytes& bytes) {
    expect_read({bytes, kJpeg, "", "pixel_data_without_end", "", DataSetEnd::Certain});
  };
  expect_whole(encapsulated("", kNoTable, 1));
  expect_whole(encapsulated("", kNoTable, 3));  // of one frame
  expect_whole(encapsulated(kTwoFrames, kNoTable, 2));
  expect_whole(encapsulated(kTwoFrames, kTable, 2));
  expect_whole(encapsulated(kTwoFrames, kTable, 3));  // two of the second frame
  Bytes extended = b(kTwoFrames);
  append(extended, b("E07F 0100 'OV' 0000 10000000 0000000000000000 0C00000000000000"));
  expect_whole(joined(extended, encapsulated("", kNoTable, 2)));
  const auto header = header_of(encapsulated("", kNoTable, 2), kJpeg, 1, DataSetEnd::Certain);
  ASSERT_TRUE(header && header->pixel_data);
  EXPECT_EQ(header->pixel_data->value_length, 8U + 2 * 12);
  EXPECT_EQ(header->pixel_data->fragment_count, 2U);
}

TEST(FieldDataSet, PixelDataThatMayBeCutIsRefused) {
  const auto expect_cut = [](const Bytes& bytes, DataSetEnd end = DataSetEnd::Certain) {
    expect_refused(bytes, kJpeg, ErrorKind::Truncated, end);
  };
  expect_cut(encapsulated("", kNoTable, 1), DataSetEnd::MaybeCut);  // a file
  expect_cut(encapsulated("", kNoTable, 0));
  expect_cut(encapsulated("", "", 0));
  expect_cut(encapsulated(kTwoFrames, kNoTable, 1));
  expect_cut(encapsulated(kTwoFrames, kNoTable, 3));
  expect_cut(encapsulated(kTwoFrames, "FEFF00E0 08000000 00000000 0C000000", 1));
  expect_cut(encapsulated(kTwoFrames, "FEFF00E0 08000000 00000000 0D000000", 3));
  expect_cut(encapsulated(kTwoFrames, "FEFF00E0 04000000 00000000", 2));
  Bytes half = encapsulated("", kNoTable, 1);
  for (int i = 0; i < 12; ++i) {
    half.pop_back();
    if (i != 11) expect_cut(half);
  }
  // An icon is not the object's pixels.
  expect_cut(
      joined(b("8800 0002 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF"), encapsulated("", kNoTable, 1)));
}

// PS3.5 §7.1.2

TEST(FieldDataSet, AnElementWithoutVrIsReadAsTheFormThatLeadsOn) {
  // Implicit: a text, a number, the last one, several, of a private group, empty.
  expect_read({b("0800 6000 02000000 'CT' 0800 7000 'LO' 0200 'AB'"), kExplicit,
               "CS(0008,0060)=2 LO(0008,0070)=2", "no_vr",
               "0800 6000 'CS' 0200 'CT' 0800 7000 'LO' 0200 'AB'"});
  expect_read({b("0800 6000 'CS' 0200 'CT' 2800 1000 02000000 0002"), kExplicit,
               "CS(0008,0060)=2 US(0028,0010)=2", "no_vr",
               "0800 6000 'CS' 0200 'CT' 2800 1000 'US' 0200 0002"});
  expect_read({b("0800 6000 'CS' 0200 'CT' 0900 1000 04000000 'ACME' 0900 0110 04000000 'WORD'"
                 "1000 1000 'PN' 0400 'Doe '"),
               kExplicit, "CS(0008,0060)=2 LO(0009,0010)=4 UN(0009,1001)=4 PN(0010,0010)=4",
               "no_vr"});
  expect_read({b("0800 6000 'CS' 0200 'CT' 0800 7000 00000000 0800 8000 'LO' 0000"), kExplicit,
               "CS(0008,0060)=2 LO(0008,0070)=0 LO(0008,0080)=0", "no_vr"});
  // In an item.
  expect_read({b("0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 02000000 '1.'"
                 "0800 5511 'UI' 0200 '1.' FEFF0DE0 00000000 FEFFDDE0 00000000"),
               kExplicit, "~SQ(0008,1110)[ ~< UI(0008,1150)=2 UI(0008,1155)=2 > ]", "no_vr"});
  expect_read({b("0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 02000000 '1.'"),
               kExplicit, "SQ(0008,1110)[ < UI(0008,1150)=2 > ]", "no_vr"});
  // In big endian.
  expect_read({b("0008 0060 'CS' 0002 'CT' 0008 0070 00000002 'AB' 0010 0010 'PN' 0004 'Doe '"),
               kBigEndian, "CS(0008,0060)=2 LO(0008,0070)=2 PN(0010,0010)=4", "no_vr"});
}

TEST(FieldDataSet, TwoBytesThatAreNoVrBeforeAShortLengthAreUnknown) {
  expect_read({b("0800 7000 '--' 0200 'AB' 0800 8000 'LO' 0000"), kExplicit,
               "UN(0008,0070)=2 LO(0008,0080)=0", "unknown_vr,known_as_un"});
  expect_read({b("0900 0110 '?!' 0200 0102  0900 0210 2020 0000"), kExplicit,
               "UN(0009,1001)=2 UN(0009,1002)=0", "unknown_vr"});
}

TEST(FieldDataSet, ASequenceWithoutVrIsReadAsOne) {
  // Of undefined and defined length, with items in implicit VR and with VRs.
  expect_read({b("0800 6000 'CS' 0200 'CT' 0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF"
                 "0800 5011 02000000 '1.' 0800 5511 02000000 '1.'"
                 "FEFF0DE0 00000000 FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"),
               kExplicit,
               "CS(0008,0060)=2 ~SQ(0008,1110)[ ~< UI(0008,1150)=2 UI(0008,1155)=2 > ]"
               " PN(0010,0010)=4",
               "no_vr"});
  expect_read({b("0800 6000 'CS' 0200 'CT' 0800 1011 12000000 FEFF00E0 0A000000"
                 "0800 5011 'UI' 0200 '1.' 1000 1000 'PN' 0400 'Doe '"),
               kExplicit, "CS(0008,0060)=2 SQ(0008,1110)[ < UI(0008,1150)=2 > ] PN(0010,0010)=4",
               "no_vr"});
  // The dictionary does not know it.
  expect_read({b("0800 6000 'CS' 0200 'CT' 0900 0110 FFFFFFFF FEFF00E0 0A000000"
                 "0800 5011 02000000 '1.' FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"),
               kExplicit, "CS(0008,0060)=2 ~SQ(0009,1001)[ < UI(0008,1150)=2 > ] PN(0010,0010)=4",
               "no_vr"});
}

TEST(FieldDataSet, AValueWithoutVrThatIsTooLongToLookPastIsTakenIfNothingElseIsPossible) {
  Bytes pixels = b("0800 6000 'CS' 0200 'CT' E07F 1000 00000200");
  pixels.resize(pixels.size() + 0x20000, std::byte{1});
  expect_read({pixels, kExplicit, "CS(0008,0060)=2 OW(7FE0,0010)=131072", "no_vr"});
  // What follows is looked at when it comes.
  expect_refused(joined(pixels, b("1234")), kExplicit, ErrorKind::Truncated);
}

TEST(FieldDataSet, AnElementWithoutVrThatCanBeReadInTwoWaysOrNoneIsRefused) {
  // Its value looks as the element that would follow it.
  expect_refused(b("0800 6000 'CS' 0200 'CT' 0900 0110 08000000 0900 0210 'UN' 0000 0900 0310"
                   "'LO' 0000"),
                 kExplicit, ErrorKind::Malformed);
  expect_refused(b("0800 6000 'CS' 0200 'CT' 0800 7000 03000000 'AB' 0800 8000 'LO' 0000"),
                 kExplicit, ErrorKind::Malformed);
}

TEST(FieldDataSet, WhatIdentifiesAnObjectIsNeverReadWithoutItsVr) {
  for (const char* tag :
       {"0800 1800", "1000 1000", "1000 2000", "1000 2100", "2000 0D00", "2000 0E00"}) {
    for (const char* form : {"'--' 0200 '1 '", "02000000 '1 '"}) {
      expect_refused(b(std::string{"0800 0500 'CS' 0000 "} + tag + form + " 2800 1000 'US' 0000"),
                     kExplicit, ErrorKind::Malformed);
    }
  }
}

// PS3.5 §7.1.3, §10

constexpr const char* kImplicitSet =
    "0800 0500 0A000000 'ISO_IR 100' 0800 6000 02000000 'CT' 0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF"
    "0800 5011 02000000 '1.' FEFF0DE0 00000000 FEFFDDE0 00000000 1000 1000 04000000 'Doe '"
    "2800 1000 02000000 0002";
constexpr const char* kExplicitSet =
    "0800 0500 'CS' 0A00 'ISO_IR 100' 0800 6000 'CS' 0200 'CT' 0800 1011 'SQ' 0000 FFFFFFFF"
    "FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.' FEFF0DE0 00000000 FEFFDDE0 00000000"
    "1000 1000 'PN' 0400 'Doe ' 2800 1000 'US' 0200 0002";
constexpr const char* kBigEndianSet =
    "0008 0005 'CS' 000A 'ISO_IR 100' 0008 0060 'CS' 0002 'CT' 0008 1110 'SQ' 0000 FFFFFFFF"
    "FFFEE000 FFFFFFFF 0008 1150 'UI' 0002 '1.' FFFEE00D 00000000 FFFEE0DD 00000000"
    "0010 0010 'PN' 0004 'Doe ' 0028 0010 'US' 0002 0200";
constexpr const char* kSetTokens =
    "CS(0008,0005)=10 CS(0008,0060)=2 ~SQ(0008,1110)[ ~< UI(0008,1150)=2 > ] PN(0010,0010)=4"
    " US(0028,0010)=2";

TEST(FieldDataSet, ADataSetInImplicitVrUnderAnExplicitSyntaxIsReadAsItIs) {
  expect_read({b(kImplicitSet), kExplicit, kSetTokens, "other_vr_form", kExplicitSet});
  expect_read({b(kImplicitSet), kJpeg, kSetTokens, "other_vr_form"});
  // Beginning with a group length, or with what identifies it.
  expect_read({b("0800 0000 04000000 1A000000 0800 1600 02000000 '1.' 0800 1800 02000000 '1.'"),
               kExplicit, "UL(0008,0000)=4 UI(0008,0016)=2 UI(0008,0018)=2", "other_vr_form"});
  expect_read({b("0800 1600 02000000 '1.'"), kExplicit, "UI(0008,0016)=2", "other_vr_form"});
  // Encapsulated.
  expect_read({b("0800 0500 00000000 0800 6000 02000000 'CT' E07F 1000 FFFFFFFF FEFF00E0 00000000"
                 "FEFF00E0 04000000 FFD8FFD9 FEFFDDE0 00000000"),
               kJpeg, "CS(0008,0005)=0 CS(0008,0060)=2 OB(7FE0,0010)| 0 4 |", "other_vr_form"});
}

TEST(FieldDataSet, ADataSetInExplicitVrUnderTheImplicitSyntaxIsReadAsItIs) {
  expect_read({b(kExplicitSet), kImplicit, kSetTokens, "other_vr_form", kExplicitSet});
  expect_read({b("0800 0000 'UL' 0400 0A000000 0800 1600 'UI' 0200 '1.'"), kImplicit,
               "UL(0008,0000)=4 UI(0008,0016)=2", "other_vr_form"});
  expect_read({b("0800 1600 'UI' 0200 '1.'"), kImplicit, "UI(0008,0016)=2", "other_vr_form"});
}

TEST(FieldDataSet, ALengthThatSpellsAVrDoesNotMakeADataSetExplicit) {
  Bytes bytes = b("0800 0100 43530000");  // 0x5343 bytes
  bytes.resize(bytes.size() + 0x5343, std::byte{' '});
  append(bytes, b("0800 6000 02000000 'CT'"));
  expect_read({bytes, kImplicit, "UL(0008,0001)=21315 CS(0008,0060)=2", ""});
}

TEST(FieldDataSet, ADataSetInTheOtherByteOrderIsReadAsItIs) {
  expect_read({b(kBigEndianSet), kExplicit, kSetTokens, "other_byte_order", kExplicitSet});
  expect_read(
      {b(kBigEndianSet), kImplicit, kSetTokens, "other_vr_form,other_byte_order", kExplicitSet});
  expect_read({b(kExplicitSet), kBigEndian, kSetTokens, "other_byte_order", kExplicitSet});
  expect_read(
      {b(kImplicitSet), kBigEndian, kSetTokens, "other_vr_form,other_byte_order", kExplicitSet});
  // Implicit VR Big Endian, which is no transfer syntax of DICOM.
  expect_read({b("0008 0005 0000000A 'ISO_IR 100' 0028 0010 00000002 0200"), kImplicit,
               "CS(0008,0005)=10 US(0028,0010)=2", "other_byte_order"});
}

TEST(FieldDataSet, ADeflatedDataSetInImplicitVrIsReadAsItIs) {
  expect_read({deflate_all(b(kImplicitSet)).value(), kDeflated, "", "other_vr_form", kExplicitSet});
}

// PS3.5 §6.2.2

TEST(FieldDataSet, ExplicitItemsInUnOfUndefinedLengthAreReadAsTheyAre) {
  const char* const kFront = "0900 0110 'UN' 0000 FFFFFFFF ";
  const auto sent = [&](const char* items) {
    return joined(joined(b(kFront), b(items)), b("FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"));
  };
  // Items of both forms, long and short VRs, nested, an empty one first.
  expect_read({sent("FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'"), kExplicit,
               "~UN(0009,1001)[ < UI(0008,1150)=2 > ] PN(0010,0010)=4", "explicit_in_un",
               "0900 0110 'SQ' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'"
               "FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"});
  expect_read({sent("FEFF00E0 00000000 FEFF00E0 FFFFFFFF 0800 1900 'UT' 0000 02000000 'ab'"
                    "0900 0210 'LO' 0200 'cd' 0900 0310 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF"
                    "0900 0410 'DS' 0200 '1 ' FEFF0DE0 00000000 FEFFDDE0 00000000"
                    "FEFF0DE0 00000000 FEFF00E0 0A000000 0900 0210 'LO' 0200 'ef'"),
               kExplicit,
               "~UN(0009,1001)[ < > ~< UT(0008,0019)=2 LO(0009,1002)=2"
               " ~SQ(0009,1003)[ ~< DS(0009,1004)=2 > ] > < LO(0009,1002)=2 > ]"
               " PN(0010,0010)=4",
               "explicit_in_un"});
}

TEST(FieldDataSet, ImplicitItemsInUnOfUndefinedLengthStayImplicit) {
  const Bytes bytes =
      b("0900 0110 'UN' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000");
  expect_read({bytes, kExplicit, "~UN(0009,1001)[ < UI(0008,1150)=2 > ]", "", hex(bytes)});
}

TEST(FieldDataSet, APublicSequenceUnderAVrOfBytesIsReadAsTheSequence) {
  for (const char* vr : {"'OB'", "'OW'", "'UT'"}) {
    const auto sent = [&](const char* items) {
      return joined(b(std::string{"0800 1011 "} + vr + " 0000 FFFFFFFF"), b(items));
    };
    expect_read({sent("FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.' FEFF0DE0 00000000"
                      "FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"),
                 kExplicit, "~SQ(0008,1110)[ ~< UI(0008,1150)=2 > ] PN(0010,0010)=4",
                 "sequence_as_bytes",
                 "0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.'"
                 "FEFF0DE0 00000000 FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"});
    expect_read({sent("FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000"), kExplicit,
                 "~SQ(0008,1110)[ < UI(0008,1150)=2 > ]", "other_vr_form,sequence_as_bytes"});
    expect_read({sent("FEFFDDE0 00000000"), kJpeg, "~SQ(0008,1110)[ ]", "sequence_as_bytes"});
  }
}

// PS3.5 §A.5

Bytes zlib_wrapped(ByteView bytes, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(bytes.size() + 1000);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(FieldDataSet, AZlibOrGzipHeaderBeforeTheDeflateStreamIsPassedOver) {
  for (const int window_bits : {MAX_WBITS, 9, MAX_WBITS + 16}) {
    const Bytes wrapped = zlib_wrapped(b(kExplicitSet), window_bits);
    expect_read({wrapped, kDeflated, "", "zlib_header", kExplicitSet});
    expect_read({joined(wrapped, b("00")), kDeflated, "", "zlib_header", kExplicitSet});
    expect_read(
        {joined(wrapped, b("00*600")), kDeflated, "", "trailing_nuls,zlib_header", kExplicitSet});
    Bytes damaged = wrapped;
    damaged[damaged.size() - (window_bits > MAX_WBITS ? 8 : 4)] ^= std::byte{1};
    expect_refused(damaged, kDeflated, ErrorKind::Malformed);
    for (std::size_t size = 0; size < wrapped.size(); ++size) {
      expect_refused(Bytes(wrapped.begin(), wrapped.begin() + static_cast<std::ptrdiff_t>(size)),
                     kDeflated, ErrorKind::Truncated);
    }
  }
}

TEST(FieldDataSet, NulsBehindADeflateStreamAreIgnored) {
  const Bytes deflated = deflate_all(b(kExplicitSet)).value();
  expect_read({joined(deflated, b("00*512")), kDeflated, "", "trailing_nuls", kExplicitSet});
  expect_refused(joined(deflated, b("00*512 01")), kDeflated, ErrorKind::Malformed);
}

}  // namespace
}  // namespace pacs
