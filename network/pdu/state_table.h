// PS3.8 Table 9-10, the state transition table of the upper layer protocol: 19 events, 13 states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pacs::network {

/// States in the order of PS3.8 Tables 9-1 to 9-5.
enum class State : std::uint8_t {
  Sta1,   ///< idle
  Sta2,   ///< transport connection open, awaiting A-ASSOCIATE-RQ
  Sta3,   ///< awaiting the local user's A-ASSOCIATE response
  Sta4,   ///< awaiting transport connection opening to complete
  Sta5,   ///< awaiting A-ASSOCIATE-AC or A-ASSOCIATE-RJ
  Sta6,   ///< association established, ready for data transfer
  Sta7,   ///< awaiting A-RELEASE-RP
  Sta8,   ///< awaiting the local user's A-RELEASE response
  Sta9,   ///< release collision, requestor side: awaiting the local user's A-RELEASE response
  Sta10,  ///< release collision, acceptor side: awaiting A-RELEASE-RP
  Sta11,  ///< release collision, requestor side: awaiting A-RELEASE-RP
  Sta12,  ///< release collision, acceptor side: awaiting the local user's A-RELEASE response
  Sta13,  ///< awaiting transport connection close
};
inline constexpr std::size_t kStates = 13;

/// Events in the order of PS3.8 Table 9-10.
enum class Event : std::uint8_t {
  AssociateRequest,         ///< Evt1, local user
  TransportConfirmed,       ///< Evt2
  AssociateAcPdu,           ///< Evt3
  AssociateRjPdu,           ///< Evt4
  TransportIndicated,       ///< Evt5
  AssociateRqPdu,           ///< Evt6
  AssociateResponseAccept,  ///< Evt7, local user
  AssociateResponseReject,  ///< Evt8, local user
  DataRequest,              ///< Evt9, local user
  DataTfPdu,                ///< Evt10
  ReleaseRequest,           ///< Evt11, local user
  ReleaseRqPdu,             ///< Evt12
  ReleaseRpPdu,             ///< Evt13
  ReleaseResponse,          ///< Evt14, local user
  AbortRequest,             ///< Evt15, local user
  AbortPdu,                 ///< Evt16
  TransportClosed,          ///< Evt17
  ArtimExpired,             ///< Evt18
  InvalidPdu,               ///< Evt19, unrecognized or invalid
};
inline constexpr std::size_t kEvents = 19;

/// Actions in the order of PS3.8 Tables 9-6 to 9-9. None: the cell is empty, the event cannot
/// happen in that state unless our own code is wrong.
enum class Action : std::uint8_t {
  None,
  AE1,
  AE2,
  AE3,
  AE4,
  AE5,
  AE6,
  AE7,
  AE8,
  DT1,
  DT2,
  AR1,
  AR2,
  AR3,
  AR4,
  AR5,
  AR6,
  AR7,
  AR8,
  AR9,
  AR10,
  AA1,
  AA2,
  AA3,
  AA4,
  AA5,
  AA6,
  AA7,
  AA8,
};

struct Transition {
  Action action = Action::None;
  State next = State::Sta1;
  /// AE-6 and AR-8 choose: AE-6 goes here when the request is not acceptable, AR-8 when we are the
  /// acceptor. Equal to `next` for all others.
  State otherwise = State::Sta1;
};

[[nodiscard]] Transition transition(State state, Event event);
[[nodiscard]] std::string_view to_string(State state);    ///< "Sta6"
[[nodiscard]] std::string_view to_string(Event event);    ///< "Evt10"
[[nodiscard]] std::string_view to_string(Action action);  ///< "DT-2", "-" for None

}  // namespace pacs::network
