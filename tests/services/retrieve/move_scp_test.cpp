#include "services/retrieve/move_scp.h"

#include <thread>

#include <gmock/gmock.h>

#include "core/uid_registry.h"
#include "encoding/pixels/lossy_copy.h"
#include "tests/services/retrieve/retrieve_fixture.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;
namespace status = network::status;

using MoveScpTest = RetrieveTest;

DataSet study() {
  return identifier_of("STUDY", {{tags::StudyInstanceUID, "1.2.3.1"}});
}

TEST_F(MoveScpTest, ObjectsGoInTheirStoredTransferSyntaxAndNameWhoAsked) {
  has(ct("1.2.9.1", 600'000));
  has(ct("1.2.9.2", 100, uids::JPEGBaseline8Bit));
  has(ct("1.2.9.3", 100, uids::ImplicitVRLittleEndian, uids::MRImageStorage));
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_EQ(result.counts.completed, 3);
  const std::lock_guard lock{seen->mutex};
  ASSERT_EQ(seen->taken.size(), 3U);
  for (const auto& object : seen->taken) {
    EXPECT_EQ(object.request.move_originator_ae, "ASKER");
    EXPECT_EQ(object.request.move_originator_message_id, 7);
    const std::string& uid = object.request.sop_instance_uid;
    EXPECT_EQ(object.transfer_syntax_uid, uid == "1.2.9.1"   ? uids::ExplicitVRLittleEndian
                                          : uid == "1.2.9.2" ? uids::JPEGBaseline8Bit
                                                             : uids::ImplicitVRLittleEndian);
  }
}

/// An image of 64 by 64 grey pixels.
TestObject grey_image(std::string sop_instance_uid, int bits) {
  TestObject object = ct(std::move(sop_instance_uid));
  DataSet set = *read_data_set(share(object.data_set), explicit_vr_little_endian());
  set.set_text(tags::PhotometricInterpretation, "MONOCHROME2");
  for (const auto& [tag, value] : {std::pair{tags::SamplesPerPixel, 1},
                                   {tags::Rows, 64},
                                   {tags::Columns, 64},
                                   {tags::BitsAllocated, bits},
                                   {tags::BitsStored, bits},
                                   {tags::HighBit, bits - 1},
                                   {tags::PixelRepresentation, 0}}) {
    set.set_integer(tag, VR::US, value);
  }
  set.set_bytes(kPixelData, VR::OW,
                Bytes(static_cast<std::size_t>(64 * 64 / 8 * bits), std::byte{0x5A}));
  object.data_set = *write_data_set(set, explicit_vr_little_endian());
  return object;
}

TEST_F(MoveScpTest, ADestinationMayGetLossyCopiesOfWhatHasSuch) {
  preferences["TAKER"].lossy_jpeg_quality = 80;
  has(grey_image("1.2.9.1", 8));
  has(grey_image("1.2.9.2", 16));
  has(grey_image("1.2.9.3", 8));
  seen->answer = [](const network::Command& request) {
    return request.sop_instance_uid == lossy_copy_uid("1.2.9.3", 80) ? status::kOutOfResources
                                                                     : status::kSuccess;
  };
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.counts.completed, 2);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.9.3"));  // as it is known here
  const std::lock_guard lock{seen->mutex};
  std::map<std::string, std::string> syntaxes;
  for (const auto& object : seen->taken) {
    syntaxes[object.request.sop_instance_uid] = object.transfer_syntax_uid;
  }
  EXPECT_THAT(syntaxes,
              UnorderedElementsAre(Pair(lossy_copy_uid("1.2.9.1", 80), uids::JPEGBaseline8Bit),
                                   Pair("1.2.9.2", uids::ExplicitVRLittleEndian),
                                   Pair(lossy_copy_uid("1.2.9.3", 80), uids::JPEGBaseline8Bit)));
}

TEST_F(MoveScpTest, WhatHasNoLossyCopyAfterAllGoesAsItIsStored) {
  preferences["TAKER"].lossy_jpeg_quality = 80;
  TestObject short_of_pixels = grey_image("1.2.9.1", 8);
  DataSet set = *read_data_set(share(short_of_pixels.data_set), explicit_vr_little_endian());
  set.set_bytes(kPixelData, VR::OB, Bytes(1000));
  short_of_pixels.data_set = *write_data_set(set, explicit_vr_little_endian());
  has(short_of_pixels);
  TestObject small = grey_image("1.2.9.2", 8);
  for (const Tag tag : {tags::Rows, tags::Columns}) set.set_integer(tag, VR::US, 4);
  set.set_text(tags::SOPInstanceUID, "1.2.9.2");
  set.set_bytes(kPixelData, VR::OB, Bytes(16));
  small.data_set = *write_data_set(set, explicit_vr_little_endian());
  has(small);
  has(grey_image("1.2.9.3", 8));
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSuccess) << result.error_comment;
  EXPECT_EQ(result.counts.completed, 3);
  EXPECT_THAT(taken(), UnorderedElementsAre("1.2.9.1", "1.2.9.2", lossy_copy_uid("1.2.9.3", 80)));
}

