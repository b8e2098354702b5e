#include "services/dispatch/responder.h"

#include <gmock/gmock.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/services/peer.h"

namespace pacs::services {
namespace {

using network::Command;
using network::CommandField;
using testing::ElementsAre;
namespace status = network::status;

constexpr std::string_view kFindClass = uids::StudyRootQueryRetrieveInformationModelFind;
constexpr std::string_view kGetClass = uids::StudyRootQueryRetrieveInformationModelGet;
constexpr std::string_view kMppsClass = uids::ModalityPerformedProcedureStep;

Command request(CommandField field, std::string_view sop_class_uid, std::uint16_t message_id) {
  Command command;
  command.field = field;
  command.message_id = message_id;
  command.sop_class_uid = sop_class_uid;
  if (field == CommandField::CFindRq || field == CommandField::CGetRq) command.priority = 0;
  return command;
}

DataSet identifier(std::string_view patient_id) {
  DataSet data_set;
  data_set.set_text(tags::QueryRetrieveLevel, "STUDY");
  data_set.set_text(tags::PatientID, patient_id);
  return data_set;
}

Bytes identifier_bytes(std::string_view patient_id) {
  return *write_data_set(identifier(patient_id), explicit_vr_little_endian());
}

/// Of what the services here read whole.
constexpr DataSetLimits kLimits{.bytes_max = 4096, .elements_max = 50};

/// Answers C-FIND with as many matches as the identifier's Patient ID says; "endless" goes on until
/// it is cancelled.
class CountingFind : public Service {
 public:
  [[nodiscard]] bool serves(std::string_view uid) const override { return uid == kFindClass; }
  [[nodiscard]] bool performs(CommandField field) const override {
    return field == CommandField::CFindRq;
  }
  Task<Result<Answer>> perform(Operation& operation) override {
    Result<DataSet> query = co_await operation.read_identifier(kLimits);
    if (!query) co_return fail(std::move(query.error()));
    const std::string_view wanted = query->text(tags::PatientID);
    const std::size_t matches =
        wanted == "endless" ? SIZE_MAX : static_cast<std::size_t>(std::stoul(std::string{wanted}));
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    for (std::size_t i = 0; i < matches; ++i) {
      if (operation.cancelled()) co_return Answer{.status = status::kCancel};
      if (matches ==
          SIZE_MAX) {  // slower than a peer reads: else its cancel waits behind megabytes
        pause.expires_after(std::chrono::milliseconds{2});
        co_await pause.async_wait(boost::asio::use_awaitable);
      }
      const Answer pending{.status = status::kPending, .data_set = identifier(std::to_string(i))};
      Result<> sent = co_await operation.respond_pending(pending);
      if (!sent) co_return fail(std::move(sent.error()));
    }
    co_return Answer{};
  }
};

/// A C-GET of three objects: sends them as sub-operations on the same association.
class ThreeObjectGet : public Service {
 public:
  [[nodiscard]] bool serves(std::string_view uid) const override { return uid == kGetClass; }
  [[nodiscard]] bool performs(CommandField field) const override {
    return field == CommandField::CGetRq;
  }
  Task<Result<Answer>> perform(Operation& operation) override {
    SubOperations done{.remaining = 3};
    const auto requestor = operation.requestor();
    const auto* context = requestor->negotiated().accepted_for(uids::CTImageStorage);
    static constexpr std::array kObjects{"1.2.1", "1.2.2", "1.2.3"};
    for (const char* uid : kObjects) {
      const TestObject object = ct(uid, 50'000);
      Result<Response> stored = co_await requestor->invoke(
          context->id, Peer::store_request(object, 0), data_source(share(object.data_set)));
      const bool ok = stored && stored->command.status == status::kSuccess;
      ok ? ++done.completed : ++done.failed;
      done.remaining = static_cast<std::uint16_t>(*done.remaining - 1);
      const Answer pending{.status = status::kPending, .sub_operations = done};
      Result<> sent = co_await operation.respond_pending(pending);
      if (!sent) co_return fail(std::move(sent.error()));
    }
    done.remaining.reset();
    co_return Answer{.status = done.failed == 0 ? status::kSuccess : std::uint16_t{0xB000},
                     .sub_operations = done};
  }
};

/// Fails in the ways a service can.
class Failing : public Service {
 public:
  [[nodiscard]] bool serves(std::string_view uid) const override { return uid == kMppsClass; }
  [[nodiscard]] bool performs(CommandField field) const override {
    return field == CommandField::NCreateRq;
  }
  Task<Result<Answer>> perform(Operation& operation) override {
    const std::string how = operation.request().sop_instance_uid;
    if (how == "1") throw std::runtime_error("boom");
    if (how == "2") co_return fail(Error{ErrorKind::Malformed, "wrong"}.on(tags::Modality));
    Result<DataSet> whole = co_await operation.read_identifier(kLimits);
    if (!whole) co_return fail(std::move(whole.error()));
    co_return Answer{.sop_instance_uid = "1.2.3.4", .data_set = std::move(*whole)};
  }
};

class ResponderTest : public testing::Test {
 protected:
  ResponderTest() : pacs({.data_sets_bytes_max = 12'000}) {
    pacs.serves(std::make_unique<CountingFind>());
    pacs.serves(std::make_unique<ThreeObjectGet>());
    pacs.serves(std::make_unique<Failing>());
    pacs.starts();
  }
  Pacs pacs;
};

TEST_F(ResponderTest, AnswersAnEcho) {
  Peer peer{pacs};
  peer.associates({context(uids::Verification, {uids::ImplicitVRLittleEndian})});
  EXPECT_EQ(peer.echoes(), status::kSuccess);
  EXPECT_EQ(peer.echoes(), status::kSuccess);
  peer.releases();
}

TEST_F(ResponderTest, AnOperationThatTheServiceDoesNotPerformIs0211) {
  Peer peer{pacs};
  peer.associates({context(uids::Verification)});
  peer.sends(1, request(CommandField::CFindRq, uids::Verification, 5), identifier_bytes("1"));
  const Response response = peer.receives();
  EXPECT_EQ(response.command.status, status::kUnrecognizedOperation);
  EXPECT_EQ(response.command.message_id, 5);
  EXPECT_EQ(peer.echoes(), status::kSuccess);
}

TEST_F(ResponderTest, AStoreOnTheContextOfAnotherClassIs0122) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage), context(uids::MRImageStorage)});
  const TestObject object = ct("1.2.3", 300'000);
  peer.sends(3, Peer::store_request(object, 9), object.data_set);
  EXPECT_EQ(peer.receives().command.status, status::kSopClassNotSupported);
  EXPECT_EQ(pacs.archive().begun(), 0U);
  EXPECT_EQ(peer.stores(object), status::kSuccess);
}

TEST_F(ResponderTest, AnUnknownSopClassOfAnNServiceIs0118) {
  Peer peer{pacs};
  peer.associates({context(kMppsClass)});
  Command command = request(CommandField::NCreateRq, "1.2.3.4.5", 1);
  command.sop_instance_uid = "1.2";
  peer.sends(1, command, identifier_bytes("1"));
  EXPECT_EQ(peer.receives().command.status, status::kNoSuchSopClass);
}

TEST_F(ResponderTest, AMessageIdInUseIs0210AndTheFirstGoesOn) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)}, 4);
  pacs.archive().holds_commits();
  peer.sends_store(ct("1.2.1"), 7);
  ASSERT_TRUE(pacs.archive().waits_for_held(1));
  peer.sends_store(ct("1.2.2"), 7);
  const Response duplicate = peer.receives();
  EXPECT_EQ(duplicate.command.status, status::kDuplicateInvocation);
  pacs.archive().release_commits();
  EXPECT_EQ(peer.receives().command.status, status::kSuccess);
  EXPECT_TRUE(pacs.archive().object("1.2.1"));
  EXPECT_FALSE(pacs.archive().object("1.2.2"));
}

