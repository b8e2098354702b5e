#include "services/store/storage_scp.h"

#include <gmock/gmock.h>

#include "core/uid_registry.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace status = network::status;

class StorageScpTest : public testing::Test {
 protected:
  void SetUp() override { pacs.starts(); }
  Pacs pacs;
};

TEST_F(StorageScpTest, KeepsTheDataSetByteForByte) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  const TestObject object = ct("1.2.3", 100'000);
  EXPECT_EQ(peer.stores(object), status::kSuccess);
  peer.releases();

  const auto stored = pacs.archive().object("1.2.3");
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->data_set, object.data_set);
  EXPECT_EQ(stored->transfer_syntax_uid, uids::ExplicitVRLittleEndian);
  const auto context = pacs.archive().context_of("1.2.3");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->source_ae, "PEER");
  EXPECT_FALSE(context->trace_id.empty());
}

TEST_F(StorageScpTest, TheResponseNamesTheInstance) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  ASSERT_EQ(peer.stores(ct("1.2.3")), status::kSuccess);
  EXPECT_EQ(peer.last().field, network::CommandField::CStoreRsp);
  EXPECT_EQ(peer.last().sop_class_uid, uids::CTImageStorage);
  EXPECT_EQ(peer.last().sop_instance_uid, "1.2.3");
  EXPECT_FALSE(peer.last().has_data_set);
}

TEST_F(StorageScpTest, StoresCompressedObjectsAsTheyCome) {
  int number = 0;
  for (const std::string_view syntax :
       {uids::JPEGBaseline8Bit, uids::JPEG2000Lossless, uids::JPEGLSLossless, uids::RLELossless,
        uids::HTJ2KLossless, uids::JPEGXLLossless, uids::MPEG2MPML, uids::HEVCMP51}) {
    Peer peer{pacs};
    peer.associates({context(uids::CTImageStorage, {syntax})});
    const std::string uid = "1.2.3." + std::to_string(++number);
    const TestObject object = ct(uid, 5000, syntax);
    EXPECT_EQ(peer.stores(object), status::kSuccess) << syntax;
    const auto stored = pacs.archive().object(uid);
    ASSERT_TRUE(stored) << syntax;
    EXPECT_EQ(stored->data_set, object.data_set);
    EXPECT_EQ(stored->transfer_syntax_uid, syntax);
  }
}

TEST_F(StorageScpTest, WhateverIsDeflatedIsInflatedInSlices) {
  for (const std::string_view syntax :
       {uids::DeflatedExplicitVRLittleEndian, uids::JPIPReferencedDeflate,
        uids::JPIPHTJ2KReferencedDeflate}) {
    Pacs server;
    server.starts();
    const TestObject object = ct("1.2.9", 16'000'000, syntax);
    ASSERT_GT(object.data_set.size(), 10'000U);
    Peer peer{server};
    peer.associates({context(uids::CTImageStorage, {syntax})});
    EXPECT_EQ(peer.stores(object), status::kSuccess) << uid_name(syntax);
    EXPECT_LE(server.archive().most_appended(), 2048U) << uid_name(syntax);
  }
}

TEST_F(StorageScpTest, TakesEveryStorageClassOfTheRegistryIn128Contexts) {
  const auto& classes = storage_sop_classes();
  for (std::size_t first = 0; first < classes.size(); first += 128) {
    std::vector<network::PresentationContextProposal> contexts;
    for (std::size_t i = first; i < std::min(first + 128, classes.size()); ++i) {
      contexts.push_back(context(classes[i], {uids::ImplicitVRLittleEndian}));
    }
    Peer peer{pacs};
    peer.associates(contexts);
    for (const auto& proposed : contexts) {
      EXPECT_NE(peer.context_for(proposed.abstract_syntax), 0)
          << uid_name(proposed.abstract_syntax);
    }
    peer.releases();
  }
}

TEST_F(StorageScpTest, TakesAPrivateClassOnlyWhenConfigured) {
  Peer peer{pacs};
  peer.associates({context(kPrivateClass), context("1.3.6.1.4.1.99999.7")});
  EXPECT_EQ(peer.negotiated().answer.contexts[0].result, 0);
  EXPECT_EQ(peer.negotiated().answer.contexts[1].result, 3);  // abstract syntax not supported
  EXPECT_EQ(peer.stores(ct("1.2.9", 10, uids::ExplicitVRLittleEndian, kPrivateClass)),
            status::kSuccess);
}

TEST_F(StorageScpTest, RefusesATransferSyntaxThatItDoesNotKnow) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage, {"1.2.3.4.5"})});
  EXPECT_EQ(peer.negotiated().answer.contexts[0].result, 4);  // transfer syntaxes not supported
}

