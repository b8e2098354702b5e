// PS3.8 Table 9-10 as the standard prints it: a row for each event, a column for each state.
#include "network/pdu/state_table.h"

namespace pacs::network {
namespace {

// clang-format off
namespace table_9_10 {
using enum Action;
constexpr Action o = None;  // an empty cell

constexpr Action kTable[kEvents][kStates] = {
//           Sta1 Sta2 Sta3 Sta4 Sta5 Sta6 Sta7 Sta8 Sta9 Sta10 Sta11 Sta12 Sta13
/* Evt1  */ {AE1, o,   o,   o,   o,   o,   o,   o,   o,   o,    o,    o,    o  },
/* Evt2  */ {o,   o,   o,   AE2, o,   o,   o,   o,   o,   o,    o,    o,    o  },
/* Evt3  */ {o,   AA1, AA8, o,   AE3, AA8, AA8, AA8, AA8, AA8,  AA8,  AA8,  AA6},
/* Evt4  */ {o,   AA1, AA8, o,   AE4, AA8, AA8, AA8, AA8, AA8,  AA8,  AA8,  AA6},
/* Evt5  */ {AE5, o,   o,   o,   o,   o,   o,   o,   o,   o,    o,    o,    o  },
/* Evt6  */ {o,   AE6, AA8, o,   AA8, AA8, AA8, AA8, AA8, AA8,  AA8,  AA8,  AA7},
/* Evt7  */ {o,   o,   AE7, o,   o,   o,   o,   o,   o,   o,    o,    o,    o  },
/* Evt8  */ {o,   o,   AE8, o,   o,   o,   o,   o,   o,   o,    o,    o,    o  },
/* Evt9  */ {o,   o,   o,   o,   o,   DT1, o,   AR7, o,   o,    o,    o,    o  },
/* Evt10 */ {o,   AA1, AA8, o,   AA8, DT2, AR6, AA8, AA8, AA8,  AA8,  AA8,  AA6},
/* Evt11 */ {o,   o,   o,   o,   o,   AR1, o,   o,   o,   o,    o,    o,    o  },
/* Evt12 */ {o,   AA1, AA8, o,   AA8, AR2, AR8, AA8, AA8, AA8,  AA8,  AA8,  AA6},
/* Evt13 */ {o,   AA1, AA8, o,   AA8, AA8, AR3, AA8, AA8, AR10, AR3,  AA8,  AA6},
/* Evt14 */ {o,   o,   o,   o,   o,   o,   o,   AR4, AR9, o,    o,    AR4,  o  },
/* Evt15 */ {o,   o,   AA1, AA2, AA1, AA1, AA1, AA1, AA1, AA1,  AA1,  AA1,  o  },
/* Evt16 */ {o,   AA2, AA3, o,   AA3, AA3, AA3, AA3, AA3, AA3,  AA3,  AA3,  AA2},
/* Evt17 */ {o,   AA5, AA4, AA4, AA4, AA4, AA4, AA4, AA4, AA4,  AA4,  AA4,  AR5},
/* Evt18 */ {o,   AA2, o,   o,   o,   o,   o,   o,   o,   o,    o,    o,    AA2},
/* Evt19 */ {o,   AA1, AA8, o,   AA8, AA8, AA8, AA8, AA8, AA8,  AA8,  AA8,  AA7},
};
}  // namespace table_9_10

struct NextState { State next, otherwise; };
using enum State;

// "Next state" of the actions, PS3.8 Tables 9-6 to 9-9, in the order of Action.
constexpr NextState kNext[] = {
/* none  */ {Sta1, Sta1},
/* AE-1  */ {Sta4, Sta4},   // issue TRANSPORT CONNECT request primitive to local transport service
/* AE-2  */ {Sta5, Sta5},   // send A-ASSOCIATE-RQ-PDU
/* AE-3  */ {Sta6, Sta6},   // issue A-ASSOCIATE confirmation (accept) primitive
/* AE-4  */ {Sta1, Sta1},   // issue A-ASSOCIATE confirmation (reject) primitive and close
/* AE-5  */ {Sta2, Sta2},   // issue transport connection response primitive; start ARTIM timer
/* AE-6  */ {Sta3, Sta13},  // stop ARTIM and if acceptable by service-provider: issue A-ASSOCIATE
                            // indication; otherwise send A-ASSOCIATE-RJ-PDU and start ARTIM timer
/* AE-7  */ {Sta6, Sta6},   // send A-ASSOCIATE-AC PDU
/* AE-8  */ {Sta13, Sta13}, // send A-ASSOCIATE-RJ PDU and start ARTIM timer
/* DT-1  */ {Sta6, Sta6},   // send P-DATA-TF PDU
/* DT-2  */ {Sta6, Sta6},   // send P-DATA indication primitive
/* AR-1  */ {Sta7, Sta7},   // send A-RELEASE-RQ PDU
/* AR-2  */ {Sta8, Sta8},   // issue A-RELEASE indication primitive
/* AR-3  */ {Sta1, Sta1},   // issue A-RELEASE confirmation primitive, close transport connection
/* AR-4  */ {Sta13, Sta13}, // issue A-RELEASE-RP PDU and start ARTIM timer
/* AR-5  */ {Sta1, Sta1},   // stop ARTIM timer
/* AR-6  */ {Sta7, Sta7},   // issue P-DATA indication
/* AR-7  */ {Sta8, Sta8},   // issue P-DATA-TF PDU
/* AR-8  */ {Sta9, Sta10},  // issue A-RELEASE indication (release collision); requestor, acceptor
/* AR-9  */ {Sta11, Sta11}, // send A-RELEASE-RP PDU
/* AR-10 */ {Sta12, Sta12}, // issue A-RELEASE confirmation primitive
/* AA-1  */ {Sta13, Sta13}, // send A-ABORT PDU (service-user source) and (re)start ARTIM timer
/* AA-2  */ {Sta1, Sta1},   // stop ARTIM timer if running, close transport connection
/* AA-3  */ {Sta1, Sta1},   // issue A-ABORT or A-P-ABORT indication and close
/* AA-4  */ {Sta1, Sta1},   // issue A-P-ABORT indication primitive
/* AA-5  */ {Sta1, Sta1},   // stop ARTIM timer
/* AA-6  */ {Sta13, Sta13}, // ignore PDU
/* AA-7  */ {Sta13, Sta13}, // send A-ABORT PDU
/* AA-8  */ {Sta13, Sta13}, // send A-ABORT PDU (service-provider source), issue an A-P-ABORT
                            // indication and start ARTIM timer
};

constexpr std::string_view kActionNames[] = {
    "-", "AE-1", "AE-2", "AE-3", "AE-4", "AE-5", "AE-6", "AE-7", "AE-8", "DT-1", "DT-2",
    "AR-1", "AR-2", "AR-3", "AR-4", "AR-5", "AR-6", "AR-7", "AR-8", "AR-9", "AR-10",
    "AA-1", "AA-2", "AA-3", "AA-4", "AA-5", "AA-6", "AA-7", "AA-8"};
constexpr std::string_view kStateNames[] = {
    "Sta1", "Sta2", "Sta3", "Sta4", "Sta5", "Sta6", "Sta7", "Sta8", "Sta9", "Sta10", "Sta11",
    "Sta12", "Sta13"};
constexpr std::string_view kEventNames[] = {
    "Evt1", "Evt2", "Evt3", "Evt4", "Evt5", "Evt6", "Evt7", "Evt8", "Evt9", "Evt10", "Evt11",
    "Evt12", "Evt13", "Evt14", "Evt15", "Evt16", "Evt17", "Evt18", "Evt19"};
// clang-format on

}  // namespace

Transition transition(State state, Event event) {
  const Action action =
      table_9_10::kTable[static_cast<std::size_t>(event)][static_cast<std::size_t>(state)];
  if (action == Action::None) return {Action::None, state, state};
  const NextState next = kNext[static_cast<std::size_t>(action)];
  return {action, next.next, next.otherwise};
}

std::string_view to_string(State state) {
  return kStateNames[static_cast<std::size_t>(state)];
}
std::string_view to_string(Event event) {
  return kEventNames[static_cast<std::size_t>(event)];
}
std::string_view to_string(Action action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

}  // namespace pacs::network
