#include "services/retrieve/get_scp.h"

#include <gmock/gmock.h>

#include "services/query/query_models.h"
#include "tests/services/retrieve/retrieve_fixture.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
namespace status = network::status;

using GetScpTest = RetrieveTest;

DataSet study(const std::string& uid = "1.2.3.1") {
  return identifier_of("STUDY", {{tags::StudyInstanceUID, uid}});
}

TEST_F(GetScpTest, ObjectsComeByteForByteInTheirStoredTransferSyntax) {
  const std::vector<TestObject> objects{ct("1.2.9.1", 700'000),
                                        ct("1.2.9.2", 5000, uids::JPEG2000Lossless),
                                        ct("1.2.9.3", 3, uids::DeflatedExplicitVRLittleEndian),
                                        ct("1.2.9.4", 300'000, uids::ExplicitVRBigEndian)};
  for (const TestObject& object : objects) has(object);
  starts();
  Requester asker{server};
  asker.receives = {context(uids::CTImageStorage),
                    context(uids::CTImageStorage, {uids::JPEG2000Lossless}),
                    context(uids::CTImageStorage, {uids::DeflatedExplicitVRLittleEndian}),
                    context(uids::CTImageStorage, {uids::ExplicitVRBigEndian})};
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_EQ(result.counts.completed, 4);
  EXPECT_FALSE(result.counts.remaining);
  ASSERT_EQ(asker.got.size(), objects.size());
  for (const auto& got : asker.got) {
    const auto sent =
        std::ranges::find(objects, got.object.sop_instance_uid, &TestObject::sop_instance_uid);
    ASSERT_NE(sent, objects.end());
    EXPECT_EQ(got.object.transfer_syntax_uid, sent->transfer_syntax_uid);
    Bytes expected = sent->data_set;
    if (expected.size() % 2 != 0) expected.push_back(std::byte{0});  // PS3.5 §A.5
    EXPECT_EQ(got.data_set, expected) << sent->transfer_syntax_uid;
  }
}

TEST_F(GetScpTest, EveryModelSelectsAtItsLevels) {
  has_cts(2);
  starts();
  constexpr auto kPatientRoot = uids::PatientRootQueryRetrieveInformationModelGet;
  constexpr auto kStudyRoot = uids::StudyRootQueryRetrieveInformationModelGet;
  constexpr auto kPatientStudyOnly = uids::PatientStudyOnlyQueryRetrieveInformationModelGet;
  const std::pair patient{tags::PatientID, std::string{"P1"}};
  const std::pair of_study{tags::StudyInstanceUID, std::string{"1.2.3.1"}};
  const std::pair series{tags::SeriesInstanceUID, std::string{"1.2.3.1.1"}};
  const std::pair one{tags::SOPInstanceUID, std::string{"1.2.9.1"}};
  const std::pair both{tags::SOPInstanceUID, std::string{"1.2.9.1\\1.2.9.2"}};
  struct Row {
    std::string_view sop_class_uid, level;
    Keys keys;
    std::size_t objects;
  };
  const std::vector<Row> rows{{kPatientRoot, "PATIENT", {patient}, 2},
                              {kPatientRoot, "STUDY", {patient, of_study}, 2},
                              {kPatientRoot, "SERIES", {patient, of_study, series}, 2},
                              {kPatientRoot, "IMAGE", {patient, of_study, series, one}, 1},
                              {kPatientRoot, "STUDY", {of_study}, 2},
                              {kPatientRoot, "STUDY", {{tags::PatientID, ""}, of_study}, 2},
                              {kPatientRoot, "SERIES", {of_study, series}, 2},
                              {kPatientRoot, "IMAGE", {of_study, series, both}, 2},
                              {kPatientRoot, "STUDY", {{tags::PatientID, "P2"}, of_study}, 0},
                              {kStudyRoot, "STUDY", {of_study}, 2},
                              {kStudyRoot, "SERIES", {of_study, series}, 2},
                              {kStudyRoot, "IMAGE", {of_study, series, both}, 2},
                              {kPatientStudyOnly, "PATIENT", {patient}, 2},
                              {kPatientStudyOnly, "STUDY", {patient, of_study}, 2},
                              {kPatientStudyOnly, "STUDY", {of_study}, 2}};
  for (const Row& row : rows) {
    Requester asker{server};
    asker.get_class = row.sop_class_uid;
    const RetrieveResult result = asker.gets(identifier_of(row.level, row.keys));
    EXPECT_EQ(result.status, status::kSuccess) << row.level;
    EXPECT_EQ(asker.uids_got().size(), row.objects) << row.level;
  }
}

TEST_F(GetScpTest, RelationalRetrieveNeedsNoUniqueKeysOfTheLevelsAboveOnceNegotiated) {
  has_cts(1);
  starts();
  const DataSet identifier = identifier_of("IMAGE", {{tags::SOPInstanceUID, "1.2.9.1"}});
  Requester baseline{server};
  EXPECT_EQ(baseline.gets(identifier).status, status::kDataSetDoesNotMatchSopClass);
  Requester relational{server};
  relational.extended = {
      propose_query_negotiation(*find_query_sop_class(relational.get_class), {.relational = true})};
  EXPECT_EQ(relational.gets(identifier).status, status::kSuccess);
  EXPECT_THAT(relational.uids_got(), ElementsAre("1.2.9.1"));
}

TEST_F(GetScpTest, UncompressedObjectsAreConvertedToWhatThePeerTakes) {
  has(ct("1.2.9.1", 700'000));
  starts();
  Requester asker{server};
  asker.receives = {context(uids::CTImageStorage, {uids::ImplicitVRLittleEndian})};
  EXPECT_EQ(asker.gets(study()).status, status::kSuccess);
  ASSERT_EQ(asker.got.size(), 1U);
  const auto stored =
      read_data_set(share(ct("1.2.9.1", 700'000).data_set), explicit_vr_little_endian());
  const auto got = read_data_set(share(asker.got[0].data_set), implicit_vr_little_endian());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->text(tags::PatientName), "Doe^Jane");
  ASSERT_NE(got->find(kPixelData), nullptr);
  EXPECT_TRUE(
      std::ranges::equal(got->find(kPixelData)->value(), stored->find(kPixelData)->value()));
}

TEST_F(GetScpTest, WhatThePeerHasNoContextForFailsByItselfAndIsListed) {
  has_cts(3);
  has(ct("1.2.8.1", 100, uids::MPEG2MPML));
  has(ct("1.2.8.2", 100, uids::ExplicitVRLittleEndian, uids::MRImageStorage));
  starts();
  Requester asker{server};
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 3);
  EXPECT_EQ(result.counts.failed, 2);
  EXPECT_THAT(result.failed_uids, UnorderedElementsAre("1.2.8.1", "1.2.8.2"));
  EXPECT_THAT(result.error_comment, HasSubstr("the peer"));
}

TEST_F(GetScpTest, NothingThatCouldBeSentIsA702) {
  has_cts(2);
  starts();
  Requester asker{server};
  asker.receives = {context(uids::MRImageStorage)};
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kCannotPerformSubOperations);
  EXPECT_EQ(result.counts.failed, 2);
  EXPECT_EQ(result.failed_uids.size(), 2U);
}

TEST_F(GetScpTest, AContextOnWhichThePeerDidNotTakeTheRoleOfScpIsNotUsed) {
  has_cts(1);
  starts();
  Requester asker{server};
  asker.takes_scp_role = false;
  EXPECT_EQ(asker.gets(study()).status, status::kCannotPerformSubOperations);
  EXPECT_TRUE(asker.got.empty());
}

TEST_F(GetScpTest, NoMatchIsASuccessWithoutSubOperations) {
  starts();
  Requester asker{server};
  const RetrieveResult result = asker.gets(study("9.9.9"));
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_EQ(result.counts.completed, 0);
}

TEST_F(GetScpTest, CancelEndsItWithWhatRemains) {
  has_cts(200, 20'000);
  starts();
  Requester asker{server};
  asker.cancels_after = 3;
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kCancel);
  ASSERT_TRUE(result.counts.remaining);
  EXPECT_EQ(*result.counts.remaining + result.counts.completed, 200);
  EXPECT_EQ(result.counts.completed, asker.got.size());
}

TEST_F(GetScpTest, RefusalsAndWarningsOfTheReceiverAreCounted) {
  has_cts(4);
  starts();
  Requester asker{server};
  asker.refuses = [](const IncomingObject& object) -> Result<> {
    if (object.sop_instance_uid != "1.2.9.2") return {};
    return fail(ErrorKind::OutOfResources, "the disk is full");
  };
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 3);
  EXPECT_EQ(result.counts.failed, 1);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.9.2"));
  EXPECT_THAT(result.error_comment, HasSubstr("A700"));
}

TEST_F(GetScpTest, AnObjectThatTheReceiverHasAlreadyIsAWarning) {
  has_cts(2);
  starts();
  Requester asker{server};
  asker.refuses = [](const IncomingObject& object) -> Result<> {
    if (object.sop_instance_uid != "1.2.9.2") return {};
    return fail(ErrorKind::Duplicate, "it is here");
  };
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 1);
  EXPECT_EQ(result.counts.warning, 1);
  EXPECT_TRUE(result.failed_uids.empty());
}

TEST_F(GetScpTest, AnObjectThatCannotBeReadFailsByItself) {
  has_cts(5);
  archive.cannot_read("1.2.9.3");
  starts();
  Requester asker{server};
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 4);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.9.3"));
  EXPECT_THAT(result.error_comment, HasSubstr("the disk refuses"));
}

TEST_F(GetScpTest, AnImageThatCannotBeDecodedFailsByItself) {
  has_cts(4);
  has(ct("1.2.8.1", 100, uids::JPEG2000Lossless));  // its pixels are no codestream
  starts();
  Requester asker{server};
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 4);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.8.1"));
}

TEST_F(GetScpTest, AnIndexThatFailsIsA701) {
  archive.cannot_select();
  starts();
  Requester asker{server};
  const RetrieveResult result = asker.gets(study());
  EXPECT_EQ(result.status, status::kCannotCalculateMatches);
  EXPECT_THAT(result.error_comment, HasSubstr("the index refuses"));
}

TEST_F(GetScpTest, WrongIdentifiersAreRefusedWithTheElement) {
  starts();
  struct Row {
    DataSet identifier;
    std::uint16_t status;
    Tag element;
  };
  const std::vector<Row> rows{{identifier_of("", {{tags::StudyInstanceUID, "1.2"}}),
                               status::kDataSetDoesNotMatchSopClass, tags::QueryRetrieveLevel},
                              {identifier_of("PATIENT", {{tags::PatientID, "P1"}}),
                               status::kDataSetDoesNotMatchSopClass, tags::QueryRetrieveLevel},
                              {identifier_of("SERIES", {{tags::SeriesInstanceUID, "1.2"}}),
                               status::kDataSetDoesNotMatchSopClass, tags::StudyInstanceUID}};
  for (const Row& row : rows) {
    Requester asker{server};
    const RetrieveResult result = asker.gets(row.identifier);
    EXPECT_EQ(result.status, row.status) << row.element.to_string();
    EXPECT_THAT(result.offending_elements, ElementsAre(row.element));
  }
}

TEST_F(GetScpTest, WithAWindowSeveralObjectsAreOnTheirWayAtOnceAndAllComeWhole) {
  has_cts(60, 90'000);
  starts();
  Requester asker{server};
  asker.window_performed = 8;
  EXPECT_EQ(asker.gets(study()).status, status::kSuccess);
  EXPECT_EQ(asker.uids_got().size(), 60U);
  for (const auto& got : asker.got) {
    EXPECT_EQ(got.data_set, ct(got.object.sop_instance_uid, 90'000).data_set);
  }
}

TEST_F(GetScpTest, OneHundredThousandUidsAreReadAndLookedFor) {
  has_cts(3);
  starts();
  std::string list = "1.2.9.1\\1.2.9.2";
  for (int i = 0; i < 100'000; ++i) list += "\\1.2.7." + std::to_string(i);
  Requester asker{server};
  const RetrieveResult result =
      asker.gets(identifier_of("IMAGE", {{tags::StudyInstanceUID, "1.2.3.1"},
                                         {tags::SeriesInstanceUID, "1.2.3.1.1"},
                                         {tags::SOPInstanceUID, list}}));
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_THAT(asker.uids_got(), UnorderedElementsAre("1.2.9.1", "1.2.9.2"));
}

}  // namespace
}  // namespace pacs::services