TEST_F(ResponderTest, TheNextRequestIsReadWhileEarlierOnesAreInFlightUpToTheWindow) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)}, 4);
  ASSERT_EQ(peer.negotiated().window().invoked, 4);
  pacs.archive().holds_commits();
  for (std::uint16_t id = 1; id <= 4; ++id) peer.sends_store(ct("1.2." + std::to_string(id)), id);
  ASSERT_TRUE(pacs.archive().waits_for_held(4));
  pacs.archive().release_commits();
  std::vector<std::uint16_t> answered;
  for (int i = 0; i < 4; ++i) {
    const Response response = peer.receives();
    EXPECT_EQ(response.command.status, status::kSuccess);
    answered.push_back(response.command.message_id);
  }
  EXPECT_THAT(answered, testing::UnorderedElementsAre(1, 2, 3, 4));
  EXPECT_EQ(pacs.archive().size(), 4U);
}

TEST_F(ResponderTest, WithAWindowOfOneASecondRequestWaitsForTheFirst) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  pacs.archive().holds_commits();
  peer.sends_store(ct("1.2.1"), 1);
  ASSERT_TRUE(pacs.archive().waits_for_held(1));
  peer.sends_store(ct("1.2.2"), 2);  // against the negotiated window
  pacs.archive().release_commits();
  EXPECT_EQ(peer.receives().command.message_id, 1);
  EXPECT_EQ(peer.receives().command.message_id, 2);
  EXPECT_EQ(pacs.archive().most_at_once(), 1U);
}

