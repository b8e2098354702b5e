#include "core/dicom_dataset.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/dicom_tags.h"
#include "core/uids.h"

namespace pacs {
namespace {

DataSet ct() {
  DataSet ds;
  ds.set_text(tags::SOPClassUID, uids::CTImageStorage);
  ds.set_text(tags::PatientName, "Doe^John");
  ds.set_integer(tags::Rows, VR::US, 512);
  ds.set_number(tags::SliceThickness, VR::DS, 2.5);
  ds.set_integer(tags::InstanceNumber, VR::IS, 7);
  ds.set_tag(tags::FrameIncrementPointer, tags::FrameTime);
  return ds;
}

TEST(DataSet, GivesTheValuesThatWereSet) {
  const DataSet ds = ct();
  EXPECT_EQ(ds.integer(tags::Rows), 512);
  EXPECT_EQ(ds.text(tags::PatientName), "Doe^John");
  EXPECT_EQ(ds.number(tags::SliceThickness), 2.5);
  EXPECT_EQ(ds.integer(tags::InstanceNumber), 7);
  EXPECT_EQ(ds.integer(tags::FrameIncrementPointer), tags::FrameTime.value);
  EXPECT_EQ(ds.text(tags::SOPClassUID), "1.2.840.10008.5.1.4.1.1.2");
}

TEST(DataSet, WritesValuesOfEvenLengthWithThePaddingOfTheirVR) {
  const DataSet ds = ct();
  EXPECT_EQ(as_text(ds.find(tags::SOPClassUID)->value()),
            (std::string_view{"1.2.840.10008.5.1.4.1.1.2\0", 26}));
  EXPECT_EQ(as_text(ds.find(tags::InstanceNumber)->value()), "7 ");
  EXPECT_EQ(as_text(ds.find(tags::SliceThickness)->value()), "2.5 ");
  EXPECT_EQ(as_text(ds.find(tags::FrameIncrementPointer)->value()),
            (std::string_view{"\x18\x00\x63\x10", 4}));
}

TEST(DataSet, AbsentAndEmptyAreNotFound) {
  DataSet ds;
  ds.set_text(tags::PatientID, "");
  EXPECT_EQ(ds.text(tags::PatientID), "");
  EXPECT_EQ(ds.integer(tags::PatientID).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(ds.integer(tags::Rows).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(ds.integer(tags::Rows).error().tag, tags::Rows);
  EXPECT_EQ(ds.number(tags::Rows).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(ds.text(tags::PatientName), "");
  EXPECT_TRUE(ds.items(tags::ReferencedStudySequence).empty());
}

TEST(DataSet, ReadsANumberByTheVRItCameWith) {
  DataSet ds;
  ds.set_integer(tags::PixelPaddingValue, VR::SS, -2000);  // US or SS
  EXPECT_EQ(ds.integer(tags::PixelPaddingValue), -2000);
  ds.set_integer(tags::Rows, VR::UL, 70000);  // another VR than the dictionary's
  EXPECT_EQ(ds.integer(tags::Rows), 70000);
}

TEST(DataSet, SixtyFourBitNumbersKeepAllTheirBits) {
  DataSet ds;
  constexpr Tag kUnsigned{0x00091001};
  constexpr Tag kSigned{0x00091002};
  ds.set_integer(kUnsigned, VR::UV, -1);
  ds.set_integer(kSigned, VR::SV, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(load<std::uint64_t>(ds.find(kUnsigned)->value().data(), ByteOrder::Little),
            ~std::uint64_t{0});
  EXPECT_EQ(ds.integer(kSigned), std::numeric_limits<std::int64_t>::min());
}

TEST(DataSet, SetKeepsTagOrderAndReplaces) {
  DataSet ds;
  ds.set_text(tags::PatientID, "b");
  ds.set_text(tags::StudyDate, "20200101");
  ds.set_text(tags::PatientName, "a");
  ds.set_text(tags::PatientID, "c");
  std::vector<Tag> order;
  for (const Element& element : ds) order.push_back(element.tag());
  EXPECT_EQ(order, (std::vector<Tag>{tags::StudyDate, tags::PatientName, tags::PatientID}));
  EXPECT_EQ(ds.text(tags::PatientID), "c");
  EXPECT_TRUE(ds.erase(tags::PatientID));
  EXPECT_FALSE(ds.erase(tags::PatientID));
  EXPECT_EQ(ds.size(), 2U);
}

TEST(DataSet, FindsElementsThatCameOutOfOrder) {
  DataSet ds;
  for (const Tag tag : {tags::PatientID, tags::StudyDate, tags::PatientName}) {
    ds.push_back(Element::view(tag, VR::LO, as_bytes("x ")));
  }
  for (const Tag tag : {tags::PatientID, tags::StudyDate, tags::PatientName}) {
    EXPECT_TRUE(ds.contains(tag));
  }
  EXPECT_FALSE(ds.contains(tags::Rows));
  ds.set_text(tags::StudyDate, VR::DA, "20200101");
  EXPECT_EQ(ds.size(), 3U);
  EXPECT_EQ(ds.text(tags::StudyDate), "20200101");
  EXPECT_EQ(ds.begin()->tag(), tags::PatientID) << "the order of arrival stays";
  ds.set_text(tags::AccessionNumber, "1");
  EXPECT_EQ(ds.text(tags::AccessionNumber), "1");
}

TEST(DataSet, OfDuplicatesTheFirstIsFound) {
  DataSet ds;
  ds.push_back(Element::view(tags::PatientID, VR::LO, as_bytes("a ")));
  ds.push_back(Element::view(tags::PatientID, VR::LO, as_bytes("b ")));
  EXPECT_EQ(ds.text(tags::PatientID), "a");
  ds.erase(tags::PatientID);
  EXPECT_TRUE(ds.empty());
}

TEST(DataSet, CopiesShareAndDoNotChangeEachOther) {
  const DataSet original = ct();
  DataSet copy = original;
  copy.set_text(tags::PatientName, "Roe^Jane");
  EXPECT_EQ(original.text(tags::PatientName), "Doe^John");
  EXPECT_EQ(copy.text(tags::PatientName), "Roe^Jane");
  EXPECT_EQ(original.find(tags::SOPClassUID)->value().data(),
            copy.find(tags::SOPClassUID)->value().data());
}

TEST(DataSet, AParsedDataSetKeepsItsInputAlive) {
  DataSet ds;
  {
    DataSet parsed{share(Bytes(as_bytes("Doe^John").begin(), as_bytes("Doe^John").end()))};
    parsed.push_back(Element::view(tags::PatientName, VR::PN, parsed.buffer().view));
    ds = parsed;
  }
  EXPECT_EQ(ds.text(tags::PatientName), "Doe^John");
}

TEST(DataSet, AdoptTakesAnElementOutOfAnother) {
  DataSet ds;
  {
    DataSet other{share(Bytes(4, std::byte{'x'}))};
    other.push_back(Element::view(tags::PatientID, VR::LO, other.buffer().view));
    ds.adopt(*other.find(tags::PatientID));
  }
  EXPECT_EQ(ds.text(tags::PatientID), "xxxx");
}

TEST(DataSet, HoldsSequences) {
  DataSet ds;
  Item item;
  item.data_set.set_text(tags::ReferencedSOPInstanceUID, "1.2.3");
  ds.set_items(tags::ReferencedImageSequence, {item, Item{}});
  ASSERT_EQ(ds.items(tags::ReferencedImageSequence).size(), 2U);
  EXPECT_EQ(
      ds.items(tags::ReferencedImageSequence)[0].data_set.text(tags::ReferencedSOPInstanceUID),
      "1.2.3");
  EXPECT_EQ(ds.find(tags::ReferencedImageSequence)->value_count(), 2U);
}

TEST(DataSet, NamesThePrivateCreatorOfABlock) {
  DataSet ds;
  ds.set_text(Tag{0x00290011}, "SIEMENS CSA HEADER");
  EXPECT_EQ(ds.find(Tag{0x00290011})->vr(), VR::LO);
  EXPECT_EQ(ds.private_creator(Tag{0x00291110}), "SIEMENS CSA HEADER");
  EXPECT_EQ(ds.private_creator(Tag{0x00291010}), "");
  EXPECT_EQ(ds.private_creator(Tag{0x00290011}), "");
  EXPECT_EQ(ds.private_creator(Tag{0x00281110}), "");
}

TEST(DataSet, DecimalStringsStayWithinTheirSixteenBytes) {
  DataSet ds;
  for (const double number : {0.1, 1.0 / 3, -1e-300 / 3, 123456789.123456789, 1e22, -0.0, 5e-324}) {
    ds.set_number(tags::SliceThickness, VR::DS, number);
    EXPECT_LE(ds.find(tags::SliceThickness)->value().size(), 16U);
    EXPECT_NEAR(ds.number(tags::SliceThickness).value(), number, std::abs(number) * 1e-8);
  }
  ds.set_number(tags::SliceThickness, VR::DS, std::numeric_limits<double>::infinity());
  EXPECT_EQ(ds.find(tags::SliceThickness)->value_count(), 0U);
}

TEST(DataSetEquality, ComparesElementByElement) {
  DataSet other = ct();
  EXPECT_TRUE(equal_content(ct(), other));
  other.set_integer(tags::Rows, VR::US, 256);
  EXPECT_FALSE(equal_content(ct(), other));
  other = ct();
  other.erase(tags::Rows);
  EXPECT_FALSE(equal_content(ct(), other));
  EXPECT_TRUE(equal_content(DataSet{}, DataSet{}));
}

}  // namespace
}  // namespace pacs
