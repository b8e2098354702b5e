#include "core/dicom_dictionary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/dicom_tags.h"

namespace pacs {
namespace {

TEST(DicomDictionary, FindsAnElementByTagAndByKeyword) {
  const DictionaryEntry* entry = lookup(Tag{0x00100010});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->keyword, "PatientName");
  EXPECT_EQ(entry->name, "Patient's Name");
  EXPECT_EQ(entry->vr(), VR::PN);
  EXPECT_EQ(entry->vm, "1");
  EXPECT_FALSE(entry->retired);
  EXPECT_EQ(find_keyword("PatientName"), entry);
  EXPECT_EQ(find_keyword("patientname"), nullptr);
  EXPECT_EQ(find_keyword(""), nullptr);
}

TEST(DicomDictionary, FindsEveryEntryByItsTagAndKeyword) {
  EXPECT_GT(dictionary_entries().size(), 5000U);
  for (const DictionaryEntry& entry : dictionary_entries()) {
    EXPECT_EQ(lookup(entry.tag), &entry) << entry.tag.to_string();
    if (!entry.keyword.empty()) {
      EXPECT_EQ(find_keyword(entry.keyword), &entry) << entry.keyword;
    }
  }
  EXPECT_TRUE(std::ranges::is_sorted(dictionary_entries(), {}, &DictionaryEntry::tag));
}

TEST(DicomDictionary, FindsRepeatingGroupsInEachGroup) {
  for (const DictionaryEntry& entry : repeating_dictionary_entries()) {
    // In (0028,04xy) y selects one of several; (0028,0400) itself is an element of its own. F in
    // each place that repeats meets no element of its own, and in groups makes an even one.
    const std::uint32_t places = ~entry.mask & ~0x00010000U;
    EXPECT_EQ(lookup(Tag{entry.tag.value | places}), &entry) << entry.tag.to_string();
    EXPECT_EQ(find_keyword(entry.keyword), &entry);
  }
  for (std::uint16_t group = 0x6000; group <= 0x60FE;
       group = static_cast<std::uint16_t>(group + 2)) {
    const DictionaryEntry* entry = lookup(Tag{group, 0x3000});
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->keyword, "OverlayData");
  }
  EXPECT_EQ(lookup(Tag{0x50021001})->keyword, "CurveActivationLayer");
  EXPECT_EQ(lookup(Tag{0x7F120010})->keyword, "VariablePixelData");
  EXPECT_EQ(lookup(Tag{0x002031AB})->keyword, "SourceImageIDs");
  EXPECT_EQ(lookup(Tag{0x10001230})->keyword, "EscapeTriplet");
  EXPECT_EQ(lookup(Tag{0x10101234})->keyword, "ZonalMap");
  EXPECT_EQ(lookup(Tag{0x60010010})->name, "Private Creator") << "odd groups do not repeat";
}

TEST(DicomDictionary, KnowsGroupLengthsAndPrivateCreatorsOfEveryGroup) {
  EXPECT_EQ(lookup(Tag{0x12340000})->vr(), VR::UL);
  EXPECT_EQ(lookup(Tag{0x00020000})->keyword, "FileMetaInformationGroupLength");
  EXPECT_EQ(lookup(Tag{0x00290000})->vr(), VR::UL);
  EXPECT_EQ(lookup(Tag{0x00290010})->vr(), VR::LO);
  EXPECT_EQ(lookup(Tag{0x002900FF})->vr(), VR::LO);
  EXPECT_EQ(lookup(Tag{0x00291010}), nullptr);
  EXPECT_EQ(lookup(Tag{0x00290001}), nullptr);
}

TEST(DicomDictionary, SaysWhichVRsAnElementMayHave) {
  const auto vrs = [](std::uint32_t tag) {
    const auto all = lookup(Tag{tag})->alternatives();
    return std::vector<VR>(all.begin(), all.end());
  };
  EXPECT_EQ(vrs(0x00280106), (std::vector<VR>{VR::US, VR::SS}));
  EXPECT_EQ(vrs(0x7FE00010), (std::vector<VR>{VR::OW, VR::OB}));
  EXPECT_EQ(vrs(0x00281200), (std::vector<VR>{VR::OW, VR::US, VR::SS}));
  EXPECT_EQ(vrs(0x00100010), (std::vector<VR>{VR::PN}));
  EXPECT_EQ(dictionary_vr(Tag{0x00291010}), VR::UN);
  EXPECT_EQ(dictionary_vr(Tag{0x00099999}), VR::UN);
}

TEST(DicomDictionary, SuggestsTheNearestKeyword) {
  EXPECT_EQ(nearest_keywords("PatientsName").front(), "PatientName");
  EXPECT_EQ(nearest_keywords("patientid").front(), "PatientID");
  EXPECT_EQ(nearest_keywords("StudyInstnaceUID").front(), "StudyInstanceUID");
  EXPECT_TRUE(nearest_keywords("qqqqqqqqqqqqqqqqqqqqqqqq").empty());
  EXPECT_LE(nearest_keywords(std::string(100'000, 'x')).size(), 3U);
}

TEST(DicomDictionary, ReadsWhatAPersonTypes) {
  for (const char* text : {"PatientName", "0010,0010", "(0010,0010)", "00100010"}) {
    EXPECT_EQ(parse_tag_or_keyword(text), tags::PatientName) << text;
  }
  EXPECT_EQ(parse_tag_or_keyword("NoSuchThing"), std::nullopt);
}

TEST(DicomTags, AreNamedByTheDictionary) {
  EXPECT_EQ(dictionary_vr(tags::Rows), VR::US);
  EXPECT_EQ(dictionary_vr(tags::PixelData), VR::OW);
  EXPECT_EQ(dictionary_vr(tags::OverlayData), VR::OW);
  EXPECT_EQ(dictionary_vr(tags::StudyDate), VR::DA);
  EXPECT_EQ(tags::Item, kItem);
  EXPECT_EQ(tags::PixelData, kPixelData);
}

}  // namespace
}  // namespace pacs