TEST_F(ResponderTest, ResponsesGoOutAsOperationsEndNotAsTheyBegan) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage), context(uids::Verification)}, 4);
  pacs.archive().holds_commits();
  peer.sends_store(ct("1.2.1"), 100);
  ASSERT_TRUE(pacs.archive().waits_for_held(1));
  EXPECT_EQ(peer.echoes(), status::kSuccess);
  pacs.archive().release_commits();
  EXPECT_EQ(peer.receives().command.message_id, 100);
}

TEST_F(ResponderTest, StreamsPendingResponsesBeforeTheFinalOne) {
  Peer peer{pacs};
  peer.associates({context(kFindClass)});
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 3), identifier_bytes("3"));
  for (int i = 0; i < 3; ++i) {
    const Response match = peer.receives();
    EXPECT_EQ(match.command.status, status::kPending);
    const auto data_set = read_data_set(share(match.data_set), explicit_vr_little_endian());
    ASSERT_TRUE(data_set);
    EXPECT_EQ(data_set->text(tags::PatientID), std::to_string(i));
  }
  const Response last = peer.receives();
  EXPECT_EQ(last.command.status, status::kSuccess);
  EXPECT_FALSE(last.command.has_data_set);
}

TEST_F(ResponderTest, CancelEndsTheOperationItNames) {
  Peer peer{pacs};
  peer.associates({context(kFindClass)});
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 3), identifier_bytes("endless"));
  EXPECT_EQ(peer.receives().command.status, status::kPending);
  peer.sends(1, request(CommandField::CCancelRq, {}, 99));  // of nothing: dropped
  EXPECT_EQ(peer.receives().command.status, status::kPending);
  peer.sends(1, request(CommandField::CCancelRq, {}, 3));
  std::uint16_t answered = status::kPending;
  while (answered == status::kPending) answered = *peer.receives().command.status;
  EXPECT_EQ(answered, status::kCancel);
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 4), identifier_bytes("0"));
  EXPECT_EQ(peer.receives().command.status, status::kSuccess);
  peer.releases();
}

TEST_F(ResponderTest, AVanishedPeerEndsAnEndlessOperation) {
  {
    Peer peer{pacs};
    peer.associates({context(kFindClass)});
    peer.sends(1, request(CommandField::CFindRq, kFindClass, 3), identifier_bytes("endless"));
    EXPECT_EQ(peer.receives().command.status, status::kPending);
    peer.aborts();
  }
  pacs.server().shut_down(std::chrono::seconds{10});
  EXPECT_EQ(pacs.server().associations(), 0U);
}

