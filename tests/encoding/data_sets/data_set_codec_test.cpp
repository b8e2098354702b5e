#include "encoding/data_sets/data_set_codec.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "tests/encoding/bytes_language.h"
#include "tests/encoding/sample_files.h"

namespace pacs {
namespace {

using test::b;
using test::hex;

const TransferSyntax& kImplicit = implicit_vr_little_endian();
const TransferSyntax& kExplicit = explicit_vr_little_endian();
const TransferSyntax& kBigEndian = *find_transfer_syntax("1.2.840.10008.1.2.2");
const TransferSyntax& kDeflated = *find_transfer_syntax("1.2.840.10008.1.2.1.99");
const TransferSyntax& kJpeg = *find_transfer_syntax("1.2.840.10008.1.2.4.50");

DataSet read(const Bytes& bytes, const TransferSyntax& syntax) {
  auto data_set = read_data_set(share(bytes), syntax);
  EXPECT_TRUE(data_set) << data_set.error().to_string();
  return data_set.value_or(DataSet{});
}

Bytes written(const DataSet& data_set, const TransferSyntax& syntax,
              const WriteOptions& options = {}) {
  auto bytes = write_data_set(data_set, syntax, options);
  EXPECT_TRUE(bytes) << bytes.error().to_string();
  return bytes.value_or(Bytes{});
}

/// The same data set in two transfer syntaxes.
struct Conversion {
  const char* what;
  const char* little_explicit;
  const char* implicit;
  const char* big_explicit;
};

const Conversion kConversions[] = {
    {"text", "1000 1000 'PN' 0400 'Doe '", "1000 1000 04000000 'Doe '",
     "0010 0010 'PN' 0004 'Doe '"},
    {"US", "2800 1000 'US' 0200 0002", "2800 1000 02000000 0002", "0028 0010 'US' 0002 0200"},
    {"AT", "2800 0900 'AT' 0400 18006310", "2800 0900 04000000 18006310",
     "0028 0009 'AT' 0004 00181063"},
    {"UL", "0800 6111 'UL' 0400 01000000", "0800 6111 04000000 01000000",
     "0008 1161 'UL' 0004 00000001"},
    {"FD", "1800 8790 'FD' 0800 000000000000F03F", "1800 8790 08000000 000000000000F03F",
     "0018 9087 'FD' 0008 3FF0000000000000"},
    {"OW", "E07F 1000 'OW' 0000 04000000 01020304", "E07F 1000 04000000 01020304",
     "7FE0 0010 'OW' 0000 00000004 02010403"},
    {"OV", "E07F 0100 'OV' 0000 08000000 0102030405060708", "E07F 0100 08000000 0102030405060708",
     "7FE0 0001 'OV' 0000 00000008 0807060504030201"},
    {"an odd number of bytes in OW", "E07F 1000 'OW' 0000 03000000 010203",
     "E07F 1000 03000000 010203", "7FE0 0010 'OW' 0000 00000003 020103"},
    {"a private element", "0900 1000 'LO' 0400 'ACME' 0900 0110 'UN' 0000 02000000 0102",
     "0900 1000 04000000 'ACME' 0900 0110 02000000 0102",
     "0009 0010 'LO' 0004 'ACME' 0009 1001 'UN' 0000 00000002 0102"},
    {"sequences of both forms",
     "0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'"
     "0800 4011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 2800 1000 'US' 0200 0102 FEFF0DE0 00000000 "
     "FEFFDDE0 00000000",
     "0800 1011 12000000 FEFF00E0 0A000000 0800 5011 02000000 '1.'"
     "0800 4011 FFFFFFFF FEFF00E0 FFFFFFFF 2800 1000 02000000 0102 FEFF0DE0 00000000 FEFFDDE0 "
     "00000000",
     "0008 1110 'SQ' 0000 00000012 FFFEE000 0000000A 0008 1150 'UI' 0002 '1.'"
     "0008 1140 'SQ' 0000 FFFFFFFF FFFEE000 FFFFFFFF 0028 0010 'US' 0002 0201 FFFEE00D 00000000 "
     "FFFEE0DD 00000000"},
    {"lengths that differ between explicit and implicit VR",
     "0800 1011 'SQ' 0000 18000000 FEFF00E0 10000000 4000 60A1 'UT' 0000 04000000 'text'",
     "0800 1011 14000000 FEFF00E0 0C000000 4000 60A1 04000000 'text'",
     "0008 1110 'SQ' 0000 00000018 FFFEE000 00000010 0040 A160 'UT' 0000 00000004 'text'"},
};

TEST(DataSetCodec, ConvertsBetweenTransferSyntaxes) {
  for (const Conversion& one : kConversions) {
    const std::pair<const TransferSyntax*, Bytes> forms[] = {{&kExplicit, b(one.little_explicit)},
                                                             {&kImplicit, b(one.implicit)},
                                                             {&kBigEndian, b(one.big_explicit)}};
    for (const auto& [from, bytes] : forms) {
      const DataSet data_set = read(bytes, *from);
      for (const auto& [to, expected] : forms) {
        EXPECT_EQ(hex(written(data_set, *to)), hex(expected))
            << one.what << ": " << from->keyword << " -> " << to->keyword;
      }
    }
  }
}

TEST(DataSetCodec, EverySampleKeepsItsContentThroughEveryTransferSyntax) {
  for (const auto& path : test::good_sample_files()) {
    const auto sample = test::sample_data_set(path);
    if (sample.syntax->encapsulated) continue;
    const auto original = read_data_set(sample.bytes, *sample.syntax);
    ASSERT_TRUE(original);
    // Explicit VR keeps every VR, so these give the data set itself back.
    for (const TransferSyntax* syntax : {&kExplicit, &kBigEndian, &kDeflated}) {
      const DataSet again = read(written(*original, *syntax), *syntax);
      EXPECT_TRUE(equal_content(*original, again)) << path << " by " << syntax->keyword;
    }
    const Bytes implicit = written(*original, kImplicit);
    EXPECT_EQ(written(read(implicit, kImplicit), kImplicit), implicit) << path;
  }
}

TEST(DataSetCodec, ElementsViewTheInput) {
  const SharedBytes input = share(b("1000 1000 'PN' 0400 'Doe '"));
  const auto data_set = read_data_set(input, kExplicit);
  ASSERT_TRUE(data_set);
  EXPECT_EQ(data_set->find(tags::PatientName)->value().data(), input.view.data() + 8);
}

TEST(DataSetCodec, ItemsOutliveTheirDataSet) {
  Item item;
  {
    const DataSet data_set = read(
        b("0800 1011 'SQ' 0000 12000000 FEFF00E0 0A000000 0800 5011 'UI' 0200 '1.'"), kExplicit);
    item = data_set.items(tags::ReferencedStudySequence).front();
  }
  EXPECT_EQ(item.data_set.text(tags::ReferencedSOPClassUID), "1.");
}

TEST(DataSetCodec, WritesUNOfUndefinedLengthAsItCame) {
  const Bytes bytes =
      b("0900 0110 'UN' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000");
  const DataSet data_set = read(bytes, kExplicit);
  EXPECT_EQ(data_set.items(Tag{0x0009, 0x1001}).size(), 1U);
  EXPECT_EQ(hex(written(data_set, kExplicit)), hex(bytes));
  EXPECT_EQ(
      hex(written(data_set, kImplicit)),
      hex(b("0900 0110 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 00000000")));
  EXPECT_EQ(hex(written(data_set, kBigEndian)),
            hex(b("0009 1001 'UN' 0000 FFFFFFFF FEFF00E0 0A000000 0800 5011 02000000 '1.' FEFFDDE0 "
                  "00000000")));
}

// PS3.5 §6.2.2.
TEST(DataSetCodec, WritesAValueTooLongForAShortLengthAsUN) {
  DataSet data_set;
  data_set.set_bytes(tags::RedPaletteColorLookupTableDescriptor, VR::US,
                     Bytes(0x10000, std::byte{1}));
  const Bytes bytes = written(data_set, kExplicit);
  EXPECT_EQ(hex(ByteView{bytes}.first(12)), hex(b("2800 0111 'UN' 0000 00000100")));
  data_set.set_bytes(tags::RedPaletteColorLookupTableDescriptor, VR::US,
                     Bytes(0xFFFE, std::byte{1}));
  EXPECT_EQ(hex(ByteView{written(data_set, kExplicit)}.first(8)), hex(b("2800 0111 'US' FEFF")));
}

TEST(DataSetCodec, KeepsEncapsulatedFragmentsAndTheirOffsetTable) {
  const Bytes bytes =
      b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 04000000 00000000 FEFF00E0 03000000 FFD8FF"
        "FEFFDDE0 00000000");
  const DataSet data_set = read(bytes, kJpeg);
  const Fragments* fragments = data_set.find(kPixelData)->fragments();
  ASSERT_NE(fragments, nullptr);
  EXPECT_EQ(fragments->basic_offset_table.size(), 4U);
  EXPECT_EQ(fragments->fragments.size(), 1U);
  EXPECT_EQ(hex(written(data_set, kJpeg)), hex(bytes));
}

TEST(DataSetCodec, RefusesEncapsulatedPixelDataForATransferSyntaxWithout) {
  const DataSet data_set =
      read(b("E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFFDDE0 00000000"), kJpeg);
  const auto bytes = write_data_set(data_set, kExplicit);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(bytes.error().tag, kPixelData);
}

TEST(DataSetCodec, RefusesToWriteABulkReference) {
  DataSet data_set;
  data_set.set(Element::bulk(kPixelData, VR::OW, {100, 200}, false));
  const auto bytes = write_data_set(data_set, kExplicit);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, ErrorKind::InvalidArgument);
}

