#include "encoding/character_sets/default_character_set.h"
#include "core/dicom_dataset.h"

#include <gtest/gtest.h>

#include "core/dicom_tags.h"

namespace pacs {
namespace {

DataSet named(std::string_view set, std::string_view name) {
  DataSet data_set;
  if (!set.empty()) data_set.set_text(tags::SpecificCharacterSet, set);
  data_set.set_text(tags::PatientName, name);
  return data_set;
}

/// The set that it names afterwards.
std::string named_as(DataSet data_set, std::string_view terms = "ISO_IR 100") {
  const bool missing = name_missing_character_set(data_set, terms);
  return std::string{missing ? "missing " : ""} +
         std::string{data_set.text(tags::SpecificCharacterSet)};
}

TEST(DefaultCharacterSet, IsNamedWhereTextNeedsOneAndNoneIsNamed) {
  EXPECT_EQ(named_as(named("", "M\xFCller")), "missing ISO_IR 100");
  EXPECT_EQ(named_as(named("ISO_IR 6", "M\xFCller")), "missing ISO_IR 100");
  EXPECT_EQ(named_as(named("\\", "M\xFCller")), "missing ISO_IR 100");
  EXPECT_EQ(named_as(named("", "\x1B$B;3\x1B(B"), "\\ISO 2022 IR 87"), "missing \\ISO 2022 IR 87");
  EXPECT_EQ(named_as(named("", "Miller")), "");
  EXPECT_EQ(named_as(named("ISO_IR 126", "M\xFCller")), "ISO_IR 126");
  EXPECT_EQ(named_as(named("KLINGON", "M\xFCller")), "KLINGON") << "it names one";
  EXPECT_EQ(named_as(named("", "M\xFCller"), ""), "missing ") << "none is known";
  EXPECT_EQ(named_as(named("", "M\xFCller"), "latin1"), "missing ISO_IR 100") << "well spelt";
}

TEST(DefaultCharacterSet, ItemsMayNameTheirOwn) {
  const auto around = [](DataSet inner) {
    DataSet outer;
    outer.set_items(tags::ReferencedPatientSequence, {Item{std::move(inner)}});
    return outer;
  };
  EXPECT_EQ(named_as(around(named("", "M\xFCller"))), "missing ISO_IR 100");
  EXPECT_EQ(named_as(around(named("ISO_IR 126", "M\xFCller"))), "");
  DataSet labelled = around(named("", "M\xFCller"));
  labelled.set_text(tags::SpecificCharacterSet, "ISO_IR 126");
  EXPECT_EQ(named_as(labelled), "ISO_IR 126");
}

TEST(DefaultCharacterSet, ARequestNamesThatOfItsPeer) {
  DataSet ascii = named("", "Miller");
  name_character_set(ascii, "ISO_IR 100");
  EXPECT_EQ(ascii.text(tags::SpecificCharacterSet), "ISO_IR 100");
  DataSet utf8 = named("ISO_IR 192", "Miller");
  name_character_set(utf8, "ISO_IR 100");
  EXPECT_EQ(utf8.text(tags::SpecificCharacterSet), "ISO_IR 192");
  name_character_set(ascii, "");
  EXPECT_EQ(ascii.text(tags::SpecificCharacterSet), "ISO_IR 100");
}

TEST(DefaultCharacterSet, APeerMayHaveItsOwn) {
  const DefaultCharacterSets sets{"ISO_IR 100", {{"GREEK", "ISO_IR 126"}}};
  EXPECT_EQ(sets.of("GREEK"), "ISO_IR 126");
  EXPECT_EQ(sets.of("CT1"), "ISO_IR 100");
  EXPECT_EQ(sets.of(""), "ISO_IR 100");
  EXPECT_EQ(DefaultCharacterSets{}.of("CT1"), "");
}

}  // namespace
}  // namespace pacs