TEST_F(ResponderTest, SubOperationsRunOnTheSameAssociation) {
  Peer peer{pacs};
  peer.wants_roles({{std::string{uids::CTImageStorage}, true, true}});
  peer.associates({context(kGetClass), context(uids::CTImageStorage)});
  peer.sends(1, request(CommandField::CGetRq, kGetClass, 20), identifier_bytes("1"));
  std::vector<std::string> stored;
  Response message = peer.receives();
  for (; message.command.field == CommandField::CStoreRq || message.command.status == 0xFF00;
       message = peer.receives()) {
    if (message.command.field != CommandField::CStoreRq) continue;
    EXPECT_GT(message.data_set.size(), 50'000U);
    stored.push_back(message.command.sop_instance_uid);
    const bool refuse = message.command.sop_instance_uid == "1.2.2";
    peer.sends(3, network::response_to(message.command,
                                       refuse ? status::kOutOfResources : status::kSuccess));
  }
  EXPECT_THAT(stored, ElementsAre("1.2.1", "1.2.2", "1.2.3"));
  EXPECT_EQ(message.command.status, 0xB000);
  EXPECT_EQ(message.command.completed, 2);
  EXPECT_EQ(message.command.failed, 1);
  EXPECT_FALSE(message.command.remaining);
}

TEST_F(ResponderTest, WhoGaveUpTheRoleOfScuIsNotServed) {
  Peer peer{pacs};
  peer.wants_roles({{std::string{uids::CTImageStorage}, false, true}});
  peer.associates({context(kGetClass), context(uids::CTImageStorage)});
  Command store = request(CommandField::CStoreRq, uids::CTImageStorage, 1);
  store.sop_instance_uid = "1.2.3";
  peer.sends(3, store, Bytes(10));
  EXPECT_EQ(peer.receives().command.status, status::kNotAuthorized);
}

TEST_F(ResponderTest, ServicesThatThrowAreAnswered0110) {
  Peer peer{pacs};
  peer.associates({context(kMppsClass)});
  Command command = request(CommandField::NCreateRq, kMppsClass, 1);
  command.sop_instance_uid = "1";
  peer.sends(1, command, identifier_bytes("1"));
  EXPECT_EQ(peer.receives().command.status, status::kProcessingFailure);
}

TEST_F(ResponderTest, ErrorsBecomeStatusCommentAndOffendingElement) {
  Peer peer{pacs};
  peer.associates({context(kMppsClass)});
  Command command = request(CommandField::NCreateRq, kMppsClass, 1);
  command.sop_instance_uid = "2";
  peer.sends(1, command, identifier_bytes("1"));
  const Response response = peer.receives();
  EXPECT_EQ(response.command.status, 0x0106);  // invalid attribute value, PS3.7 §C.5.8
}

TEST_F(ResponderTest, AnswersCarryDataSetsInTheContextsTransferSyntax) {
  Peer peer{pacs};
  peer.associates({context(kMppsClass, {uids::ExplicitVRBigEndian})});
  Command command = request(CommandField::NCreateRq, kMppsClass, 1);
  command.sop_instance_uid = "3";
  const TransferSyntax& big = *find_transfer_syntax(uids::ExplicitVRBigEndian);
  const Bytes sent = *write_data_set(identifier("77"), big);
  peer.sends(1, command, sent);
  const Response response = peer.receives();
  EXPECT_EQ(response.command.status, status::kSuccess);
  EXPECT_EQ(response.command.sop_instance_uid, "1.2.3.4");
  EXPECT_EQ(response.data_set, sent);
}

TEST_F(ResponderTest, AnIdentifierAboveTheLimitIsRefusedAndTheAssociationLives) {
  Peer peer{pacs};
  peer.associates({context(kFindClass)});
  DataSet large = identifier("1");
  large.set_text(tags::PatientComments, std::string(10'000, 'x'));
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 3),
             *write_data_set(large, explicit_vr_little_endian()));
  EXPECT_EQ(network::status_class(*peer.receives().command.status), network::StatusClass::Failure);
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 4), identifier_bytes("0"));
  EXPECT_EQ(peer.receives().command.status, status::kSuccess);
}