// PS3.5 §A.4. What is not to conform, the archive's own copy of it, is written as it came.
TEST(DataSetCodec, WritesPixelsAsTheTransferSyntaxHasThemOrNotAtAll) {
  const TransferSyntax& rle = *find_transfer_syntax("1.2.840.10008.1.2.5");
  const Bytes pixels(4);
  DataSet native, encapsulated, empty;
  native.set_bytes(kPixelData, VR::OB, pixels);
  encapsulated.set(Element::fragments(kPixelData, VR::OB, {{}, {pixels}}, nullptr));
  empty.set_bytes(kPixelData, VR::OB, {});
  const auto refuses = [](const DataSet& set, const TransferSyntax& syntax, bool conforming) {
    const auto bytes = write_data_set(set, syntax, {.conforming = conforming});
    if (bytes) return false;
    EXPECT_EQ(bytes.error().kind, ErrorKind::InvalidArgument);
    EXPECT_EQ(bytes.error().tag, kPixelData);
    return true;
  };
  EXPECT_TRUE(refuses(native, rle, true));
  EXPECT_FALSE(refuses(native, rle, false));
  EXPECT_FALSE(refuses(native, kExplicit, true));
  EXPECT_TRUE(refuses(encapsulated, kExplicit, true));
  EXPECT_TRUE(refuses(encapsulated, kExplicit, false));
  EXPECT_FALSE(refuses(encapsulated, rle, true));
  EXPECT_FALSE(refuses(empty, rle, true));
  // An icon may be either where the transfer syntax has both.
  for (const DataSet& icon : {native, encapsulated}) {
    DataSet set = encapsulated;
    set.set_items(tags::IconImageSequence, {Item{icon}});
    EXPECT_FALSE(refuses(set, rle, true));
  }
  DataSet with_icon = native;
  with_icon.set_items(tags::IconImageSequence, {Item{encapsulated}});
  EXPECT_TRUE(refuses(with_icon, kExplicit, true));
}

