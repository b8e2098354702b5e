// UpperLayer: the state machine of PS3.8 §9.2. Bytes and primitives in, effects out; it owns no
// socket, clock or thread.
#pragma once

#include <optional>
#include <variant>

#include <boost/container/static_vector.hpp>

#include "core/bytes.h"
#include "core/result.h"
#include "network/pdu/pdu.h"
#include "network/pdu/pdu_codec.h"
#include "network/pdu/state_table.h"

namespace pacs::network {

// What the owner of the machine must do, in the order given.
struct ConnectTransport {};  ///< AE-1
struct CloseTransport {};
struct StartArtim {};  ///< start, or start again
struct StopArtim {};
struct SendPdu {
  Pdu pdu;
};
struct SendData {};  ///< DT-1, AR-7: the P-DATA-TF PDUs of the request may go out now

// What the owner's user is told: the indication and confirmation primitives of PS3.8 §7.
struct AssociateIndication {
  AssociateRq request;
};
struct AssociateConfirmation {
  std::variant<AssociateAc, AssociateRj> answer;
};
struct DataIndication {
  PdvList values;  ///< views the bytes that were received
};
struct ReleaseIndication {
  bool collision = false;
};
struct ReleaseConfirmation {};
/// A-ABORT or A-P-ABORT indication.
struct AbortIndication {
  enum class Cause : std::uint8_t {
    Peer,           ///< an A-ABORT came: `abort` says from whom
    Protocol,       ///< the peer broke the protocol and we sent `abort`
    TransportLost,  ///< the connection was closed without an A-RELEASE or A-ABORT
  };
  Cause cause = Cause::Peer;
  Abort abort{};
  Error error{};  ///< in words
};

using Effect = std::variant<ConnectTransport, CloseTransport, StartArtim, StopArtim, SendPdu,
                            SendData, AssociateIndication, AssociateConfirmation, DataIndication,
                            ReleaseIndication, ReleaseConfirmation, AbortIndication>;
using Effects = boost::container::static_vector<Effect, 4>;

/// The result of one `feed`.
struct Fed {
  std::size_t consumed_bytes =
      0;                         ///< to be dropped from the front once the effects are carried out
  std::size_t needed_bytes = 0;  ///< when nothing was consumed: how many bytes the front must hold
  Effects effects;
};

class UpperLayer {
 public:
  UpperLayer(Side side, PduLimits limits) : side_(side), limits_(limits) {}

  [[nodiscard]] State state() const { return state_; }

  /// Takes at most one PDU from the front of what was received. After an invalid PDU the start of
  /// the next one is unknown: all that follows is consumed and ignored.
  [[nodiscard]] Fed feed(ByteView front);

  // The primitives. One for which Table 9-10 has no cell gives no effects and leaves the state as
  // it is; `allowed` tells beforehand.
  [[nodiscard]] bool allowed(Event event) const {
    return transition(state_, event).action != Action::None;
  }
  Effects associate_request(AssociateRq request);
  Effects transport_confirmed() { return act(Event::TransportConfirmed); }
  Effects transport_indicated() { return act(Event::TransportIndicated); }
  Effects associate_accept(AssociateAc answer) {
    return act(Event::AssociateResponseAccept, Pdu{std::move(answer)});
  }
  Effects associate_reject(AssociateRj answer) {
    return act(Event::AssociateResponseReject, Pdu{answer});
  }
  /// P-DATA request: SendData among the effects says that the data may be sent.
  Effects data_request() { return act(Event::DataRequest); }
  Effects release_request() { return act(Event::ReleaseRequest); }
  Effects release_response() { return act(Event::ReleaseResponse); }
  Effects abort_request() { return act(Event::AbortRequest); }
  /// The user of the machine found P-DATA invalid that the PDU decoder could not judge (contexts,
  /// order of fragments): counts as Evt19.
  Effects invalid_data(PduFault fault) { return reject(std::move(fault)); }
  Effects transport_closed() { return act(Event::TransportClosed); }
  Effects artim_expired() { return act(Event::ArtimExpired); }

 private:
  Effects act(Event event, std::optional<Pdu> pdu = std::nullopt);
  Effects reject(PduFault fault);
  Effects perform(Transition taken, Event event, std::optional<Pdu> pdu);
  AbortIndication protocol_abort(Event event);

  Side side_;
  PduLimits limits_;
  State state_ = State::Sta1;
  bool framing_lost_ = false;
  std::optional<AssociateRq> request_;  ///< AE-1 keeps it for AE-2
  std::optional<PduFault> fault_;       ///< why the PDU of Evt19 was invalid
};

/// The event of a PDU's arrival.
[[nodiscard]] Event event_of(const Pdu& pdu);

}  // namespace pacs::network
