// The machine: brought into each of the 13 states, given each of the 19 events, and what it says to
// do compared with PS3.8 Tables 9-6 to 9-9.
#include "network/pdu/machine.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "../hex.h"

namespace pacs::network {
namespace {

constexpr PduLimits kLimits{16384, 65536};

AssociateRq request() {
  AssociateRq rq;
  rq.called_ae = "CALLED";
  rq.calling_ae = "CALLING";
  rq.contexts = {{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}};
  return rq;
}
AssociateAc answer() {
  AssociateAc ac;
  ac.called_ae = "CALLED";
  ac.calling_ae = "CALLING";
  ac.contexts = {{1, 0, "1.2.840.10008.1.2"}};
  return ac;
}

const Bytes kData = hex("0400 00000006 00000002 01 00");

Bytes pdu_bytes(Event event) {
  switch (event) {
    case Event::AssociateAcPdu:
      return encode_pdu(Pdu{answer()});
    case Event::AssociateRjPdu:
      return encode_pdu(Pdu{AssociateRj{1, 1, 1}});
    case Event::AssociateRqPdu:
      return encode_pdu(Pdu{request()});
    case Event::DataTfPdu:
      return kData;
    case Event::ReleaseRqPdu:
      return encode_pdu(Pdu{ReleaseRq{}});
    case Event::ReleaseRpPdu:
      return encode_pdu(Pdu{ReleaseRp{}});
    case Event::AbortPdu:
      return encode_pdu(Pdu{Abort{}});
    case Event::InvalidPdu:
      return hex("99");
    default:
      return {};
  }
}

Effects give(UpperLayer& machine, Event event) {
  switch (event) {
    case Event::AssociateRequest:
      return machine.associate_request(request());
    case Event::TransportConfirmed:
      return machine.transport_confirmed();
    case Event::TransportIndicated:
      return machine.transport_indicated();
    case Event::AssociateResponseAccept:
      return machine.associate_accept(answer());
    case Event::AssociateResponseReject:
      return machine.associate_reject({1, 1, 7});
    case Event::DataRequest:
      return machine.data_request();
    case Event::ReleaseRequest:
      return machine.release_request();
    case Event::ReleaseResponse:
      return machine.release_response();
    case Event::AbortRequest:
      return machine.abort_request();
    case Event::TransportClosed:
      return machine.transport_closed();
    case Event::ArtimExpired:
      return machine.artim_expired();
    default:
      break;
  }
  const Bytes bytes = pdu_bytes(event);
  Fed fed = machine.feed(bytes);
  EXPECT_EQ(fed.consumed_bytes, bytes.size());
  return std::move(fed.effects);
}

/// The shortest way into a state.
UpperLayer machine_in(State state) {
  using enum Event;
  static const std::map<State, std::pair<Side, std::vector<Event>>> kWays = {
      {State::Sta1, {Side::Acceptor, {}}},
      {State::Sta2, {Side::Acceptor, {TransportIndicated}}},
      {State::Sta3, {Side::Acceptor, {TransportIndicated, AssociateRqPdu}}},
      {State::Sta4, {Side::Requestor, {AssociateRequest}}},
      {State::Sta5, {Side::Requestor, {AssociateRequest, TransportConfirmed}}},
      {State::Sta6, {Side::Requestor, {AssociateRequest, TransportConfirmed, AssociateAcPdu}}},
      {State::Sta7,
       {Side::Requestor, {AssociateRequest, TransportConfirmed, AssociateAcPdu, ReleaseRequest}}},
      {State::Sta8,
       {Side::Acceptor,
        {TransportIndicated, AssociateRqPdu, AssociateResponseAccept, ReleaseRqPdu}}},
      {State::Sta9,
       {Side::Requestor,
        {AssociateRequest, TransportConfirmed, AssociateAcPdu, ReleaseRequest, ReleaseRqPdu}}},
      {State::Sta10,
       {Side::Acceptor,
        {TransportIndicated, AssociateRqPdu, AssociateResponseAccept, ReleaseRequest,
         ReleaseRqPdu}}},
      {State::Sta11,
       {Side::Requestor,
        {AssociateRequest, TransportConfirmed, AssociateAcPdu, ReleaseRequest, ReleaseRqPdu,
         ReleaseResponse}}},
      {State::Sta12,
       {Side::Acceptor,
        {TransportIndicated, AssociateRqPdu, AssociateResponseAccept, ReleaseRequest, ReleaseRqPdu,
         ReleaseRpPdu}}},
      {State::Sta13,
       {Side::Acceptor, {TransportIndicated, AssociateRqPdu, AssociateResponseReject}}},
  };
  const auto& [side, events] = kWays.at(state);
  UpperLayer machine(side, kLimits);
  for (const Event event : events) give(machine, event);
  EXPECT_EQ(machine.state(), state);
  return machine;
}

/// Effects in short: "send:Abort(2,2) indicate:Protocol artim".
std::string in_words(const Effects& effects) {
  struct Name {
    std::string operator()(const ConnectTransport&) const { return "connect"; }
    std::string operator()(const CloseTransport&) const { return "close"; }
    std::string operator()(const StartArtim&) const { return "artim"; }
    std::string operator()(const StopArtim&) const { return "no-artim"; }
    std::string operator()(const SendData&) const { return "data"; }
    std::string operator()(const SendPdu& send) const {
      static constexpr const char* kNames[] = {"RQ",   "AC",         "RJ",
                                               "DATA", "RELEASE-RQ", "RELEASE-RP"};
      if (const auto* abort = std::get_if<Abort>(&send.pdu)) {
        return "send:ABORT(" + std::to_string(static_cast<int>(abort->source)) + "," +
               std::to_string(static_cast<int>(abort->reason)) + ")";
      }
      return std::string{"send:"} + kNames[send.pdu.index()];
    }
    std::string operator()(const AssociateIndication&) const { return "indicate:associate"; }
    std::string operator()(const AssociateConfirmation& c) const {
      return c.answer.index() == 0 ? "confirm:accept" : "confirm:reject";
    }
    std::string operator()(const DataIndication&) const { return "indicate:data"; }
    std::string operator()(const ReleaseIndication& r) const {
      return r.collision ? "indicate:collision" : "indicate:release";
    }
    std::string operator()(const ReleaseConfirmation&) const { return "confirm:release"; }
    std::string operator()(const AbortIndication& a) const {
      static constexpr const char* kCauses[] = {"peer", "protocol", "lost"};
      return std::string{"indicate:abort-"} + kCauses[static_cast<int>(a.cause)];
    }
  };
  std::string words;
  for (const Effect& effect : effects) {
    if (!words.empty()) words += ' ';
    words += std::visit(Name{}, effect);
  }
  return words;
}

/// What the actions of PS3.8 Tables 9-6 to 9-9 do.
std::string expected_effects(Action action, Event event) {
  const std::string reason = event == Event::InvalidPdu ? "1" : "2";  // unrecognized, unexpected
  switch (action) {
    case Action::None:
      return "";
    case Action::AE1:
      return "connect";
    case Action::AE2:
      return "send:RQ";
    case Action::AE3:
      return "confirm:accept";
    case Action::AE4:
      return "confirm:reject close";
    case Action::AE5:
      return "artim";
    case Action::AE6:
      return "no-artim indicate:associate";
    case Action::AE7:
      return "send:AC";
    case Action::AE8:
      return "send:RJ artim";
    case Action::DT1:
    case Action::AR7:
      return "data";
    case Action::DT2:
    case Action::AR6:
      return "indicate:data";
    case Action::AR1:
      return "send:RELEASE-RQ";
    case Action::AR2:
      return "indicate:release";
    case Action::AR3:
      return "confirm:release close";
    case Action::AR4:
      return "send:RELEASE-RP artim";
    case Action::AR5:
      return "no-artim";
    case Action::AR8:
      return "indicate:collision";
    case Action::AR9:
      return "send:RELEASE-RP";
    case Action::AR10:
      return "confirm:release";
    case Action::AA1:
      return event == Event::AbortRequest ? "send:ABORT(0,0) artim"
                                          : "send:ABORT(0,0) artim indicate:abort-protocol";
    case Action::AA2:
      return "no-artim close";
    case Action::AA3:
      return "indicate:abort-peer close";
    case Action::AA4:
      return "indicate:abort-lost";
    case Action::AA5:
      return "no-artim";
    case Action::AA6:
      return "";
    case Action::AA7:
      return "send:ABORT(2," + reason + ")";
    case Action::AA8:
      return "send:ABORT(2," + reason + ") indicate:abort-protocol artim";
  }
  return "?";
}

TEST(UpperLayer, DoesInEveryCellWhatTheActionSays) {
  for (std::size_t s = 0; s < kStates; ++s) {
    for (std::size_t e = 0; e < kEvents; ++e) {
      const auto state = static_cast<State>(s);
      const auto event = static_cast<Event>(e);
      UpperLayer machine = machine_in(state);
      const Transition taken = transition(state, event);
      EXPECT_EQ(machine.allowed(event), taken.action != Action::None);
      const Effects effects = give(machine, event);
      // Sta1 has no connection: bytes cannot come, and are swallowed.
      EXPECT_EQ(in_words(effects), expected_effects(taken.action, event))
          << to_string(state) << ' ' << to_string(event);
      const bool acceptor = state == State::Sta10;
      const State next = taken.action == Action::AR8 && acceptor ? taken.otherwise : taken.next;
      EXPECT_EQ(machine.state(), next) << to_string(state) << ' ' << to_string(event);
    }
  }
}

TEST(UpperLayer, ARequestOfAnotherProtocolVersionIsRejectedByTheProvider) {
  UpperLayer machine = machine_in(State::Sta2);
  AssociateRq rq = request();
  rq.protocol_version = 2;
  const Fed fed = machine.feed(encode_pdu(Pdu{rq}));
  EXPECT_EQ(in_words(fed.effects), "no-artim send:RJ artim");
  EXPECT_EQ(std::get<AssociateRj>(std::get<SendPdu>(fed.effects[1]).pdu), (AssociateRj{1, 2, 2}));
  EXPECT_EQ(machine.state(), State::Sta13);
}

TEST(UpperLayer, OnlyBitZeroOfTheProtocolVersionIsTested) {
  UpperLayer machine = machine_in(State::Sta2);
  AssociateRq rq = request();
  rq.protocol_version = 0x0103;
  const Fed fed = machine.feed(encode_pdu(Pdu{rq}));
  EXPECT_EQ(machine.state(), State::Sta3);
  EXPECT_FALSE(fed.effects.empty());
}

TEST(UpperLayer, InReleaseCollisionTheSidesAnswerInTurn) {
  UpperLayer requestor = machine_in(State::Sta9);
  EXPECT_EQ(in_words(requestor.release_response()), "send:RELEASE-RP");
  EXPECT_EQ(in_words(requestor.feed(pdu_bytes(Event::ReleaseRpPdu)).effects),
            "confirm:release close");
  UpperLayer acceptor = machine_in(State::Sta10);
  EXPECT_EQ(in_words(acceptor.feed(pdu_bytes(Event::ReleaseRpPdu)).effects), "confirm:release");
  EXPECT_EQ(in_words(acceptor.release_response()), "send:RELEASE-RP artim");
}

TEST(UpperLayer, TakesOnePduAtATimeAndSaysHowMuchItNeeds) {
  UpperLayer machine = machine_in(State::Sta6);
  Bytes bytes = kData;
  append(bytes, kData);
  for (std::size_t count = 0; count < kData.size(); ++count) {
    const Fed fed = machine.feed(ByteView{bytes}.first(count));
    EXPECT_EQ(fed.consumed_bytes, 0U);
    EXPECT_EQ(fed.needed_bytes, count < 6 ? 6 : kData.size());
    EXPECT_TRUE(fed.effects.empty());
  }
  const Fed fed = machine.feed(bytes);
  EXPECT_EQ(fed.consumed_bytes, kData.size());
  EXPECT_EQ(in_words(fed.effects), "indicate:data");
}

TEST(UpperLayer, SwallowsWhatFollowsAnInvalidPdu) {
  UpperLayer machine = machine_in(State::Sta6);
  EXPECT_EQ(in_words(machine.feed(hex("99 00")).effects),
            "send:ABORT(2,1) indicate:abort-protocol artim");
  const Bytes rest = encode_pdu(Pdu{request()});
  const Fed fed = machine.feed(rest);
  EXPECT_EQ(fed.consumed_bytes, rest.size());
  EXPECT_TRUE(fed.effects.empty());
  EXPECT_EQ(in_words(machine.artim_expired()), "no-artim close");
}

TEST(UpperLayer, AbortsWithTheReasonOfWhoeverFoundTheDataInvalid) {
  UpperLayer machine = machine_in(State::Sta6);
  const Effects effects =
      machine.invalid_data({Error{ErrorKind::Malformed, "context 9 was not accepted"},
                            AbortReason::InvalidPduParameterValue});
  EXPECT_EQ(in_words(effects), "send:ABORT(2,6) indicate:abort-protocol artim");
  EXPECT_EQ(std::get<AbortIndication>(effects[1]).error.message, "context 9 was not accepted");
}

}  // namespace
}  // namespace pacs::network