TEST(DataSetCodec, LeavesGroupLengthsOutWhenAsked) {
  const DataSet data_set =
      read(b("0800 0000 'UL' 0400 0A000000 0800 0500 'CS' 0200 'AB'"), kExplicit);
  EXPECT_EQ(hex(written(data_set, kExplicit, {.conforming = true})),
            hex(b("0800 0500 'CS' 0200 'AB'")));
}

TEST(DataSetCodec, StopsBeforeATag) {
  const auto data_set =
      read_data_set(share(b("1000 1000 'PN' 0000 E07F 1000 'OW' 0000 FF000000 00")), kExplicit,
                    {.stop_before = kPixelData});
  ASSERT_TRUE(data_set);
  EXPECT_EQ(data_set->size(), 1U);
}

TEST(DataSetCodec, NestsToTheLimitAndBack) {
  Bytes bytes;
  for (int i = 0; i < 512; ++i) append(bytes, b("0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF"));
  for (int i = 0; i < 512; ++i) append(bytes, b("FEFF0DE0 00000000 FEFFDDE0 00000000"));
  EXPECT_EQ(hex(written(read(bytes, kImplicit), kImplicit)), hex(bytes));
  Bytes attack;
  for (int i = 0; i < 100'000; ++i) append(attack, b("0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF"));
  const auto refused = read_data_set(share(attack), kImplicit);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::LimitExceeded);
}

TEST(DataSetCodec, RefusesASampleCutAtAnyByteOfItsLastElement) {
  const auto sample = test::sample_data_set(test::sample("CT_small.dcm"));
  const std::size_t size = sample.bytes.view.size();
  for (std::size_t cut = size - 1; cut > size - 138; --cut) {  // inside (FFFC,FFFC)
    const auto data_set =
        read_data_set({sample.bytes.keeper, sample.bytes.view.first(cut)}, *sample.syntax);
    ASSERT_FALSE(data_set);
    EXPECT_EQ(data_set.error().kind, ErrorKind::Truncated);
    EXPECT_EQ(data_set.error().offset, cut);
  }
}

TEST(DataSetCodec, OddLengthsAreMadeEvenWhenAskedFor) {
  const Bytes odd =
      b("0800 6000 'CS' 0100 'C' 1000 1000 'PN' 0300 'Doe' 0020 0E00 'UI' 0300 '1.2' ");
  EXPECT_EQ(hex(written(read(odd, kExplicit), kExplicit)), hex(odd));
  EXPECT_EQ(hex(written(read(odd, kExplicit), kExplicit, {.even_lengths = true})),
            hex(b("0800 6000 'CS' 0200 'C ' 1000 1000 'PN' 0400 'Doe ' 0020 0E00 'UI' 0400 "
                  "'1.2' 00")));
  const Bytes fragments =
      b("E07F 1000 'OB' 0000 FFFFFFFF FEFF 00E0 00000000 FEFF 00E0 03000000 010203 "
        "FEFF DDE0 00000000");
  EXPECT_EQ(hex(written(read(fragments, kJpeg), kJpeg, {.even_lengths = true})),
            hex(b("E07F 1000 'OB' 0000 FFFFFFFF FEFF 00E0 00000000 FEFF 00E0 04000000 01020300 "
                  "FEFF DDE0 00000000")));
}

}  // namespace
}  // namespace pacs
