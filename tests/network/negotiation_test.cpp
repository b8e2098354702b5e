// The acceptor's decision and the requestor's conclusion, without a socket.
#include "network/negotiation.h"

#include "encoding/implementation.h"
#include "network/pdu/pdu_codec.h"

#include <gtest/gtest.h>

namespace pacs::network {
namespace {

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kMr = "1.2.840.10008.5.1.4.1.1.4";
constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr AssociationLimits kOurs;

AssociateRq request() {
  AssociateRq rq;
  rq.called_ae = "ARCHIVE";
  rq.calling_ae = "MODALITY";
  rq.contexts = {{1, kCt, {kImplicit, kExplicit}}, {3, "1.2.3.4", {kImplicit}}};
  rq.user.max_pdu_bytes = 16384;
  rq.user.implementation_class_uid = "1.2.3";
  rq.user.implementation_version_name = "THEIRS";
  return rq;
}

/// Serves CT and MR in Explicit VR LE where it is proposed.
AcceptorPolicy policy() {
  AcceptorPolicy policy;
  policy.ae_title = "ARCHIVE";
  policy.choose = [](const PresentationContextProposal& context) {
    using Choice = AcceptorPolicy::Choice;
    if (context.abstract_syntax != kCt && context.abstract_syntax != kMr) {
      return Choice{false, 0, context_result::kAbstractSyntaxNotSupported};
    }
    for (std::size_t i = 0; i < context.transfer_syntaxes.size(); ++i) {
      if (context.transfer_syntaxes[i] == kExplicit) return Choice{true, i, 0};
    }
    return Choice{false, 0, context_result::kTransferSyntaxesNotSupported};
  };
  return policy;
}

Negotiated accepted(const AssociateRq& rq, const AcceptorPolicy& by = policy()) {
  auto decision = negotiate(rq, by, kOurs);
  Negotiated negotiated{.request = rq};
  if (auto* answer = std::get_if<AssociateAc>(&decision)) {
    EXPECT_TRUE(negotiated.conclude(std::move(*answer)));
  } else {
    ADD_FAILURE() << describe(std::get<AssociateRj>(decision));
  }
  return negotiated;
}

AssociateRj rejected(const AssociateRq& rq, const AcceptorPolicy& by = policy()) {
  const auto decision = negotiate(rq, by, kOurs);
  const auto* rejection = std::get_if<AssociateRj>(&decision);
  if (rejection == nullptr) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  return *rejection;
}

TEST(Negotiation, ChoosesATransferSyntaxForEachContext) {
  AssociateRq rq = request();
  rq.contexts.push_back({5, kMr, {kImplicit}});
  const Negotiated negotiated = accepted(rq);
  const std::vector<PresentationContextAnswer> expected = {
      {1, 0, kExplicit}, {3, 3, kImplicit}, {5, 4, kImplicit}};
  EXPECT_EQ(negotiated.answer.contexts, expected);
  ASSERT_NE(negotiated.accepted(1), nullptr);
  EXPECT_EQ(negotiated.accepted(1)->transfer_syntax, kExplicit);
  EXPECT_EQ(negotiated.accepted(3), nullptr);
  EXPECT_EQ(negotiated.accepted(7), nullptr);
  EXPECT_EQ(negotiated.accepted_for(kCt), negotiated.accepted(1));
  EXPECT_EQ(negotiated.accepted_for(kCt, kExplicit), negotiated.accepted(1));
  EXPECT_EQ(negotiated.accepted_for(kCt, kImplicit), nullptr);
  EXPECT_EQ(negotiated.accepted_for(kMr), nullptr);
  EXPECT_TRUE(negotiated.serves(kCt));
  EXPECT_TRUE(negotiated.serves(kMr));
  EXPECT_FALSE(negotiated.serves("1.2.3.4"));
  EXPECT_FALSE(negotiated.serves("1.2.3.5"));
}

TEST(Negotiation, RepeatsTheTitlesAndSaysWhoWeAre) {
  const Negotiated negotiated = accepted(request());
  EXPECT_EQ(negotiated.answer.called_ae, "ARCHIVE");
  EXPECT_EQ(negotiated.answer.calling_ae, "MODALITY");
  EXPECT_EQ(negotiated.answer.application_context, kDicomApplicationContext);
  EXPECT_EQ(negotiated.answer.user.max_pdu_bytes, kOurs.pdu_bytes_max);
  EXPECT_EQ(negotiated.answer.user.implementation_class_uid, kImplementationClassUid);
  EXPECT_EQ(negotiated.answer.user.implementation_version_name, kImplementationVersionName);
  EXPECT_LE(kImplementationVersionName.size(), 16U);  // PS3.7 §D.3.3.2
  EXPECT_LE(kImplementationClassUid.size(), kUidCharactersMax);
}

TEST(Negotiation, KeepsWhatTheRequestorSaid) {
  const Negotiated negotiated = accepted(request());
  EXPECT_EQ(negotiated.request.calling_ae, "MODALITY");
  EXPECT_EQ(negotiated.request.contexts[0].transfer_syntaxes.size(), 2U);
  EXPECT_EQ(negotiated.peer_max_pdu_bytes(), 16384U);
  EXPECT_EQ(negotiated.peer().implementation_class_uid, "1.2.3");
  EXPECT_EQ(negotiated.peer().implementation_version_name, "THEIRS");
}

TEST(Negotiation, RejectsAnUnknownCalledTitleUnlessAllAreWelcome) {
  AssociateRq rq = request();
  rq.called_ae = "SOMEBODY";
  EXPECT_EQ(rejected(rq), (AssociateRj{1, 1, 7}));
  rq.called_ae = "archive";  // PS3.5 Table 6.2-1: AE titles are case-sensitive
  EXPECT_EQ(rejected(rq), (AssociateRj{1, 1, 7}));
  rq.called_ae = "";
  EXPECT_EQ(rejected(rq), (AssociateRj{1, 1, 7}));
  AcceptorPolicy open = policy();
  open.accept_any_called_ae_title = true;
  rq.called_ae = "SOMEBODY";
  EXPECT_EQ(accepted(rq, open).answer.called_ae, "SOMEBODY");
}

TEST(Negotiation, AnswersToItsOtherTitlesAndRepeatsTheOneThatWasCalled) {
  AcceptorPolicy several = policy();
  several.other_ae_titles = {"ANY-SCP", "OLD PACS"};
  AssociateRq rq = request();
  for (const char* title : {"ARCHIVE", "ANY-SCP", "OLD PACS"}) {
    rq.called_ae = title;
    EXPECT_EQ(accepted(rq, several).answer.called_ae, title);
  }
  for (const char* title : {"SOMEBODY", "ANY-SC", "any-scp", ""}) {
    rq.called_ae = title;
    EXPECT_EQ(rejected(rq, several), (AssociateRj{1, 1, 7})) << title;
  }
}

TEST(Negotiation, RejectsCallingTitlesThatAreNone) {
  for (const char* title : {"A\\B", "A\nB", "\x7f", "\xc3\xa4"}) {
    AssociateRq rq = request();
    rq.calling_ae = title;
    EXPECT_EQ(rejected(rq), (AssociateRj{1, 1, 3})) << title;
  }
  AssociateRq rq = request();
  rq.calling_ae = std::string{"A\0B", 3};
  EXPECT_EQ(rejected(rq), (AssociateRj{1, 1, 3}));
}

TEST(Negotiation, TakesABlankCallingTitleUnlessThePolicyRefusesIt) {
  AssociateRq rq = request();
  rq.calling_ae = "";
  EXPECT_EQ(accepted(rq).answer.calling_ae, "");
  AcceptorPolicy known = policy();
  known.refuse =
      [](const AssociateRq& asked) -> std::optional<std::pair<std::uint8_t, std::uint8_t>> {
    if (asked.calling_ae == "MODALITY") return std::nullopt;
    return std::pair<std::uint8_t, std::uint8_t>{1, 3};
  };
  EXPECT_EQ(rejected(rq, known), (AssociateRj{1, 1, 3}));
}

TEST(Negotiation, RejectsAnotherApplicationContext) {
  AssociateRq rq = request();
  rq.application_context = "1.2.840.10008.3.1.1.2";
  EXPECT_EQ(rejected(rq), (AssociateRj{1, 1, 2}));
}

TEST(Negotiation, RejectsAPeerThatCannotTakeOneByte) {
  AssociateRq rq = request();
  rq.user.max_pdu_bytes = 6;
  EXPECT_EQ(rejected(rq), (AssociateRj{1, 2, 1}));
  rq.user.max_pdu_bytes = 7;
  EXPECT_EQ(accepted(rq).peer_max_pdu_bytes(), 7U);
  rq.user.max_pdu_bytes = 0;
  EXPECT_EQ(accepted(rq).peer_max_pdu_bytes(), 0U);
}

TEST(Negotiation, LetsThePolicyRefuse) {
  AcceptorPolicy strict = policy();
  strict.refuse =
      [](const AssociateRq& asked) -> std::optional<std::pair<std::uint8_t, std::uint8_t>> {
    if (asked.user.user_identity && asked.user.user_identity->primary == "doctor")
      return std::nullopt;
    return std::pair<std::uint8_t, std::uint8_t>{1, 3};
  };
  AssociateRq rq = request();
  EXPECT_EQ(rejected(rq, strict), (AssociateRj{1, 1, 3}));
  rq.user.user_identity = UserIdentity{1, false, "doctor", ""};
  EXPECT_EQ(accepted(rq, strict).request.user.user_identity->primary, "doctor");
}

TEST(Negotiation, WithoutAskingTheWindowIsOne) {
  const Negotiated negotiated = accepted(request());
  EXPECT_FALSE(negotiated.answer.user.operations_window);
  EXPECT_EQ(negotiated.window().invoked, 1);
  EXPECT_EQ(negotiated.window().performed, 1);
}

TEST(Negotiation, TheWindowIsTheSmallerOfBothAndNeverUnlimited) {
  const auto window_for = [](OperationsWindow asked) {
    AssociateRq rq = request();
    rq.user.operations_window = asked;
    const Negotiated negotiated = accepted(rq);
    EXPECT_EQ(negotiated.answer.user.operations_window,
              (OperationsWindow{negotiated.window().invoked, negotiated.window().performed}));
    return *negotiated.answer.user.operations_window;
  };
  EXPECT_EQ(window_for({5, 1}), (OperationsWindow{5, 1}));
  EXPECT_EQ(window_for({500, 3}), (OperationsWindow{16, 3}));
  EXPECT_EQ(window_for({0, 0}), (OperationsWindow{16, 16}));
}

TEST(Negotiation, GrantsRolesThatWereAskedForAndThatThePolicyGives) {
  AssociateRq rq = request();
  rq.contexts = {{1, kCt, {kExplicit}}, {3, kMr, {kExplicit}}, {5, "1.2.3.4", {kExplicit}}};
  rq.user.roles = {
      {kCt, true, true}, {kMr, false, true}, {"1.2.3.4", true, true}, {"1.9", true, true}};
  AcceptorPolicy giving = policy();
  giving.grant_roles = [](const RoleSelection& proposed) {
    return RoleSelection{proposed.sop_class_uid, proposed.sop_class_uid != kCt, true};
  };
  const Negotiated negotiated = accepted(rq, giving);
  const std::vector<RoleSelection> expected = {{kCt, false, true}, {kMr, false, true}};
  EXPECT_EQ(negotiated.answer.user.roles, expected);
  EXPECT_FALSE(negotiated.accepted(1)->scu_role);
  EXPECT_TRUE(negotiated.accepted(1)->scp_role);
  EXPECT_FALSE(negotiated.accepted(3)->scu_role);
}

TEST(Negotiation, ARoleAskedForThousandsOfTimesIsAnsweredOnce) {
  AssociateRq rq = request();
  rq.user.roles.assign(2'620, {kCt, true, true});
  const Negotiated answer = accepted(rq);
  EXPECT_EQ(answer.answer.user.roles.size(), 1U);
  EXPECT_FALSE(encode_pdu(Pdu{answer.answer}).empty());
}

TEST(Negotiation, WithoutRoleSelectionTheRequestorIsScu) {
  const Negotiated negotiated = accepted(request());
  EXPECT_TRUE(negotiated.answer.user.roles.empty());
  EXPECT_TRUE(negotiated.accepted(1)->scu_role);
  EXPECT_FALSE(negotiated.accepted(1)->scp_role);
}

TEST(Negotiation, APolicyWithoutRolesGrantsTheScuRoleOnly) {
  AssociateRq rq = request();
  rq.user.roles = {{kCt, true, true}};
  EXPECT_EQ(accepted(rq).answer.user.roles, (std::vector<RoleSelection>{{kCt, true, false}}));
}

TEST(Negotiation, AnswersExtendedNegotiationAsThePolicySays) {
  AssociateRq rq = request();
  rq.user.extended = {{kCt, Bytes(3, std::byte{1})}, {kMr, Bytes(1, std::byte{1})}};
  EXPECT_TRUE(accepted(rq).answer.user.extended.empty());
  AcceptorPolicy answering = policy();
  answering.answer_extended = [](const ExtendedNegotiation& asked) -> std::optional<Bytes> {
    if (asked.sop_class_uid != kCt) return std::nullopt;
    return Bytes(asked.information.size(), std::byte{0});
  };
  const Negotiated negotiated = accepted(rq, answering);
  const std::vector<ExtendedNegotiation> expected = {{kCt, Bytes(3, std::byte{0})}};
  EXPECT_EQ(negotiated.answer.user.extended, expected);
}

TEST(Negotiation, KeepsCommonExtendedNegotiationWhichHasNoAnswer) {
  AssociateRq rq = request();
  rq.user.common_extended = {{"1.2.3.4", "1.2.840.10008.4.2", {kCt}}};
  const Negotiated negotiated = accepted(rq);
  EXPECT_EQ(negotiated.request.user.common_extended, rq.user.common_extended);
  EXPECT_TRUE(negotiated.answer.user.common_extended.empty());
}

TEST(Negotiation, AUserIdentityThatNobodyVerifiesHasNoPositiveResponse) {
  AssociateRq rq = request();
  for (std::uint8_t type = 1; type <= 5; ++type) {
    for (const bool asked : {false, true}) {
      rq.user.user_identity = UserIdentity{type, asked, "doctor", "secret"};
      EXPECT_FALSE(accepted(rq).answer.user.user_identity_response) << int{type};
    }
  }
}

TEST(Negotiation, APolicyThatChoosesBeyondTheProposalRefuses) {
  AcceptorPolicy wild = policy();
  wild.choose = [](const PresentationContextProposal&) {
    return AcceptorPolicy::Choice{true, 99, 0};
  };
  EXPECT_EQ(accepted(request(), wild).answer.contexts[0].result, 4);
}

TEST(Negotiation, WithoutAChoiceEveryContextIsRefused) {
  AcceptorPolicy none;
  none.ae_title = "ARCHIVE";
  const Negotiated negotiated = accepted(request(), none);
  for (const auto& context : negotiated.answer.contexts) EXPECT_EQ(context.result, 3);
}

TEST(Negotiation, Takes128Contexts) {
  AssociateRq rq = request();
  rq.contexts.clear();
  for (unsigned id = 1; id < 256; id += 2) {
    rq.contexts.push_back({static_cast<std::uint8_t>(id), kCt, {kExplicit}});
  }
  EXPECT_EQ(accepted(rq).answer.contexts.size(), kPresentationContextsMax);
}

AssociateRq asked() {
  AssociateRq request;
  request.calling_ae = "US";
  request.called_ae = "THEM";
  request.contexts = {{1, kCt, {kExplicit, kImplicit}}, {3, kMr, {kImplicit}}};
  return request;
}

TEST(Negotiation, MakesARequest) {
  AssociateRq request = asked();
  request.contexts.push_back({0, "1.2.840.10008.1.1", {kImplicit}});
  request.user.roles = {{kMr, false, true}};
  request.user.operations_window = {8, 1};
  const auto rq = make_request(request, kOurs);
  ASSERT_TRUE(rq) << rq.error().to_string();
  EXPECT_EQ(rq->called_ae, "THEM");
  EXPECT_EQ(rq->contexts[0], (PresentationContextProposal{1, kCt, {kExplicit, kImplicit}}));
  EXPECT_EQ(rq->contexts[2].id, 5);
  EXPECT_EQ(rq->user.max_pdu_bytes, kOurs.pdu_bytes_max);
  EXPECT_EQ(rq->user.roles, (std::vector<RoleSelection>{{kMr, false, true}}));
  EXPECT_EQ(rq->user.operations_window, (OperationsWindow{8, 1}));
  EXPECT_EQ(rq->user.implementation_class_uid, kImplementationClassUid);
}

TEST(Negotiation, DoesNotMakeRequestsThatNobodyCouldRead) {
  const auto refused = [](auto change) {
    AssociateRq request = asked();
    change(request);
    const auto rq = make_request(request, kOurs);
    return !rq && rq.error().kind == ErrorKind::InvalidArgument;
  };
  EXPECT_TRUE(refused([](auto& r) { r.calling_ae = ""; }));
  EXPECT_TRUE(refused([](auto& r) { r.called_ae = "SEVENTEEN_LETTERS"; }));
  EXPECT_TRUE(refused([](auto& r) { r.contexts.clear(); }));
  EXPECT_TRUE(refused([](auto& r) { r.contexts.resize(129); }));
  EXPECT_TRUE(refused([](auto& r) { r.contexts[1].id = 1; }));
  EXPECT_TRUE(refused([](auto& r) { r.contexts[1].id = 2; }));
  EXPECT_TRUE(refused([](auto& r) { r.contexts[1].transfer_syntaxes.clear(); }));
}

AssociateAc answer() {
  AssociateAc ac;
  ac.contexts = {{1, 0, kImplicit}, {3, 3, ""}};
  ac.user.max_pdu_bytes = 4096;
  return ac;
}

Result<Negotiated> conclude(const AssociateRq& rq, const AssociateAc& ac) {
  Negotiated negotiated{.side = Side::Requestor, .request = rq};
  PACS_TRY(negotiated.conclude(ac));
  return negotiated;
}

TEST(Negotiation, ConcludesFromTheAnswer) {
  const auto negotiated = conclude(asked(), answer());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->accepted_for(kCt)->transfer_syntax, kImplicit);
  EXPECT_EQ(negotiated->accepted_for(kMr), nullptr);
  EXPECT_EQ(negotiated->peer_max_pdu_bytes(), 4096U);
  EXPECT_EQ(negotiated->window().invoked, 1);
}

TEST(Negotiation, AContextWithoutAnAnswerIsNotAccepted) {
  AssociateAc ac = answer();
  ac.contexts.erase(ac.contexts.begin());
  EXPECT_EQ(conclude(asked(), ac)->accepted_for(kCt), nullptr);
}

TEST(Negotiation, AnAnswerWithATransferSyntaxThatWasNotProposedIsMalformed) {
  AssociateAc ac = answer();
  ac.contexts[0].transfer_syntax = "1.2.840.10008.1.2.2";
  EXPECT_EQ(conclude(asked(), ac).error().kind, ErrorKind::Malformed);
}

TEST(Negotiation, AWindowAndRolesNotAskedForAreNotTaken) {
  AssociateAc ac = answer();
  ac.user.operations_window = OperationsWindow{9, 9};
  ac.user.roles = {{kCt, true, true}};
  const auto negotiated = conclude(asked(), ac);
  EXPECT_EQ(negotiated->window().invoked, 1);
  EXPECT_FALSE(negotiated->accepted_for(kCt)->scp_role);
  AssociateRq wider = asked();
  wider.user.operations_window = {8, 1};
  wider.user.roles = {{kCt, true, true}};
  EXPECT_EQ(conclude(wider, ac)->window().invoked, 9);
  EXPECT_TRUE(conclude(wider, ac)->accepted_for(kCt)->scp_role);
}

TEST(Negotiation, APeerThatTakesNoDataIsUnsupported) {
  AssociateAc ac = answer();
  ac.user.max_pdu_bytes = 3;
  EXPECT_EQ(conclude(asked(), ac).error().kind, ErrorKind::Unsupported);
}

}  // namespace
}  // namespace pacs::network
