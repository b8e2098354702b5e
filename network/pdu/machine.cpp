// The actions of PS3.8 Tables 9-6 to 9-9.
#include "network/pdu/machine.h"

#include <utility>

#include <fmt/format.h>

namespace pacs::network {
namespace {

// PS3.8 §9.3.2: "Bit 0 is set to 1 for this version; a receiver shall only test this bit".
bool speaks_version_1(const AssociateRq& request) {
  return (request.protocol_version & 1U) != 0;
}

// PS3.8 Table 9-21: permanent, service provider (ACSE), protocol version not supported.
constexpr AssociateRj kVersionNotSupported{1, 2, 2};

AbortIndication peer_abort(const Abort& abort) {
  return {AbortIndication::Cause::Peer, abort,
          Error{ErrorKind::ConnectionClosed, "the association was aborted " + describe(abort)}};
}

AbortIndication transport_lost() {
  return {AbortIndication::Cause::TransportLost,
          {},
          Error{ErrorKind::ConnectionClosed,
                "the peer closed the connection without a release or an abort"}};
}

}  // namespace

Event event_of(const Pdu& pdu) {
  static constexpr Event kEventOfAlternative[] = {
      Event::AssociateRqPdu, Event::AssociateAcPdu, Event::AssociateRjPdu, Event::DataTfPdu,
      Event::ReleaseRqPdu,   Event::ReleaseRpPdu,   Event::AbortPdu};
  static_assert(std::size(kEventOfAlternative) == std::variant_size_v<Pdu>);
  return kEventOfAlternative[pdu.index()];
}

Fed UpperLayer::feed(ByteView front) {
  if (framing_lost_ || state_ == State::Sta1) return {front.size(), 0, {}};
  DecodeResult decoded = decode_pdu(front, limits_);
  if (const auto* more = std::get_if<NeedMore>(&decoded)) return {0, more->total_bytes, {}};
  if (auto* fault = std::get_if<PduFault>(&decoded)) {
    framing_lost_ = true;
    return {front.size(), 0, reject(std::move(*fault))};
  }
  auto& [pdu, length] = std::get<DecodedPdu>(decoded);
  const Event event = event_of(pdu);
  return {length, 0, act(event, std::move(pdu))};
}

Effects UpperLayer::associate_request(AssociateRq request) {
  if (!allowed(Event::AssociateRequest)) return {};
  request_ = std::move(request);
  return act(Event::AssociateRequest);
}

Effects UpperLayer::reject(PduFault fault) {
  fault_ = std::move(fault);
  return act(Event::InvalidPdu);
}

Effects UpperLayer::act(Event event, std::optional<Pdu> pdu) {
  const Transition taken = transition(state_, event);
  if (taken.action == Action::None) return {};
  state_ = taken.next;
  return perform(taken, event, std::move(pdu));
}

AbortIndication UpperLayer::protocol_abort(Event event) {
  if (event == Event::InvalidPdu && fault_) {
    return {AbortIndication::Cause::Protocol,
            {AbortSource::ServiceProvider, fault_->reason},
            std::move(fault_->error)};
  }
  return {
      AbortIndication::Cause::Protocol,
      {AbortSource::ServiceProvider, AbortReason::UnexpectedPdu},
      Error{ErrorKind::Malformed,
            fmt::format("a PDU came that is not allowed in this state ({})", to_string(event))}};
}

Effects UpperLayer::perform(Transition taken, Event event, std::optional<Pdu> pdu) {
  Effects effects;
  switch (taken.action) {
    case Action::None:
      break;

    // PS3.8 Table 9-6: association establishment.
    case Action::AE1:
      effects.push_back(ConnectTransport{});
      break;
    case Action::AE2:
      effects.push_back(SendPdu{Pdu{*std::exchange(request_, std::nullopt)}});
      break;
    case Action::AE3:
      effects.push_back(AssociateConfirmation{std::get<AssociateAc>(*std::move(pdu))});
      break;
    case Action::AE4:
      effects.push_back(AssociateConfirmation{std::get<AssociateRj>(*pdu)});
      effects.push_back(CloseTransport{});
      break;
    case Action::AE5:
      effects.push_back(StartArtim{});
      break;
    case Action::AE6: {
      auto& request = std::get<AssociateRq>(*pdu);
      effects.push_back(StopArtim{});
      if (speaks_version_1(request)) {
        effects.push_back(AssociateIndication{std::move(request)});
      } else {
        state_ = taken.otherwise;
        effects.push_back(SendPdu{Pdu{kVersionNotSupported}});
        effects.push_back(StartArtim{});
      }
      break;
    }
    case Action::AE7:
      effects.push_back(SendPdu{*std::move(pdu)});
      break;
    case Action::AE8:
      effects.push_back(SendPdu{*std::move(pdu)});
      effects.push_back(StartArtim{});
      break;

    // PS3.8 Table 9-7: data transfer.
    case Action::DT1:
    case Action::AR7:
      effects.push_back(SendData{});
      break;
    case Action::DT2:
    case Action::AR6:
      effects.push_back(DataIndication{std::get<DataTf>(*pdu).values});
      break;

    // PS3.8 Table 9-8: release.
    case Action::AR1:
      effects.push_back(SendPdu{Pdu{ReleaseRq{}}});
      break;
    case Action::AR2:
      effects.push_back(ReleaseIndication{});
      break;
    case Action::AR3:
      effects.push_back(ReleaseConfirmation{});
      effects.push_back(CloseTransport{});
      break;
    case Action::AR4:
      effects.push_back(SendPdu{Pdu{ReleaseRp{}}});
      effects.push_back(StartArtim{});
      break;
    case Action::AR5:
      effects.push_back(StopArtim{});
      break;
    case Action::AR8:
      if (side_ == Side::Acceptor) state_ = taken.otherwise;
      effects.push_back(ReleaseIndication{true});
      break;
    case Action::AR9:
      effects.push_back(SendPdu{Pdu{ReleaseRp{}}});
      break;
    case Action::AR10:
      effects.push_back(ReleaseConfirmation{});
      break;

    // PS3.8 Table 9-9: abort.
    case Action::AA1:
      effects.push_back(SendPdu{Pdu{Abort{AbortSource::ServiceUser, AbortReason::NotSpecified}}});
      effects.push_back(StartArtim{});
      // Sta2 has no user to tell; the owner still learns why there will be no association.
      if (event != Event::AbortRequest) effects.push_back(protocol_abort(event));
      break;
    case Action::AA2:
      effects.push_back(StopArtim{});
      effects.push_back(CloseTransport{});
      break;
    case Action::AA3:
      effects.push_back(peer_abort(std::get<Abort>(*pdu)));
      effects.push_back(CloseTransport{});
      break;
    case Action::AA4:
      effects.push_back(transport_lost());
      break;
    case Action::AA5:
      effects.push_back(StopArtim{});
      break;
    case Action::AA6:
      break;
    case Action::AA7:
      effects.push_back(SendPdu{Pdu{protocol_abort(event).abort}});
      break;
    case Action::AA8: {
      AbortIndication indication = protocol_abort(event);
      effects.push_back(SendPdu{Pdu{indication.abort}});
      effects.push_back(std::move(indication));
      effects.push_back(StartArtim{});
      break;
    }
  }
  return effects;
}

}  // namespace pacs::network