TEST_F(StorageScpTest, GrantsTheScpRoleToWhomWaitsForSubOperations) {
  Peer peer{pacs};
  peer.wants_roles({{std::string{uids::CTImageStorage}, true, true}});
  peer.associates({context(uids::CTImageStorage)});
  EXPECT_TRUE(peer.negotiated().contexts[0].scu_role);
  EXPECT_TRUE(peer.negotiated().contexts[0].scp_role);
}

TEST_F(StorageScpTest, ADiskThatIsFullIsA700AndTheAssociationLivesOn) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  pacs.archive().fails("begin", Error{ErrorKind::OutOfResources, "the disk is full"});
  EXPECT_EQ(peer.stores(ct("1.2.3", 400'000)), status::kOutOfResources);
  EXPECT_THAT(peer.last().error_comment, HasSubstr("disk is full"));
  pacs.archive().fails("begin", std::nullopt);
  pacs.archive().fails("append", Error{ErrorKind::OutOfResources, "the disk is full"});
  EXPECT_EQ(peer.stores(ct("1.2.3", 400'000)), status::kOutOfResources);
  pacs.archive().fails("append", std::nullopt);
  pacs.archive().fails("commit", Error{ErrorKind::OutOfResources, "the disk is full"});
  EXPECT_EQ(peer.stores(ct("1.2.3", 400'000)), status::kOutOfResources);
  EXPECT_EQ(pacs.archive().size(), 0U);
  pacs.archive().fails("commit", std::nullopt);
  EXPECT_EQ(peer.stores(ct("1.2.3", 400'000)), status::kSuccess);
  peer.releases();
}

TEST_F(StorageScpTest, MalformedDataSetsInTheMiddleAreC000AndTheRestIsDrained) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  EXPECT_EQ(peer.stores(ct("1.2.1")), status::kSuccess);
  TestObject broken = ct("1.2.2", 600'000);
  const auto end_of_item = {std::byte{0xFE}, std::byte{0xFF}, std::byte{0x0D}, std::byte{0xE0}};
  std::ranges::copy(end_of_item, broken.data_set.begin());  // where no item has begun
  EXPECT_EQ(peer.stores(broken), status::kCannotUnderstand);
  EXPECT_FALSE(peer.last().error_comment.empty());
  EXPECT_EQ(peer.stores(ct("1.2.3")), status::kSuccess);
  EXPECT_EQ(pacs.archive().size(), 2U);
  peer.releases();
}

TEST_F(StorageScpTest, TruncatedDataSetsAreC000AtEveryLength) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  const TestObject whole = ct("1.2.2", 4);
  std::size_t refused = 0;
  for (std::size_t length = 1; length < whole.data_set.size(); ++length) {
    TestObject cut = whole;
    cut.data_set.resize(length);
    const std::uint16_t answered = peer.stores(cut);
    // Cut between elements it is a shorter data set: then it lacks its identity, or is whole.
    if (answered != status::kSuccess) ++refused;
    EXPECT_TRUE(answered == status::kCannotUnderstand ||
                answered == status::kDataSetDoesNotMatchSopClass || answered == status::kSuccess)
        << length;
  }
  EXPECT_GT(refused, whole.data_set.size() / 2);
  EXPECT_EQ(peer.stores(whole), status::kSuccess);
}

TEST_F(StorageScpTest, CommandAndDataSetMustNameTheSameObject) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage), context(uids::MRImageStorage)});
  TestObject other_class = ct("1.2.3");
  other_class.sop_class_uid = uids::MRImageStorage;
  EXPECT_EQ(peer.stores(other_class), status::kDataSetDoesNotMatchSopClass);
  EXPECT_THAT(peer.last().offending_elements, ElementsAre(tags::SOPClassUID));
  TestObject other_instance = ct("1.2.3");
  other_instance.sop_instance_uid = "1.2.4";
  EXPECT_EQ(peer.stores(other_instance), status::kDataSetDoesNotMatchSopClass);
  EXPECT_THAT(peer.last().offending_elements, ElementsAre(tags::SOPInstanceUID));
  EXPECT_EQ(pacs.archive().size(), 0U);
}

TEST_F(StorageScpTest, AnotherObjectOfTheSameNameIsAcknowledgedAndTheFirstKept) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  const TestObject first = ct("1.2.3", 512);
  EXPECT_EQ(peer.stores(first), status::kSuccess);
  EXPECT_EQ(peer.stores(first), status::kSuccess);
  EXPECT_EQ(peer.stores(ct("1.2.3", 600)), status::kSuccess);
  EXPECT_EQ(pacs.archive().size(), 1U);
  EXPECT_EQ(pacs.archive().object("1.2.3")->data_set, first.data_set);
}

TEST(StorageScp, ADuplicateThatPolicyRejectsIs0111) {
  Pacs pacs{{}, storage::DuplicatePolicy::Reject};
  pacs.starts();
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  const TestObject first = ct("1.2.3", 512);
  EXPECT_EQ(peer.stores(first), status::kSuccess);
  EXPECT_EQ(peer.stores(ct("1.2.3", 600)), status::kDuplicateSopInstance);
  EXPECT_EQ(peer.stores(first), status::kSuccess) << "the same once more is no other";
  EXPECT_EQ(pacs.archive().object("1.2.3")->data_set, first.data_set);
}

TEST_F(StorageScpTest, AStoreWithoutDataSetIsAnsweredAndNothingIsBegun) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  peer.sends(1, Peer::store_request(ct("1.2.3"), 7));
  const Response response = peer.receives();
  EXPECT_EQ(network::status_class(*response.command.status), network::StatusClass::Failure);
  EXPECT_EQ(pacs.archive().begun(), 0U);
  EXPECT_EQ(peer.stores(ct("1.2.3")), status::kSuccess);
}

TEST_F(StorageScpTest, NothingIsStoredWhenThePeerVanishesInTheMiddle) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  const TestObject object = ct("1.2.3", 1U << 20);
  std::size_t offset = 0;
  const network::DataSource half = [&]() -> Result<ByteView> {
    if (offset > object.data_set.size() / 2) return fail(ErrorKind::Io, "unplugged");
    const ByteView piece = ByteView{object.data_set}.subspan(offset, 65'536);
    offset += piece.size();
    return piece;
  };
  network::Command command = Peer::store_request(object, 1);
  command.has_data_set = true;
  EXPECT_FALSE(peer.wait(peer.association().send(1, command, half)));
  Peer next{pacs};
  next.associates({context(uids::CTImageStorage)});
  EXPECT_EQ(next.stores(ct("1.2.4")), status::kSuccess);
  EXPECT_EQ(pacs.archive().size(), 1U);
}

TEST_F(StorageScpTest, CountsOperationsAndStatuses) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage), context(uids::Verification)});
  EXPECT_EQ(peer.stores(ct("1.2.3")), status::kSuccess);
  pacs.archive().fails("begin", Error{ErrorKind::OutOfResources, "full"});
  EXPECT_EQ(peer.stores(ct("1.2.4")), status::kOutOfResources);
  EXPECT_EQ(peer.echoes(), status::kSuccess);
  peer.releases();
  EXPECT_TRUE(pacs.metrics_say("pacs_dimse_seconds_count{operation=\"C-STORE\"} 2"));
  EXPECT_TRUE(
      pacs.metrics_say("pacs_dimse_responses_total{operation=\"C-STORE\",status=\"A700\"} 1"));
  EXPECT_TRUE(
      pacs.metrics_say("pacs_dimse_responses_total{operation=\"C-ECHO\",status=\"0000\"} 1"));
}

}  // namespace
}  // namespace pacs::services