TEST_F(MoveScpTest, NobodyElseGetsLossyCopies) {
  preferences["OTHER"].lossy_jpeg_quality = 80;
  has(grey_image("1.2.9.1", 8));
  starts_taker();
  starts();
  EXPECT_EQ(Requester{server}.moves(study()).counts.completed, 1);
  EXPECT_THAT(taken(), ElementsAre("1.2.9.1"));
}

TEST_F(MoveScpTest, AnUnknownDestinationIsA801) {
  has_cts(1);
  starts();
  const RetrieveResult result = Requester{server}.moves(study(), "NOBODY");
  EXPECT_EQ(result.status, status::kMoveDestinationUnknown);
  EXPECT_THAT(result.error_comment, HasSubstr("no such AE"));
}

TEST_F(MoveScpTest, ADestinationThatIsNotThereFailsAllAndIsA702) {
  has_cts(3);
  starts_taker();
  taker.stops_listening();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kCannotPerformSubOperations);
  EXPECT_EQ(result.counts.failed, 3);
  EXPECT_EQ(result.failed_uids.size(), 3U);
  EXPECT_THAT(result.error_comment, HasSubstr("cannot connect"));
}

TEST_F(MoveScpTest, ADestinationThatRejectsTheAssociationFailsAllAtOnce) {
  has_cts(3);
  int asked = 0;
  taker.accepts = [&asked] {
    ++asked;
    return false;
  };
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kCannotPerformSubOperations);
  EXPECT_EQ(result.counts.failed, 3);
  EXPECT_EQ(asked, 1);
}

TEST_F(MoveScpTest, RefusedContextsCostOnlyTheirObjects) {
  has_cts(3);
  has(ct("1.2.8.1", 100, uids::ExplicitVRLittleEndian, uids::MRImageStorage));
  seen->only_classes = {std::string{uids::CTImageStorage}};
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 3);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.8.1"));
}

TEST_F(MoveScpTest, ADestinationThatHangsCostsWhatItHangsAtAfterOneMoreTry) {
  has_cts(6);
  seen->hangs_at = {"1.2.9.3"};
  destination_limits.dimse_response = std::chrono::milliseconds{200};
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 5);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.9.3"));
  EXPECT_EQ(std::ranges::count(taken(), "1.2.9.3"), 2);
}

TEST_F(MoveScpTest, StatusesOfTheDestinationAreCounted) {
  has_cts(4);
  seen->answer = [](const network::Command& request) -> std::uint16_t {
    if (request.sop_instance_uid == "1.2.9.1") return 0xB000;  // coercion of data elements
    if (request.sop_instance_uid == "1.2.9.2") return status::kOutOfResources;
    return status::kSuccess;
  };
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 2);
  EXPECT_EQ(result.counts.warning, 1);
  EXPECT_EQ(result.counts.failed, 1);
  EXPECT_THAT(result.failed_uids, ElementsAre("1.2.9.2"));
}

TEST_F(MoveScpTest, AnObjectThatTheDestinationHasAlreadyIsAWarning) {
  has_cts(2);
  seen->answer = [](const network::Command& request) -> std::uint16_t {
    return request.sop_instance_uid == "1.2.9.1" ? status::kDuplicateSopInstance : status::kSuccess;
  };
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 1);
  EXPECT_EQ(result.counts.warning, 1);
  EXPECT_EQ(result.counts.failed, 0);
  EXPECT_TRUE(result.failed_uids.empty());
}

TEST_F(MoveScpTest, WarningsAloneAreB000WithoutAList) {
  has_cts(2);
  seen->answer = [](const auto&) { return std::uint16_t{0xB000}; };
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.warning, 2);
  EXPECT_TRUE(result.failed_uids.empty());
}