TEST_F(ResponderTest, AnIdentifierOfTooManyElementsIsRefusedAndTheAssociationLives) {
  Peer peer{pacs};
  peer.associates({context(kFindClass)});
  DataSet many = identifier("1");
  many.set_items(tags::ReferencedStudySequence, Sequence(50));
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 3),
             *write_data_set(many, explicit_vr_little_endian()));
  EXPECT_EQ(network::status_class(*peer.receives().command.status), network::StatusClass::Failure);
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 4), identifier_bytes("0"));
  EXPECT_EQ(peer.receives().command.status, status::kSuccess);
}

TEST_F(ResponderTest, AnIdentifierThatInflatesAboveTheLimitIsRefused) {
  Peer peer{pacs};
  peer.associates({context(kFindClass, {uids::DeflatedExplicitVRLittleEndian})});
  const TransferSyntax& deflated = *find_transfer_syntax(uids::DeflatedExplicitVRLittleEndian);
  DataSet large = identifier("1");
  large.set_text(tags::PatientComments, std::string(60'000, 'x'));
  const Bytes small = *write_data_set(large, deflated);
  ASSERT_LT(small.size(), 1000U);
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 3), small);
  EXPECT_EQ(peer.receives().command.status, 0xC000);
  peer.sends(1, request(CommandField::CFindRq, kFindClass, 4),
             *write_data_set(identifier("0"), deflated));
  EXPECT_EQ(peer.receives().command.status, status::kSuccess);
}

/// Three of them are above this server's data_sets_bytes_max.
Bytes large_identifier(std::string_view patient_id) {
  DataSet large = identifier(patient_id);
  large.set_text(tags::PatientComments, std::string(2500, 'x'));
  return *write_data_set(large, explicit_vr_little_endian());
}

TEST_F(ResponderTest, WhatAllAssociationsReadWholeHasOneBudget) {
  Peer first{pacs};
  Peer second{pacs};
  Peer third{pacs};
  for (Peer* peer : {&first, &second, &third}) peer->associates({context(kFindClass)});
  for (Peer* peer : {&first, &second}) {
    peer->sends(1, request(CommandField::CFindRq, kFindClass, 3), large_identifier("endless"));
    EXPECT_EQ(peer->receives().command.status, status::kPending);
  }
  const auto asks = [&third] {
    third.sends(1, request(CommandField::CFindRq, kFindClass, 3), large_identifier("0"));
    return third.receives().command;
  };
  const Command refused = asks();
  EXPECT_EQ(refused.status, status::kOutOfResources);
  EXPECT_NE(refused.error_comment.find("data_sets_bytes_max"), std::string::npos);
  third.sends(1, request(CommandField::CFindRq, kFindClass, 3), identifier_bytes("0"));
  EXPECT_EQ(third.receives().command.status, status::kSuccess) << "a small one has its place";
  first.aborts();
  Command answer = asks();
  while (answer.status == status::kOutOfResources) answer = asks();  // until the abort is seen
  EXPECT_EQ(answer.status, status::kSuccess);
  second.aborts();
}

TEST_F(ResponderTest, ShutDownLetsOperationsInFlightEnd) {
  Peer peer{pacs};
  peer.associates({context(uids::CTImageStorage)});
  pacs.archive().holds_commits();
  peer.sends_store(ct("1.2.1"), 1);
  ASSERT_TRUE(pacs.archive().waits_for_held(1));
  auto down =
      std::async(std::launch::async, [&] { pacs.server().shut_down(std::chrono::seconds{10}); });
  pacs.archive().release_commits();
  EXPECT_EQ(peer.receives().command.status, status::kSuccess);
  down.get();
  EXPECT_TRUE(pacs.archive().object("1.2.1"));
}

TEST_F(ResponderTest, ManyAssociationsAtOnceDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Peer peer{pacs};
      peer.associates({context(uids::CTImageStorage)}, 4);
      for (int i = 0; i < 20; ++i) {
        const auto uid = "1.2." + std::to_string(t) + "." + std::to_string(i);
        EXPECT_EQ(peer.stores(ct(uid, 3000)), status::kSuccess);
      }
      peer.releases();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pacs.archive().size(), 160U);
}

}  // namespace
}  // namespace pacs::services
