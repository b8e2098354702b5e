#include "core/dicom_print.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "core/uids.h"

namespace pacs {
namespace {

std::string printed(const DataSet& ds, const PrintOptions& options = {}) {
  return print(ds, options);
}

TEST(Print, GivesTheLinesOfDcmdump) {
  DataSet ds;
  ds.set_text(tags::SOPClassUID, uids::CTImageStorage);
  ds.set_text(tags::PatientName, "Doe^John");
  ds.set_text(tags::PatientID, "");
  ds.set_integer(tags::Rows, VR::US, 512);
  ds.set_tag(tags::FrameIncrementPointer, tags::FrameTime);
  ds.set_bytes(tags::PixelData, VR::OW,
               Bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
  EXPECT_EQ(
      printed(ds),
      "(0008,0016) UI =CTImageStorage                          #  26, 1 SOPClassUID\n"
      "(0010,0010) PN [Doe^John]                               #   8, 1 PatientName\n"
      "(0010,0020) LO (no value available)                     #   0, 0 PatientID\n"
      "(0028,0009) AT (0018,1063)                              #   4, 1 FrameIncrementPointer\n"
      "(0028,0010) US 512                                      #   2, 1 Rows\n"
      "(7fe0,0010) OW 0201\\0403                                #   4, 1 PixelData\n");
}

TEST(Print, IndentsItems) {
  DataSet ds;
  Item item;
  item.data_set.set_text(tags::ReferencedSOPInstanceUID, "1.2.3");
  ds.set_items(tags::ReferencedImageSequence, {item});
  EXPECT_EQ(
      printed(ds),
      "(0008,1140) SQ (Sequence with undefined length #=1)     # u/l, 1 ReferencedImageSequence\n"
      "  (fffe,e000) na (Item with undefined length #=1)         # u/l, 1 Item\n"
      "    (0008,1155) UI [1.2.3]                                  #   6, 1 "
      "ReferencedSOPInstanceUID\n"
      "  (fffe,e00d) na (ItemDelimitationItem)                   #   0, 0 ItemDelimitationItem\n"
      "(fffe,e0dd) na (SequenceDelimitationItem)               #   0, 0 "
      "SequenceDelimitationItem\n");
}

TEST(Print, MarksDelimitersThatAreOnlyWrittenAgain) {
  DataSet ds;
  Item item;
  item.undefined_length = false;
  ds.set_items(tags::ReferencedImageSequence, {item}, false);
  EXPECT_EQ(
      printed(ds),
      "(0008,1140) SQ (Sequence with explicit length #=1)      #   -, 1 ReferencedImageSequence\n"
      "  (fffe,e000) na (Item with explicit length #=0)          #   -, 1 Item\n"
      "  (fffe,e00d) na (ItemDelimitationItem for re-encoding)   #   0, 0 ItemDelimitationItem\n"
      "(fffe,e0dd) na (SequenceDelimitationItem for re-encod.) #   0, 0 "
      "SequenceDelimitationItem\n");
}

TEST(Print, ShowsFragmentsAndBulkReferences) {
  const Bytes bytes{std::byte{0xFF}, std::byte{0xD8}};
  DataSet ds;
  ds.set(Element::fragments(tags::PixelData, VR::OB, {{}, {bytes}}));
  EXPECT_EQ(printed(ds),
            "(7fe0,0010) OB (PixelSequence #=2)                      # u/l, 1 PixelData\n"
            "  (fffe,e000) pi (no value available)                     #   0, 1 Item\n"
            "  (fffe,e000) pi ff\\d8                                    #   2, 1 Item\n"
            "(fffe,e0dd) na (SequenceDelimitationItem)               #   0, 0 "
            "SequenceDelimitationItem\n");
  ds.set(Element::bulk(tags::PixelData, VR::OW, {1000, 524288}, false));
  EXPECT_EQ(printed(ds),
            "(7fe0,0010) OW (bulk data at 1000)                      # 524288, 1 PixelData\n");
}

TEST(Print, CutsLongValuesUnlessAsked) {
  DataSet ds;
  ds.set_text(tags::ImageComments, std::string(200, 'x'));
  EXPECT_NE(printed(ds).find(std::string(64, 'x') + "... "), std::string::npos);
  EXPECT_EQ(printed(ds).find(std::string(65, 'x')), std::string::npos);
  EXPECT_NE(printed(ds, {.value_columns_max = 0}).find(std::string(200, 'x') + "]"),
            std::string::npos);
  ds.set_bytes(tags::PixelData, VR::OW, Bytes(1'000'000));
  EXPECT_LT(printed(ds).size(), 400U);
}

TEST(Print, LetsNothingReachTheTerminalUnescaped) {
  DataSet ds;
  ds.set_text(tags::PatientComments, "red \x1b[31m\r\nnext\ttab \xff");
  const std::string plain = printed(ds);
  EXPECT_NE(plain.find("red \\x1b[31m\\r\\nnext\\ttab \\xff"), std::string::npos);
  // Decoded text may hold control characters and broken UTF-8 too.
  const PrintOptions options{.decoder_for = [](std::string_view) -> TextDecoder {
    return [](std::string_view, VR) {
      return std::string{
          "\xc2\x9b"
          "31m \xe5\xb1\xb1 \xe5\xb1"};
    };
  }};
  EXPECT_NE(printed(ds, options).find("[\\xc2\\x9b31m \xe5\xb1\xb1 \\xe5\\xb1]"),
            std::string::npos);
  for (const char c : printed(ds, options) + plain) {
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST(Print, ItemsInheritTheCharacterSetUnlessTheyHaveTheirOwn) {
  const PrintOptions options{.decoder_for = [](std::string_view character_set) -> TextDecoder {
    return [name = std::string{character_set}](std::string_view stored, VR) {
      return name + ":" + std::string{stored};
    };
  }};
  DataSet ds;
  ds.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
  ds.set_text(tags::PatientName, "A");
  Item inheriting;
  inheriting.data_set.set_text(tags::PatientName, "B");
  Item own;
  own.data_set.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  own.data_set.set_text(tags::PatientName, "C");
  ds.set_items(tags::ReferencedStudySequence, {inheriting, own, inheriting});
  const std::string text = printed(ds, options);
  EXPECT_NE(text.find("[ISO_IR 192:A]"), std::string::npos);
  EXPECT_NE(text.find("[ISO_IR 192:B]"), std::string::npos);
  EXPECT_NE(text.find("[ISO_IR 100:C]"), std::string::npos);
  EXPECT_NE(text.find("CS [ISO_IR 192]"), std::string::npos) << "only text is decoded";
}

TEST(Print, NamesPrivateElementsByTheirCreator) {
  DataSet ds;
  ds.set_text(Tag{0x00290010}, "SIEMENS CSA HEADER");
  ds.set_bytes(Tag{0x00291010}, VR::OB, Bytes(2));
  ds.set_bytes(Tag{0x00291099}, VR::UN, Bytes(2));
  const std::string text = printed(ds);
  EXPECT_NE(text.find("PrivateCreator"), std::string::npos);
  EXPECT_NE(text.find("CSAImageHeaderInfo"), std::string::npos);
  EXPECT_NE(text.find("Unknown Tag & Data"), std::string::npos);
}

TEST(Print, SurvivesValuesThatAreNoWholeNumbers) {
  DataSet ds;
  for (const VRInfo& row : vr_table()) {
    if (row.vr == VR::SQ) continue;
    for (std::size_t length = 0; length < 10; ++length) {
      const Tag tag{static_cast<std::uint16_t>(0x0011),
                    static_cast<std::uint16_t>(0x1000 + static_cast<int>(row.vr) * 16 +
                                               static_cast<int>(length))};
      ds.set(Element::owning(tag, row.vr, Bytes(length, std::byte{0xFE})));
    }
  }
  std::size_t lines = 0;
  print(ds, [&](std::string_view line) { lines += line.empty() ? 0 : 1; });
  EXPECT_EQ(lines, (kVRCount - 1) * 10);
}

}  // namespace
}  // namespace pacs
