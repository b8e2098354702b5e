#include "encoding/data_sets/data_set_builder.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/header_reader.h"
#include "tests/encoding/bytes_language.h"

namespace pacs {
namespace {

using test::b;
using test::hex;

const TransferSyntax& big_endian() {
  return *find_transfer_syntax("1.2.840.10008.1.2.2");
}

struct Built {
  DataSet data_set;
  std::string departures;
};

/// What a scanner and the builder make of bytes.
Built build(const Bytes& bytes, const TransferSyntax& syntax = explicit_vr_little_endian(),
            const Limits& limits = {}) {
  const SharedBytes input = share(bytes);
  TokenScanner scanner{syntax, {.limits = limits}};
  DataSetBuilder builder{input, limits};
  ByteView rest = input.view;
  Token token;
  while (scanner.next(rest, token) == TokenScanner::Found::Token) builder.add(token);
  EXPECT_TRUE(scanner.finish(rest));
  DataSet data_set = builder.take();
  return {std::move(data_set), builder.departures().to_string()};
}

Header header_of(const Bytes& bytes, const TransferSyntax& syntax = explicit_vr_little_endian(),
                 const Limits& limits = {}) {
  HeaderReader reader{syntax, limits};
  for (const std::byte byte : bytes) EXPECT_TRUE(reader.feed({&byte, 1}));
  auto header = reader.finish();
  EXPECT_TRUE(header) << header.error().to_string();
  return std::move(header).value_or(Header{});
}

/// Known attributes as UN, and what they are: explicit VR little endian.
struct Known {
  const char* what;
  const char* as_unknown;
  const char* as_it_is;
  const char* departures = "known_as_un";
};
const Known kKnown[] = {
    {"a name", "1000 1000 'UN' 0000 04000000 'Doe '", "1000 1000 'PN' 0400 'Doe '"},
    {"an ID", "1000 2000 'UN' 0000 02000000 'P1'", "1000 2000 'LO' 0200 'P1'"},
    {"a date", "0800 2000 'UN' 0000 08000000 '20240131'", "0800 2000 'DA' 0800 '20240131'"},
    {"the character set", "0800 0500 'UN' 0000 0A000000 'ISO_IR 192'",
     "0800 0500 'CS' 0A00 'ISO_IR 192'"},
    {"a UID with its NUL", "2000 0D00 'UN' 0000 04000000 '1.2' 00", "2000 0D00 'UI' 0400 '1.2' 00"},
    {"a number", "2800 1000 'UN' 0000 02000000 0002", "2800 1000 'US' 0200 0002"},
    {"doubles", "1800 8790 'UN' 0000 08000000 000000000000F03F",
     "1800 8790 'FD' 0800 000000000000F03F"},
    {"a tag", "2800 0900 'UN' 0000 04000000 18006310", "2800 0900 'AT' 0400 18006310"},
    {"words", "2800 0112 'UN' 0000 04000000 01020304", "2800 0112 'OW' 0000 04000000 01020304"},
    {"no value", "1000 1000 'UN' 0000 00000000", "1000 1000 'PN' 0000"},
    {"a private creator", "0900 1000 'UN' 0000 04000000 'ACME'", "0900 1000 'LO' 0400 'ACME'"},
    {"an overlay, of a repeating group", "0260 1000 'UN' 0000 02000000 0002",
     "0260 1000 'US' 0200 0002"},
    {"a retired attribute", "1000 5010 'UN' 0000 02000000 'AB'", "1000 5010 'LO' 0200 'AB'"},
    {"a sequence", "0800 1011 'UN' 0000 12000000 FEFF00E0 0A000000 0800 5011 02000000 '1.'",
     "0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'"},
    {"a sequence with delimiters",
     "0800 1011 'UN' 0000 1A000000 FEFF00E0 FFFFFFFF 0800 5011 02000000 '1.' FEFF0DE0 00000000",
     "0800 1011 'SQ' 0000 1A000000 FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.' FEFF0DE0 00000000"},
    {"an empty sequence", "0800 1011 'UN' 0000 00000000", "0800 1011 'SQ' 0000 00000000"},
    {"a sequence of undefined length",
     "0800 1011 'UN' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000",
     "0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.' FEFFDDE0 00000000"},
    {"within a sequence",
     "0800 1011 'SQ' 0000 16000000 FEFF00E0 0E000000 0800 5011 'UN' 0000 02000000 '1.'",
     "0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'"},
    {"sequences in sequences, with what nobody knows",
     "0800 1011 'UN' 0000 2C000000 FEFF00E0 24000000 0800 4011 12000000 FEFF00E0 0A000000 0800 "
     "5011 "
     "02000000 '1.' 0900 0110 02000000 'xy'",
     "0800 1011 'SQ' 0000 34000000 FEFF00E0 2C000000 0800 4011 'SQ' 0000 12000000 FEFF00E0 "
     "0A000000 "
     "0800 5011 'UI' 0200 '1.' 0900 0110 'UN' 0000 02000000 'xy'"},
    {"a sequence with explicit items, against CP-246",
     "0800 1011 'UN' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'",
     "0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'",
     "explicit_in_un,known_as_un"},
    {"signed pixels decide US or SS",
     "2800 0301 'UN' 0000 02000000 0100 2800 0601 'UN' 0000 02000000 FFFF",
     "2800 0301 'US' 0200 0100 2800 0601 'SS' 0200 FFFF"},
    {"signed pixels around a sequence decide, too",
     "2800 0301 'US' 0200 0100 0054 0001 'SQ' 0000 16000000 FEFF00E0 0E000000 2800 0601 'UN' 0000 "
     "02000000 FFFF",
     "2800 0301 'US' 0200 0100 0054 0001 'SQ' 0000 12000000 FEFF00E0 0A000000 2800 0601 'SS' 0200 "
     "FFFF"},
};

TEST(FieldValue, KnownAttributesAsUnAreWhatTheDictionarySays) {
  for (const Known& one : kKnown) {
    const Built built = build(b(one.as_unknown));
    EXPECT_TRUE(equal_content(built.data_set, build(b(one.as_it_is)).data_set)) << one.what;
    EXPECT_EQ(built.departures, one.departures) << one.what;
    const Header header = header_of(b(one.as_unknown));
    EXPECT_TRUE(equal_content(header.data_set, built.data_set)) << one.what;
    EXPECT_EQ(header.departures.to_string(), one.departures) << one.what;
  }
}

// Written anew each has its VR; in Implicit VR nothing changes.
TEST(FieldValue, KnownAttributesAsUnAreConverted) {
  for (const Known& one : kKnown) {
    const DataSet unknown = build(b(one.as_unknown)).data_set;
    const DataSet known = build(b(one.as_it_is)).data_set;
    for (const TransferSyntax* syntax :
         {&implicit_vr_little_endian(), &explicit_vr_little_endian(), &big_endian()}) {
      const auto written = write_data_set(unknown, *syntax, {.conforming = true});
      const auto expected = write_data_set(known, *syntax, {.conforming = true});
      ASSERT_TRUE(written && expected) << one.what;
      EXPECT_EQ(hex(*written), hex(*expected)) << one.what << " " << syntax->keyword;
    }
  }
}

// PS3.5 §6.2.2: what is in UN is little endian in big endian, too.
TEST(FieldValue, UnIsLittleEndianInBigEndian) {
  const Built built = build(b("0028 0010 'UN' 0000 00000002 0002"), big_endian());
  EXPECT_EQ(built.data_set.integer(tags::Rows), 512);
  EXPECT_EQ(built.data_set.find(tags::Rows)->vr(), VR::US);
}

TEST(FieldValue, WhatCannotBeOfItsVrStaysUn) {
  const char* const kNotKnown[] = {
      "0900 0110 'UN' 0000 02000000 'xy'",                  // nobody knows it
      "1000 2000 'UN' 0000 04000000 00010203",              // no text
      "2800 1000 'UN' 0000 03000000 000203",                // no whole number
      "2800 0900 'UN' 0000 06000000 180063101800",          // no whole tag
      "0800 1011 'UN' 0000 04000000 01020304",              // no item
      "0800 1011 'UN' 0000 08000000 FEFF00E0 0A000000",     // an item that is cut
      "0800 1011 'UN' 0000 09000000 FEFF00E0 00000000 00",  // more than items
  };
  for (const char* text : kNotKnown) {
    const Built built = build(b(text));
    ASSERT_EQ(built.data_set.size(), 1U) << text;
    EXPECT_EQ(built.data_set.begin()->vr(), VR::UN) << text;
    EXPECT_EQ(built.departures, "") << text;
    const auto written = write_data_set(built.data_set, explicit_vr_little_endian());
    ASSERT_TRUE(written);
    EXPECT_EQ(hex(*written), hex(b(text)));
  }
}

TEST(DataSetBuilder, UnOfLongTextDepartsFromNothing) {
  DataSet data_set;
  data_set.set_text(tags::ImageComments, VR::LT, std::string(70'000, 'x'));
  const auto bytes = write_data_set(data_set, explicit_vr_little_endian());
  const Built built = build(*bytes);
  EXPECT_TRUE(equal_content(built.data_set, data_set));
  EXPECT_EQ(built.departures, "");
}

// A sequence in UN counts as one that is not: by depth and by elements.
TEST(DataSetBuilder, LimitsHoldForSequencesInUn) {
  Limits limits;
  limits.nesting_depth_max = 2;
  const char* const kTwo =
      "0800 1011 'SQ' 0000 26000000 FEFF00E0 1E000000 0800 4011 'UN' 0000 12000000 FEFF00E0 "
      "0A000000 "
      "0800 5011 02000000 '1.'";
  EXPECT_EQ(build(b(kTwo), explicit_vr_little_endian(), limits).departures, "known_as_un");
  limits.nesting_depth_max = 1;
  EXPECT_EQ(build(b(kTwo), explicit_vr_little_endian(), limits).departures, "");
  Limits few;
  few.elements_max = 10;
  Bytes items;
  for (int i = 0; i < 5; ++i) append(items, b("FEFF00E0 00000000"));
  Bytes all;
  for (int i = 0; i < 3; ++i) {
    append(all, b("0800 1011 'UN' 0000 28000000"));
    append(all, items);
  }
  const Built built = build(all, explicit_vr_little_endian(), few);
  ASSERT_EQ(built.data_set.size(), 3U);
  EXPECT_EQ(built.data_set.begin()->form(), Element::Form::Sequence);
  EXPECT_EQ(std::prev(built.data_set.end())->vr(), VR::UN) << "more elements than there may be";
}

TEST(DataSetBuilder, NotesWhatIsTwiceOrOutOfOrder) {
  constexpr const char* kId = "1000 2000 'LO' 0200 'P1'";
  constexpr const char* kName = "1000 1000 'PN' 0200 'A '";
  const auto both = [](const char* one, const char* other) {
    return std::string{one} + " " + other;
  };
  EXPECT_EQ(build(b(both(kName, kId))).departures, "");
  EXPECT_EQ(build(b(both(kId, kName))).departures, "out_of_order");
  EXPECT_EQ(build(b(both(kId, "1000 2000 'LO' 0200 'P2'"))).departures, "element_twice");
  const Built apart = build(b(both(kId, kName) + " 1000 2000 'LO' 0200 'P2'"));
  EXPECT_EQ(apart.departures, "element_twice,out_of_order");
  EXPECT_EQ(apart.data_set.text(tags::PatientID), "P1") << "the first counts";
  const Built nested = build(b(
      "0800 1011 'SQ' 0000 1C000000 FEFF00E0 14000000 0800 5511 'UI' 0200 '2.' 0800 5011 'UI' 0200 "
      "'1.'"));
  EXPECT_EQ(nested.departures, "out_of_order");
}

TEST(FieldValue, ElementsTwiceOrOutOfOrderAreWrittenInOrderAndOnce) {
  const Built built =
      build(b("1000 2000 'LO' 0200 'P1' 1000 1000 'PN' 0200 'A ' 1000 2000 'LO' "
              "0200 'P2' 0200 1000 'UI' 0200 '1.' 0000 0001 'US' 0200 0100 0800 "
              "0000 'UL' 0400 01000000"));
  EXPECT_EQ(built.departures, "foreign_group,element_twice,out_of_order");
  const auto written =
      write_data_set(built.data_set, explicit_vr_little_endian(), {.conforming = true});
  ASSERT_TRUE(written);
  EXPECT_EQ(hex(*written), hex(b("1000 1000 'PN' 0200 'A ' 1000 2000 'LO' 0200 'P1'")));
}

TEST(DataSetBuilder, AHeaderHasNoElementsOfCommandsAndFiles) {
  const Header header = header_of(
      b("0000 0001 'US' 0200 0100 0100 1000 'LO' 0200 'AB' 0200 1000 'UI' 0200 '1.' 0800 1011 "
        "'SQ' 0000 12000000 FEFF00E0 0A000000 0200 1000 'UI' 0200 '1.' 1000 2000 'LO' 0200 'P1'"));
  EXPECT_EQ(header.departures.to_string(), "foreign_group");
  ASSERT_EQ(header.data_set.size(), 3U) << "group 0001 is private";
  EXPECT_EQ(header.data_set.text(tags::PatientID), "P1");
  EXPECT_TRUE(header.data_set.items(tags::ReferencedStudySequence).front().data_set.empty());
}

// A header keeps long text by another limit than bytes; what came as UN is text or a sequence too.
TEST(DataSetBuilder, AHeaderKeepsLongKnownValuesThatCameAsUn) {
  const std::string text(10'000, 'x');
  Bytes bytes = b("0800 1011 'UN' 0000 40270000");
  for (int i = 0; i < 10'048 / 8; ++i) append(bytes, b("FEFF00E0 00000000"));
  append(bytes, b("2000 0040 'UN' 0000 10270000"));
  append(bytes, as_bytes(text));
  append(bytes, b("0900 0110 'UN' 0000 10270000"));
  append(bytes, as_bytes(text));
  append(bytes, b("2800 0112 'UN' 0000 10270000"));
  append(bytes, as_bytes(text));
  const Header header = header_of(bytes);
  EXPECT_EQ(header.data_set.items(tags::ReferencedStudySequence).size(), 1256U);
  EXPECT_EQ(header.data_set.text(tags::ImageComments), text);
  EXPECT_EQ(header.data_set.find(Tag{0x0009, 0x1001})->form(), Element::Form::Bulk);
  const Element* words = header.data_set.find(tags::RedPaletteColorLookupTableData);
  ASSERT_EQ(words->form(), Element::Form::Bulk);
  EXPECT_EQ(words->vr(), VR::OW);
  EXPECT_EQ(as_text(ByteView{bytes}.subspan(words->bulk()->offset, words->bulk()->length)), text);
  Limits limits;
  limits.header_text_bytes_max = 9'999;
  const Header less = header_of(bytes, explicit_vr_little_endian(), limits);
  EXPECT_EQ(less.data_set.find(tags::ImageComments)->form(), Element::Form::Bulk);
  EXPECT_EQ(less.data_set.find(tags::ImageComments)->vr(), VR::LT);
}

TEST(DataSetBuilder, AHeaderPaysForTheElementsThatAreFoundInUn) {
  Limits limits;
  limits.header_bytes_max = 20'000;
  HeaderReader reader{explicit_vr_little_endian(), limits};
  Bytes bytes = b("0800 1011 'UN' 0000 40270000");
  for (int i = 0; i < 10'048 / 8; ++i) append(bytes, b("FEFF00E0 00000000"));
  const auto fed = reader.feed(bytes);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().kind, ErrorKind::LimitExceeded);
}

TEST(FieldValue, PixelsLeftNativeUnderAnEncapsulatedSyntaxAreToldOf) {
  const TransferSyntax& jpeg = *find_transfer_syntax("1.2.840.10008.1.2.4.50");
  const Bytes native = b("E07F 1000 'OW' 0000 04000000 01020304");
  const Header header = header_of(native, jpeg);
  EXPECT_EQ(header.departures.to_string(), "native_pixel_data");
  ASSERT_TRUE(header.pixel_data);
  EXPECT_FALSE(header.pixel_data->encapsulated);
  EXPECT_EQ(header.pixel_data->value_length, 4U);
  EXPECT_EQ(header_of(native).departures.to_string(), "");
  // PS3.5 §A.4 lets an icon be so.
  const Header icon = header_of(
      b("8800 0002 'SQ' 0000 18000000 FEFF00E0 10000000 E07F 1000 'OW' 0000 04000000 01020304"),
      jpeg);
  EXPECT_EQ(icon.departures.to_string(), "");
  EXPECT_EQ(header_of(b("E07F 1000 'OW' 0000 00000000"), jpeg).departures.to_string(), "");
}

}  // namespace
}  // namespace pacs
