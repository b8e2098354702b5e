#include <gtest/gtest.h>

#include <chrono>

#include "tests/storage/query/match_language.h"

namespace pacs::storage {
namespace {

using namespace test;

TEST(Match, SingleValuesAreExactButForNames) {
  const DataSet ct = data_set({{tags::Modality, "CT"}, {tags::PatientName, "Müller^Jürgen"}});
  EXPECT_TRUE(one_matches(single(tags::Modality, "CT"), ct));
  EXPECT_FALSE(one_matches(single(tags::Modality, "ct"), ct)) << "this matching is case-sensitive";
  EXPECT_FALSE(one_matches(single(tags::Modality, "C"), ct));
  DataSet latin = data_set(
      {{tags::SpecificCharacterSet, "ISO_IR 100"}, {tags::PatientName, "M\xFCller^J\xFCrgen"}});
  EXPECT_TRUE(one_matches(single(tags::PatientName, "MULLER^jurgen"), latin));
  EXPECT_TRUE(one_matches(single(tags::PatientName, "Müller^Jürgen"), latin));
  EXPECT_FALSE(one_matches(single(tags::PatientName, "Müller"), latin));
}

TEST(Match, SpacesAroundValuesDoNotCount) {
  EXPECT_TRUE(one_matches(single(tags::Modality, "CT"), data_set({{tags::Modality, " CT "}})));
  EXPECT_TRUE(one_matches(single(tags::StudyDescription, "Head CT"),
                          data_set({{tags::StudyDescription, "Head CT  "}})));
  EXPECT_FALSE(
      one_matches(single(tags::PatientComments, "a"), data_set({{tags::PatientComments, " a"}})))
      << "in LT leading spaces are text";
}

TEST(Match, AnyOfSeveralStoredValuesDoes) {
  // PS3.4 §C.2.2.3.
  const DataSet stored = data_set({{tags::OtherPatientIDs, "A1\\B2\\C3"}});
  EXPECT_TRUE(one_matches(single(tags::OtherPatientIDs, "B2"), stored));
  EXPECT_TRUE(one_matches(wildcard(tags::OtherPatientIDs, "C*"), stored));
  EXPECT_FALSE(one_matches(wildcard(tags::OtherPatientIDs, "A*C3"), stored));
}

TEST(Match, OneOfAListOfUids) {
  const DataSet study = data_set({{tags::StudyInstanceUID, "1.2.3"}});
  EXPECT_TRUE(one_matches(key(tags::StudyInstanceUID, Matching::Single, {"1.2", "1.2.3"}), study));
  EXPECT_FALSE(
      one_matches(key(tags::StudyInstanceUID, Matching::Single, {"1.2", "1.2.30"}), study));
}

TEST(Match, UniversalKeysAndStarsMatchWhatIsAbsent) {
  for (const QueryKey& one :
       {key(tags::PatientID, Matching::Universal), wildcard(tags::PatientID, "*"),
        sequence(tags::ProcedureCodeSequence, {}),
        sequence(tags::ProcedureCodeSequence, {key(tags::CodeValue, Matching::Universal)})}) {
    EXPECT_TRUE(one_matches(one, DataSet{}));
  }
}

TEST(Match, WhatIsAbsentOrEmptyMatchesNothingElse) {
  for (const QueryKey& one :
       {single(tags::PatientID, "1"), wildcard(tags::PatientID, "?*"),
        single(tags::PatientName, "A"), range(tags::StudyDate, "-20991231"),
        single(tags::SeriesNumber, "0"),
        sequence(tags::ProcedureCodeSequence, {single(tags::CodeValue, "X")})}) {
    EXPECT_FALSE(one_matches(one, DataSet{}));
    EXPECT_FALSE(one_matches(one, data_set({{tags::PatientID, ""},
                                            {tags::PatientName, ""},
                                            {tags::StudyDate, ""},
                                            {tags::SeriesNumber, ""}})));
  }
}

TEST(Match, EmptyValueMatching) {
  const QueryKey empty = key(tags::StudyDescription, Matching::Empty);
  EXPECT_TRUE(one_matches(empty, DataSet{}));
  EXPECT_TRUE(one_matches(empty, data_set({{tags::StudyDescription, ""}})));
  EXPECT_TRUE(one_matches(empty, data_set({{tags::StudyDescription, "  "}})));
  EXPECT_FALSE(one_matches(empty, data_set({{tags::StudyDescription, "Head"}})));
  const QueryKey no_items = key(tags::ProcedureCodeSequence, Matching::Empty);
  DataSet with_item;
  with_item.set_items(tags::ProcedureCodeSequence, {Item{data_set({{tags::CodeValue, "X"}})}});
  EXPECT_TRUE(one_matches(no_items, DataSet{}));
  EXPECT_FALSE(one_matches(no_items, with_item));
}

TEST(Match, MultipleValueMatchingWantsAllOfThem) {
  // PS3.4 §C.2.2.2.8 Note 1: "CT\PT for Modalities in Study [...] will match only Studies that
  // include both a CT Series and a PT Series".
  QueryRules negotiated;
  negotiated.multiple_value_matching = true;
  const QueryKey both = key(tags::ModalitiesInStudy, Matching::Single, {"CT", "PT"});
  const DataSet only_ct = data_set({{tags::ModalitiesInStudy, "CT"}});
  const DataSet three = data_set({{tags::ModalitiesInStudy, "PT\\SR\\CT"}});
  EXPECT_TRUE(one_matches(both, three, negotiated));
  EXPECT_FALSE(one_matches(both, only_ct, negotiated));
  EXPECT_TRUE(one_matches(both, only_ct)) << "without negotiation they are alternatives";
  // VM 1, and VRs that are not listed: alternatives.
  EXPECT_TRUE(one_matches(key(tags::Modality, Matching::Single, {"CT", "PT"}),
                          data_set({{tags::Modality, "PT"}}), negotiated));
  EXPECT_TRUE(one_matches(key(tags::StudyInstanceUID, Matching::Single, {"1.2", "1.3"}),
                          data_set({{tags::StudyInstanceUID, "1.3"}}), negotiated));
}

TEST(Match, NumbersMatchByValue) {
  EXPECT_TRUE(one_matches(single(tags::SeriesNumber, "1"), data_set({{tags::SeriesNumber, "01"}})));
  EXPECT_TRUE(one_matches(single(tags::SeriesNumber, "+1"), data_set({{tags::SeriesNumber, "1"}})));
  EXPECT_FALSE(
      one_matches(single(tags::SeriesNumber, "1"), data_set({{tags::SeriesNumber, "11"}})));
  EXPECT_TRUE(one_matches(single(tags::PatientWeight, "70.50"),
                          data_set({{tags::PatientWeight, "7.05E1"}})));
  EXPECT_TRUE(
      one_matches(single(tags::SeriesNumber, "one"), data_set({{tags::SeriesNumber, "one"}})))
      << "what is no number is compared as text";
  DataSet binary;
  binary.set_integer(tags::Rows, VR::US, 512);
  EXPECT_TRUE(one_matches(single(tags::Rows, "512"), binary));
  EXPECT_FALSE(one_matches(single(tags::Rows, "51"), binary));
  DataSet floats;
  floats.set_number(tags::ExaminedBodyThickness, VR::FL, 0.1F);
  EXPECT_TRUE(one_matches(single(tags::ExaminedBodyThickness, "0.1"), floats));
  EXPECT_TRUE(one_matches(single(tags::ExaminedBodyThickness, "0.10000000149011612"), floats));
  DataSet pointer;
  pointer.set_tag(tags::FrameIncrementPointer, tags::FrameTime);
  EXPECT_TRUE(one_matches(single(tags::FrameIncrementPointer, "00181063"), pointer));
  EXPECT_FALSE(one_matches(single(tags::FrameIncrementPointer, "00181064"), pointer));
}

TEST(Match, WhatCameAsUnIsReadAsWhatItIs) {
  DataSet stored;
  stored.set_bytes(tags::PatientID, VR::UN, Bytes{std::byte{'4'}, std::byte{'2'}});
  EXPECT_TRUE(one_matches(single(tags::PatientID, "42"), stored));
  EXPECT_FALSE(one_matches(single(tags::PatientID, "43"), stored));
}

TEST(Match, PrivateKeysFindTheBlockOfTheirCreator) {
  DataSet stored;
  stored.set_text(Tag{0x0009, 0x0010}, VR::LO, "OTHER");
  stored.set_text(Tag{0x0009, 0x0011}, VR::LO, "ACME");
  stored.set_text(Tag{0x0009, 0x1001}, VR::LO, "wrong");
  stored.set_text(Tag{0x0009, 0x1101}, VR::LO, "right");
  QueryKey one{Tag{0x0009, 0x1001}, VR::LO, Matching::Single, {"right"}};
  EXPECT_FALSE(one_matches(one, stored));
  one.private_creator = "ACME";
  EXPECT_TRUE(one_matches(one, stored));
  one.private_creator = "NOBODY";
  EXPECT_FALSE(one_matches(one, stored));
}

TEST(Match, SequencesItemByItem) {
  // PS3.4 §C.2.2.2.6: "If all the Item Key Attributes match, for at least one of the Items".
  DataSet stored;
  stored.set_items(
      tags::ProcedureCodeSequence,
      {Item{data_set({{tags::CodeValue, "A"}, {tags::CodingSchemeDesignator, "DCM"}})},
       Item{data_set({{tags::CodeValue, "B"}, {tags::CodingSchemeDesignator, "SCT"}})}});
  const auto code = [](const char* value, const char* scheme) {
    return sequence(tags::ProcedureCodeSequence,
                    {single(tags::CodeValue, value), single(tags::CodingSchemeDesignator, scheme)});
  };
  EXPECT_TRUE(one_matches(code("A", "DCM"), stored));
  EXPECT_TRUE(one_matches(code("B", "SCT"), stored));
  EXPECT_FALSE(one_matches(code("A", "SCT"), stored)) << "no item has both";

  DataSet outer;
  outer.set_items(tags::RequestAttributesSequence, {Item{DataSet{}}, Item{stored}});
  EXPECT_TRUE(one_matches(sequence(tags::RequestAttributesSequence, {code("A", "DCM")}), outer));
  EXPECT_FALSE(one_matches(sequence(tags::RequestAttributesSequence, {code("C", "DCM")}), outer));
}

TEST(Match, ItemsMayHaveTheirOwnCharacterSet) {
  const auto meaning = [](const DataSet& item) {
    DataSet stored = data_set({{tags::SpecificCharacterSet, "ISO_IR 100"}});
    stored.set_items(tags::ProcedureCodeSequence, {Item{item}});
    return one_matches(
        sequence(tags::ProcedureCodeSequence, {single(tags::CodeMeaning, "Röntgen")}), stored);
  };
  EXPECT_TRUE(meaning(data_set({{tags::CodeMeaning, "R\xF6ntgen"}})));
  EXPECT_TRUE(meaning(
      data_set({{tags::SpecificCharacterSet, "ISO_IR 192"}, {tags::CodeMeaning, "Röntgen"}})));
  EXPECT_FALSE(meaning(
      data_set({{tags::SpecificCharacterSet, "ISO_IR 192"}, {tags::CodeMeaning, "R\xF6ntgen"}})));
}

TEST(Match, AnyCharacterSetFindsAnyOther) {
  for (const Text& stored : {Text{tags::SpecificCharacterSet, "ISO_IR 192"},
                             Text{tags::SpecificCharacterSet, "\\ISO 2022 IR 87"},
                             Text{tags::SpecificCharacterSet, "GB18030"}}) {
    const CharacterSet set{stored.value};
    const DataSet candidate =
        data_set({stored, {tags::PatientName, *set.from_utf8("Yamada^Tarou=山田^太郎", VR::PN)}});
    EXPECT_TRUE(one_matches(wildcard(tags::PatientName, "山田*"), candidate)) << stored.value;
    EXPECT_TRUE(one_matches(single(tags::PatientName, "yamada^tarou"), candidate)) << stored.value;
  }
}

TEST(Match, AllKeysMustMatch) {
  const DataSet stored = data_set({{tags::Modality, "CT"}, {tags::PatientID, "1"}});
  EXPECT_TRUE(matches(query({single(tags::Modality, "CT"), single(tags::PatientID, "1")}), stored));
  EXPECT_FALSE(
      matches(query({single(tags::Modality, "CT"), single(tags::PatientID, "2")}), stored));
  EXPECT_TRUE(matches(query({}), stored));
}

TEST(Match, BytesAreNotMatched) {
  DataSet stored;
  stored.set_bytes(tags::RedPaletteColorLookupTableData, VR::OW, Bytes(4));
  EXPECT_TRUE(
      one_matches({tags::RedPaletteColorLookupTableData, VR::OW, Matching::Single, {"7"}}, stored));
}

TEST(Match, HostileKeysTakeNoTime) {
  std::string stars;
  for (int i = 0; i < 2'500; ++i) stars += "*?*?";
  const std::string name(10'000, 'A');
  const auto start = std::chrono::steady_clock::now();
  QueryRules fuzzy;
  fuzzy.fuzzy_names = true;
  const DataSet stored = data_set({{tags::PatientName, name}, {tags::PatientComments, name}});
  for (const std::string& hostile : {stars + "B", std::string(10'000, 'A') + "*B", "*" + name}) {
    one_matches(wildcard(tags::PatientName, hostile), stored, fuzzy);
    one_matches(wildcard(tags::PatientComments, hostile), stored);
  }
  std::string words;
  for (int i = 0; i < 5'000; ++i) words += "A^";
  EXPECT_FALSE(one_matches(single(tags::PatientName, words + "B"),
                           data_set({{tags::PatientName, words}}), fuzzy));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});  // not for ever
}

}  // namespace
}  // namespace pacs::storage