TEST_F(MoveScpTest, AnObjectThatCannotBeReadToItsEndCostsOnlyItself) {
  has_cts(5, 900'000);
  archive.cannot_read("1.2.9.2");           // before anything was sent
  archive.cannot_read("1.2.9.4", 500'000);  // in the middle
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSubOperationsFailed);
  EXPECT_EQ(result.counts.completed, 3);
  EXPECT_THAT(result.failed_uids, UnorderedElementsAre("1.2.9.2", "1.2.9.4"));
}

TEST_F(MoveScpTest, SeveralAssociationsShareTheObjects) {
  has_cts(100, 100'000);  // more than two of them read ahead and send in one window
  move_associations = 3;
  seen->answer = [](const auto&) {  // slow enough that no two have done it all meanwhile
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    return status::kSuccess;
  };
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_EQ(result.counts.completed, 100);
  EXPECT_EQ(associations(), 3U);
}

TEST_F(MoveScpTest, AFewSmallObjectsAreSharedAsWell) {
  has_cts(12);
  move_associations = 3;
  taker.operations_window_max = 1;
  seen->answer = [](const auto&) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    return status::kSuccess;
  };
  starts_taker();
  starts();
  EXPECT_EQ(Requester{server}.moves(study()).counts.completed, 12);
  EXPECT_EQ(associations(), 3U);
}

TEST_F(MoveScpTest, ADestinationThatTakesNothingIsGivenUpAfterTwoAssociations) {
  has_cts(4, 16'000'000);  // more than the sockets take
  seen->reads_nothing = true;
  destination_limits.send = std::chrono::milliseconds{200};
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kCannotPerformSubOperations);
  EXPECT_EQ(result.counts.failed, 4);
  EXPECT_THAT(result.error_comment, HasSubstr("took nothing"));
  EXPECT_EQ(associations(), 2U);
  seen->reads_nothing = false;
}

TEST_F(MoveScpTest, MoreContextsThanAnAssociationHoldsGoOverSeveral) {
  const auto& classes = storage_sop_classes();
  ASSERT_GT(classes.size(), 128U);
  int number = 0;
  for (const std::string_view sop_class : classes) {
    has(ct("1.2.9." + std::to_string(++number), 10, uids::ImplicitVRLittleEndian, sop_class));
  }
  starts_taker();
  starts();
  const RetrieveResult result = Requester{server}.moves(study());
  EXPECT_EQ(result.status, status::kSuccess);
  EXPECT_EQ(result.counts.completed, classes.size());
  EXPECT_EQ(associations(), (classes.size() + 127) / 128);
}

TEST_F(MoveScpTest, CancelEndsItWithWhatRemains) {
  has_cts(30);
  seen->hangs_at = {"1.2.9.20"};
  starts_taker();
  starts();
  Requester asker{server};
  asker.on_progress = [](const SubOperations&) { return false; };
  const RetrieveResult result = asker.moves(study());
  EXPECT_EQ(result.status, status::kCancel);
  ASSERT_TRUE(result.counts.remaining);
  EXPECT_EQ(*result.counts.remaining + result.counts.completed + result.counts.failed, 30);
  EXPECT_GT(result.counts.completed, 0);
}

TEST_F(MoveScpTest, AfterACancelNothingMoreIsBegunNotEvenWhatIsReadAlready) {
  has_cts(60);
  taker.operations_window_max = 1;
  seen->answer = [](const auto&) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    return status::kSuccess;
  };
  starts_taker();
  starts();
  Requester asker{server};
  asker.on_progress = [](const SubOperations&) { return false; };
  const RetrieveResult result = asker.moves(study());
  EXPECT_EQ(result.status, status::kCancel);
  ASSERT_TRUE(result.counts.remaining);
  EXPECT_GT(*result.counts.remaining, 0);
  EXPECT_EQ(result.counts.failed, 0);
  EXPECT_EQ(*result.counts.remaining + result.counts.completed, 60);
}

TEST_F(MoveScpTest, PendingResponsesSayHowFarItIs) {
  has_cts(8);
  seen->hangs_at = {"1.2.9.8"};
  destination_limits.dimse_response = std::chrono::milliseconds{400};
  starts_taker();
  starts();
  Requester asker{server};
  std::vector<SubOperations> progress;
  asker.on_progress = [&](const SubOperations& counts) {
    progress.push_back(counts);
    return true;
  };
  const RetrieveResult result = asker.moves(study());
  EXPECT_EQ(result.counts.completed, 7);
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back().completed + *progress.back().remaining + progress.back().failed, 8);
}

TEST_F(MoveScpTest, MovesThatWaitForTheirDestinationDoNotHoldUpOthers) {
  has_cts(20, 200'000);
  seen->hangs_at = {"1.2.9.1"};
  destination_limits.dimse_response = std::chrono::seconds{2};
  starts_taker();
  starts();
  auto slow = std::async(std::launch::async, [&] { return Requester{server}.moves(study()); });
  const RetrieveResult quick =
      Requester{server}.moves(identifier_of("IMAGE", {{tags::StudyInstanceUID, "1.2.3.1"},
                                                      {tags::SeriesInstanceUID, "1.2.3.1.1"},
                                                      {tags::SOPInstanceUID, "1.2.9.7"}}));
  EXPECT_EQ(quick.status, status::kSuccess);
  EXPECT_EQ(slow.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
  EXPECT_THAT(slow.get().failed_uids, ElementsAre("1.2.9.1"));
}

}  // namespace
}  // namespace pacs::services
