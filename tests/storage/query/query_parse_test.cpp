#include <array>

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "storage/query/query.h"
#include "tests/storage/query/query_language.h"

namespace pacs::storage::test {
namespace {

QueryRules rules_of(QueryModel model, bool relational = false) {
  QueryRules rules;
  rules.model = model;
  rules.relational = relational;
  return rules;
}
const QueryRules kPatientRoot = rules_of(QueryModel::PatientRoot);
const QueryRules kStudyRoot = rules_of(QueryModel::StudyRoot);

Result<Query> parsed(Attributes keys, const QueryRules& rules = kStudyRoot,
                     const char* level = "STUDY") {
  DataSet identifier = data_set_of(keys);
  if (*level != '\0') identifier.set_text(tags::QueryRetrieveLevel, level);
  return parse_query(identifier, rules);
}
/// The one key of a study-level query.
QueryKey key_of(Tag tag, const std::string& value, const QueryRules& rules = kStudyRoot) {
  const auto query = parsed({{tag, value}}, rules);
  EXPECT_TRUE(query) << query.error().to_string();
  return query && query->keys.size() == 1 ? query->keys[0] : QueryKey{};
}
void expect_refused(const Result<Query>& query, ErrorKind kind, Tag tag) {
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().kind, kind) << query.error().to_string();
  EXPECT_EQ(query.error().tag, tag) << query.error().to_string();
}

TEST(QueryParse, ALevelIsNeededAndMustBeOfTheModel) {
  const Tag level = tags::QueryRetrieveLevel;
  expect_refused(parsed({}, kStudyRoot, ""), ErrorKind::Mismatch, level);
  expect_refused(parsed({}, kStudyRoot, "PATIENT"), ErrorKind::Mismatch, level);
  expect_refused(parsed({}, kPatientRoot, "FRAME"), ErrorKind::Mismatch, level);
  expect_refused(parsed({}, rules_of(QueryModel::PatientStudyOnly), "SERIES"), ErrorKind::Mismatch,
                 level);
  EXPECT_EQ(parsed({}, kPatientRoot, "PATIENT")->level, QueryLevel::Patient);
  EXPECT_EQ(parsed({}, kStudyRoot, "STUDY ")->level, QueryLevel::Study);
}

void has_another_level(DataSet& identifier) {
  identifier.push_back(Element::view(tags::QueryRetrieveLevel, VR::CS, as_bytes("SERIES")));
}

TEST(QueryParse, TwoLevelsAreNone) {
  const Tag level = tags::QueryRetrieveLevel;
  expect_refused(parsed({}, kStudyRoot, "STUDY\\SERIES"), ErrorKind::Mismatch, level);
  expect_refused(parsed({}, kStudyRoot, "STUDY\\STUDY"), ErrorKind::Mismatch, level);
  DataSet identifier = data_set_of({{level, "STUDY"}});
  has_another_level(identifier);
  expect_refused(parse_query(identifier, kStudyRoot), ErrorKind::Mismatch, level);
}

TEST(QueryParse, AZeroThatAWorklistQueryHasForNoValueIsNone) {
  DataSet identifier;
  identifier.set_integer(tags::PregnancyStatus, VR::US, 0);
  QueryRules rules;
  rules.model = QueryModel::ModalityWorklist;
  const auto empty = parse_query(identifier, rules);
  ASSERT_TRUE(empty) << empty.error().to_string();
  EXPECT_EQ(empty->keys.front().matching, Matching::Universal);
  identifier.set_integer(tags::PregnancyStatus, VR::US, 2);
  EXPECT_EQ(parse_query(identifier, rules)->keys.front().matching, Matching::Single);
}

TEST(QueryParse, WithoutRelationalQueriesTheUniqueKeysAboveAreNeededOnce) {
  expect_refused(parsed({}, kPatientRoot), ErrorKind::Mismatch, tags::PatientID);
  expect_refused(parsed({{tags::PatientID, ""}}, kPatientRoot), ErrorKind::Mismatch,
                 tags::PatientID);
  expect_refused(parsed({{tags::PatientID, "P*"}}, kPatientRoot), ErrorKind::Mismatch,
                 tags::PatientID);
  EXPECT_TRUE(parsed({{tags::PatientID, "P1"}}, kPatientRoot));
  expect_refused(parsed({{tags::StudyInstanceUID, "1.2\\1.3"}}, kStudyRoot, "SERIES"),
                 ErrorKind::Mismatch, tags::StudyInstanceUID);
  expect_refused(parsed({{tags::StudyInstanceUID, "1.2"}}, kStudyRoot, "IMAGE"),
                 ErrorKind::Mismatch, tags::SeriesInstanceUID);
  EXPECT_TRUE(parsed({}, rules_of(QueryModel::PatientRoot, true), "IMAGE"));
}

// PS3.4 §C.2.2.2: the matching follows from value and VR.
TEST(QueryParse, TheMatchingFollowsFromValueAndVr) {
  struct Row {
    Tag tag;
    const char* value;
    Matching matching;
  };
  const Row rows[] = {
      {tags::PatientName, "", Matching::Universal},
      {tags::PatientName, "  ", Matching::Universal},
      {tags::PatientName, "*", Matching::Universal},
      {tags::PatientName, "Doe", Matching::Single},
      {tags::PatientName, "Doe*", Matching::Wildcard},
      {tags::PatientID, "P?", Matching::Wildcard},
      {tags::Modality, "C*", Matching::Wildcard},
      {tags::PatientComments, "a*b", Matching::Wildcard},
      {tags::StudyDate, "20240131", Matching::Single},
      {tags::StudyDate, "2024.01.31", Matching::Single},
      {tags::StudyDate, "20240131-", Matching::Range},
      {tags::StudyDate, "-20240131", Matching::Range},
      {tags::StudyTime, "10-11", Matching::Range},
      {tags::AcquisitionDateTime, "20240131101500-0500", Matching::Single},
      {tags::AcquisitionDateTime, "2010-2020", Matching::Range},
      {tags::StudyInstanceUID, "1.2", Matching::Single},
      {tags::StudyInstanceUID, "1.2\\1.3", Matching::Single},
      {tags::StudyInstanceUID, "*", Matching::Universal},
      {tags::SeriesNumber, "1", Matching::Single},
      {tags::RetrieveAETitle, "PACS", Matching::Universal},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(key_of(row.tag, row.value).matching, row.matching)
        << row.tag.to_string() << " " << row.value;
  }
  EXPECT_EQ(key_of(tags::StudyInstanceUID, "1.2\\1.3").values,
            (std::vector<std::string>{"1.2", "1.3"}));
  EXPECT_EQ(key_of(tags::PatientID, " P1 ").values, std::vector<std::string>{"P1"});
}

TEST(QueryParse, ValuesThatAreNoneOfTheirVrAreRefusedWithTheirTag) {
  for (const auto& [tag, value] : Attributes{{tags::StudyDate, "yesterday"},
                                             {tags::StudyDate, "20241331"},
                                             {tags::StudyDate, "-"},
                                             {tags::StudyTime, "25"},
                                             {tags::StudyInstanceUID, "1.2.*"},
                                             {tags::StudyInstanceUID, "1.2'--"},
                                             {tags::SeriesNumber, "1x"},
                                             {tags::PatientAge, "old"},
                                             {tags::StudyDate, "20240101-20240201\\20240301"},
                                             {tags::PatientID, std::string(100'000, 'A')}}) {
    expect_refused(parsed({{tag, value}}), ErrorKind::Malformed, tag);
  }
}

TEST(QueryParse, ANumberThatNothingEqualsIsRefused) {
  DataSet identifier;
  identifier.set_text(tags::QueryRetrieveLevel, "STUDY");
  constexpr std::array kQuietNan = {0x00, 0x00, 0xC0, 0x7F};
  Bytes value;
  for (const int byte : kQuietNan) value.push_back(static_cast<std::byte>(byte));
  identifier.set_bytes(tags::BackgroundLuminance, VR::FL, std::move(value));
  expect_refused(parse_query(identifier, kStudyRoot), ErrorKind::Malformed,
                 tags::BackgroundLuminance);
}

TEST(QueryParse, LongValuesAreKeysAsLongAsSomebodyMightMeanThem) {
  EXPECT_EQ(key_of(tags::PatientName, std::string(10'000, '*') + "a").matching, Matching::Wildcard);
  EXPECT_EQ(key_of(tags::PatientID, std::string(10'000, 'A')).matching, Matching::Single);
}

TEST(QueryParse, AWrongVrIsRefusedAndOneTextForAnotherIsNot) {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  identifier.set_text(tags::StudyDate, VR::LO, "20240131-");
  identifier.set_text(tags::PatientID, VR::UN, "P1");
  const auto query = parse_query(identifier, kStudyRoot);
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->keys[0].vr, VR::DA);
  EXPECT_EQ(query->keys[0].matching, Matching::Range);
  EXPECT_EQ(query->keys[1].vr, VR::LO);
  identifier.set_integer(tags::PatientName, VR::US, 7);
  expect_refused(parse_query(identifier, kStudyRoot), ErrorKind::Malformed, tags::PatientName);
}

TEST(QueryParse, ThePrivateDictionaryIsAskedOnlyWhereNoVrIsSaid) {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  identifier.set_text(Tag{0x00290010}, VR::LO, "SIEMENS CSA HEADER");
  identifier.set_text(Tag{0x00291008}, VR::UN, "IMAGE NUM 4");
  identifier.set_integer(Tag{0x00291009}, VR::US, 7);  // LO by the dictionary
  QueryRules rules = kStudyRoot;
  rules.private_creators = {"SIEMENS CSA HEADER"};
  const auto query = parse_query(identifier, rules);
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->keys[0].vr, VR::CS);
  EXPECT_EQ(query->keys[0].values, std::vector<std::string>{"IMAGE NUM 4"});
  EXPECT_EQ(query->keys[1].vr, VR::US);
}

/// A key for each form of key that a client may have and we do not know.
DataSet foreign_keys() {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  identifier.set_text(Tag{0x00020010}, VR::UI, "1.2.3");  // of files
  identifier.set_text(tags::QueryRetrieveView, VR::CS, "CLASSIC");
  identifier.set_text(Tag{0x00090010}, VR::LO, "ACME 1");
  identifier.set_text(Tag{0x00091001}, VR::LO, "x*");
  identifier.set_bytes(Tag{0x00091002}, VR::UN, Bytes(2, std::byte{1}));
  identifier.set_text(Tag{0x00091003}, VR::DA, "tomorrow");
  identifier.set_text(Tag{0x000B1001}, VR::LO, "of nobody");
  identifier.set_text(Tag{0x00100FFF}, VR::LO, "of no dictionary");
  return identifier;
}
std::vector<Tag> tags_of(const std::vector<QueryKey>& keys) {
  std::vector<Tag> tags;
  for (const QueryKey& key : keys) tags.push_back(key.tag);
  return tags;
}

// PS3.4 §C.2.2.1.3
TEST(QueryParse, UnsupportedKeysAreReturnKeysAndSaidToBeUnmatched) {
  const auto query = parse_query(foreign_keys(), kStudyRoot);
  ASSERT_TRUE(query) << query.error().to_string();
  ASSERT_EQ(query->keys.size(), 7U);
  for (const QueryKey& key : query->keys) {
    EXPECT_EQ(key.matching, Matching::Universal) << key.tag.to_string();
    EXPECT_TRUE(key.values.empty());
  }
  EXPECT_EQ(query->unmatched, tags_of(query->keys));
  EXPECT_EQ(query->keys[2].private_creator, "ACME 1");
}

TEST(QueryParse, PrivateKeysOfAListedCreatorAreMatchedOn) {
  DataSet identifier = foreign_keys();
  identifier.erase(Tag{0x00091003});
  QueryRules rules = kStudyRoot;
  rules.private_creators = {"OTHER", "ACME 1"};
  const auto query = parse_query(identifier, rules);
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->keys[2].matching, Matching::Wildcard);
  EXPECT_EQ(query->keys[2].values, std::vector<std::string>{"x*"});
  EXPECT_EQ(query->unmatched,
            (std::vector<Tag>{Tag{0x00020010}, tags::QueryRetrieveView, Tag{0x00091002},
                              Tag{0x000B1001}, Tag{0x00100FFF}}));
}

TEST(QueryParse, UnsupportedKeysWithoutAValueAreKeysLikeOthers) {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  identifier.set_text(Tag{0x00091001}, VR::LO, "");
  identifier.set_items(Tag{0x00091002}, Sequence(1));
  const auto query = parse_query(identifier, kStudyRoot);
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->keys.size(), 2U);
  EXPECT_TRUE(query->unmatched.empty());
}

TEST(QueryParse, UnsupportedKeysAreIgnoredInSequencesAndAsSequences) {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  Sequence items(1);
  items[0].data_set.set_text(Tag{0x00091001}, VR::LO, "x");
  identifier.set_items(tags::ProcedureCodeSequence, items);
  Sequence known(1);
  known[0].data_set.set_text(tags::CodeValue, "T1");
  identifier.set_items(Tag{0x00091010}, known);  // its creator is not listed
  identifier.set_items(Tag{0x00100FFF}, known);  // of no dictionary
  const auto query = parse_query(identifier, kStudyRoot);
  ASSERT_TRUE(query) << query.error().to_string();
  for (const QueryKey& key : query->keys) {
    EXPECT_EQ(key.matching, Matching::Universal) << key.tag.to_string();
    EXPECT_EQ(key.items.size(), 1U) << "what is asked for is answered";
  }
  EXPECT_EQ(query->unmatched,
            (std::vector<Tag>{Tag{0x00091001}, Tag{0x00091010}, Tag{0x00100FFF}}));
}

TEST(QueryParse, SequencesHaveOneItemOfKeys) {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  Sequence items(1);
  items[0].data_set.set_text(tags::CodeValue, "T1");
  items[0].data_set.set_text(tags::CodeMeaning, "");
  identifier.set_items(tags::ProcedureCodeSequence, items);
  auto query = parse_query(identifier, kStudyRoot);
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->keys[0].matching, Matching::Sequence);
  ASSERT_EQ(query->keys[0].items.size(), 2U);
  EXPECT_EQ(query->keys[0].items[0].values, std::vector<std::string>{"T1"});
  items[0].data_set.set_text(tags::CodeValue, "");
  identifier.set_items(tags::ProcedureCodeSequence, items);
  EXPECT_EQ(parse_query(identifier, kStudyRoot)->keys[0].matching, Matching::Universal);
  items.emplace_back();
  identifier.set_items(tags::ProcedureCodeSequence, items);
  expect_refused(parse_query(identifier, kStudyRoot), ErrorKind::Malformed,
                 tags::ProcedureCodeSequence);
}

TEST(QueryParse, KeysNestedTooDeepAndTooManyAreRefused) {
  DataSet nested;
  for (int depth = 0; depth < 100; ++depth) {
    Sequence items(1);
    items[0].data_set = nested;
    nested = DataSet{};
    nested.set_items(tags::ProcedureCodeSequence, std::move(items));
  }
  nested.set_text(tags::QueryRetrieveLevel, "STUDY");
  expect_refused(parse_query(nested, kStudyRoot), ErrorKind::Malformed,
                 tags::ProcedureCodeSequence);
  DataSet many;
  for (std::uint16_t element = 0; element < 5000; ++element) {
    many.push_back(Element::view(Tag{0x2110, element}, VR::LO, {}));
  }
  many.set_text(tags::QueryRetrieveLevel, "STUDY");
  EXPECT_FALSE(parse_query(many, kStudyRoot));
}

/// "1\\1\\1": as short as values are.
std::string list_of(std::size_t values) {
  std::string list;
  for (std::size_t i = 0; i < values; ++i) list += i == 0 ? "1" : "\\1";
  return list;
}

TEST(QueryParse, MoreValuesThanAnybodyListsAreRefused) {
  const Tag study = tags::StudyInstanceUID;
  EXPECT_EQ(key_of(study, list_of(128 << 10)).values.size(), std::size_t{128} << 10);
  expect_refused(parsed({{study, list_of((128 << 10) + 1)}}), ErrorKind::Malformed, study);
  expect_refused(
      parsed({{tags::ModalitiesInStudy, list_of((64 << 10) + 1)}, {study, list_of(64 << 10)}}),
      ErrorKind::Malformed, study);
  DataSet numbers = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  numbers.set_bytes(tags::Rows, VR::US, Bytes((256 << 10) + 2));
  expect_refused(parse_query(numbers, kStudyRoot), ErrorKind::Malformed, tags::Rows);
  DataSet retrieval =
      data_set_of({{tags::QueryRetrieveLevel, "STUDY"}, {study, list_of(128 << 10)}});
  EXPECT_EQ(parse_selection(retrieval, kStudyRoot)->study_uids.size(), std::size_t{128} << 10);
  retrieval.set_text(study, list_of((128 << 10) + 1));
  const auto refused = parse_selection(retrieval, kStudyRoot);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().tag, study);
}

TEST(QueryParse, TextIsDecodedByTheIdentifiersCharacterSet) {
  DataSet identifier = data_set_of({{tags::QueryRetrieveLevel, "STUDY"}});
  identifier.set_text(tags::SpecificCharacterSet, "ISO_IR 100");
  identifier.set_text(tags::PatientName, VR::PN, "M\xFCller*");
  const auto query = parse_query(identifier, kStudyRoot);
  ASSERT_TRUE(query);
  ASSERT_EQ(query->keys.size(), 1U);
  EXPECT_EQ(query->keys[0].values, std::vector<std::string>{"Müller*"});
}

TEST(QueryParse, WhatIsNegotiatedCounts) {
  QueryRules rules = kStudyRoot;
  EXPECT_EQ(key_of(tags::PatientID, "\"\"", rules).matching, Matching::Single);
  rules.empty_value_matching = true;
  EXPECT_EQ(key_of(tags::PatientID, "\"\"", rules).matching, Matching::Empty);
  rules.timezone_adjustment = true;
  const auto query = parsed({{tags::TimezoneOffsetFromUTC, "-0330"}}, rules);
  EXPECT_EQ(query->offset_minutes, -210);
  EXPECT_TRUE(query->keys.empty());
  for (const char* bad : {"+2500", "0100", "+01", "-1300", "+1"}) {
    expect_refused(parsed({{tags::TimezoneOffsetFromUTC, bad}}, rules), ErrorKind::Malformed,
                   tags::TimezoneOffsetFromUTC);
  }
}

// PS3.4 §C.4.1.1.3.1.
TEST(QueryParse, TheZoneOfTheRequestIsNotMatchedWhenItsUseWasNotAgreedOn) {
  for (const char* value : {"", "+0100", "CET", "+9*"}) {
    const QueryKey key = key_of(tags::TimezoneOffsetFromUTC, value);
    EXPECT_EQ(key.tag, tags::TimezoneOffsetFromUTC) << "it is returned";
    EXPECT_EQ(key.matching, Matching::Universal) << value;
  }
  const auto query = parsed({{tags::TimezoneOffsetFromUTC, "+0100"}});
  EXPECT_FALSE(query->offset_minutes);
  EXPECT_TRUE(query->unmatched.empty());
}

Result<Selection> selected(Attributes keys, const QueryRules& rules, const char* level) {
  keys.emplace_back(tags::QueryRetrieveLevel, level);
  return parse_selection(data_set_of(keys), rules);
}
void expect_refused(const Result<Selection>& selection, ErrorKind kind, Tag tag) {
  ASSERT_FALSE(selection);
  EXPECT_EQ(selection.error().kind, kind) << selection.error().to_string();
  EXPECT_EQ(selection.error().tag, tag) << selection.error().to_string();
}

// PS3.4 §C.4.2.1.4.
TEST(SelectionParse, UniqueKeysOnlyAndListsAtTheLevel) {
  const auto series = selected({{tags::StudyInstanceUID, "1.2"},
                                {tags::SeriesInstanceUID, "1.2.1\\1.2.2"},
                                {tags::PatientName, ""}},
                               kStudyRoot, "SERIES");
  ASSERT_TRUE(series) << series.error().to_string();
  EXPECT_EQ(series->study_uids, std::vector<std::string>{"1.2"});
  EXPECT_EQ(series->series_uids.size(), 2U);
  expect_refused(selected({{tags::StudyInstanceUID, ""}}, kStudyRoot, "STUDY"), ErrorKind::Mismatch,
                 tags::StudyInstanceUID);
  expect_refused(selected({{tags::SeriesInstanceUID, "1.2"}}, kStudyRoot, "SERIES"),
                 ErrorKind::Mismatch, tags::StudyInstanceUID);
  expect_refused(selected({{tags::StudyInstanceUID, "1.2"}, {tags::SOPInstanceUID, "1.3"}},
                          kStudyRoot, "STUDY"),
                 ErrorKind::Mismatch, tags::SOPInstanceUID);
  expect_refused(selected({{tags::PatientID, ""}}, kPatientRoot, "PATIENT"), ErrorKind::Mismatch,
                 tags::PatientID);
  expect_refused(selected({{tags::PatientID, "P*"}}, kPatientRoot, "PATIENT"), ErrorKind::Malformed,
                 tags::PatientID);
  expect_refused(selected({{tags::StudyInstanceUID, "1.2*"}}, kStudyRoot, "STUDY"),
                 ErrorKind::Malformed, tags::StudyInstanceUID);
  EXPECT_TRUE(
      selected({{tags::SOPInstanceUID, "1.3"}}, rules_of(QueryModel::StudyRoot, true), "IMAGE"));
}

TEST(SelectionParse, InPatientRootTheUidsSayItAllWithoutAPatientId) {
  const std::pair<Tag, std::string> study{tags::StudyInstanceUID, "1.2"},
      series{tags::SeriesInstanceUID, "1.2.1"}, image{tags::SOPInstanceUID, "1.3"};
  for (const QueryRules& rules : {kPatientRoot, rules_of(QueryModel::PatientStudyOnly)}) {
    const auto without = selected({study}, rules, "STUDY");
    ASSERT_TRUE(without) << without.error().to_string();
    EXPECT_TRUE(without->patient_ids.empty());
    EXPECT_TRUE(selected({study, {tags::PatientID, ""}}, rules, "STUDY"));
    const auto of_patient = selected({study, {tags::PatientID, "P1"}}, rules, "STUDY");
    ASSERT_TRUE(of_patient);
    EXPECT_EQ(of_patient->patient_ids, std::vector<std::string>{"P1"});
    expect_refused(selected({study, {tags::PatientID, "P1\\P2"}}, rules, "STUDY"),
                   ErrorKind::Mismatch, tags::PatientID);
  }
  EXPECT_TRUE(selected({study, series}, kPatientRoot, "SERIES"));
  EXPECT_TRUE(selected({study, series, image}, kPatientRoot, "IMAGE"));
  expect_refused(selected({series}, kPatientRoot, "SERIES"), ErrorKind::Mismatch,
                 tags::StudyInstanceUID);
  expect_refused(selected({study, image}, kPatientRoot, "IMAGE"), ErrorKind::Mismatch,
                 tags::SeriesInstanceUID);
}

TEST(SelectionParse, TheIssuerOfThePatientIdRestrictsIt) {
  const auto issuer = [](Attributes keys, const QueryRules& rules, const char* level) {
    const auto selection = selected(std::move(keys), rules, level);
    EXPECT_TRUE(selection) << selection.error().to_string();
    return selection ? selection->issuer_of_patient_id : "refused";
  };
  const std::pair<Tag, std::string> patient{tags::PatientID, "P1"},
      study{tags::StudyInstanceUID, "1.2"}, of_a{tags::IssuerOfPatientID, " A "};
  EXPECT_EQ(issuer({patient, of_a}, kPatientRoot, "PATIENT"), "A");
  EXPECT_EQ(issuer({patient, study, of_a}, kPatientRoot, "STUDY"), "A");
  EXPECT_EQ(issuer({patient, study, of_a}, kStudyRoot, "STUDY"), "A");
  EXPECT_EQ(issuer({study, of_a}, kStudyRoot, "STUDY"), "") << "of no Patient ID";
  EXPECT_EQ(issuer({patient, {tags::IssuerOfPatientID, ""}}, kPatientRoot, "PATIENT"), "");
  EXPECT_EQ(issuer({patient, {tags::IssuerOfPatientID, "A\\B"}}, kPatientRoot, "PATIENT"), "A\\B")
      << "as the index holds what a sender wrote so";
  expect_refused(selected({patient, {tags::IssuerOfPatientID, "A*"}}, kPatientRoot, "PATIENT"),
                 ErrorKind::Malformed, tags::IssuerOfPatientID);
}

TEST(SelectionParse, TwoLevelsAreNone) {
  const Tag level = tags::QueryRetrieveLevel;
  expect_refused(selected({{tags::StudyInstanceUID, "1.2"}}, kStudyRoot, "STUDY\\SERIES"),
                 ErrorKind::Mismatch, level);
  DataSet identifier = data_set_of({{level, "STUDY"}, {tags::StudyInstanceUID, "1.2"}});
  has_another_level(identifier);
  expect_refused(parse_selection(identifier, kStudyRoot), ErrorKind::Mismatch, level);
}

}  // namespace
}  // namespace pacs::storage::test
