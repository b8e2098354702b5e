#include "core/dicom_dictionary.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(find_keyword("PatientName"), entry);
  EXPECT_EQ(find_keyword("patientname"), nullptr);
}

}  // namespace
}  // namespace pacs
