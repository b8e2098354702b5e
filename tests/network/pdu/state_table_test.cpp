// PS3.8 Table 9-10, written down a second time as the standard's prose says it: each event, then
// the states with their action. Every one of the 19 × 13 cells is compared.
#include "network/pdu/state_table.h"

#include <map>

#include <gtest/gtest.h>

namespace pacs::network {
namespace {

using Cell = std::pair<int, int>;  // event, state, as numbered in the standard

std::map<Cell, std::string_view> expected_cells() {
  std::map<Cell, std::string_view> cells;
  const auto cell = [&](int event, std::initializer_list<int> states, std::string_view action) {
    for (const int state : states) cells[{event, state}] = action;
  };
  cell(1, {1}, "AE-1");
  cell(2, {4}, "AE-2");
  cell(3, {2}, "AA-1");
  cell(3, {5}, "AE-3");
  cell(3, {3, 6, 7, 8, 9, 10, 11, 12}, "AA-8");
  cell(3, {13}, "AA-6");
  cell(4, {2}, "AA-1");
  cell(4, {5}, "AE-4");
  cell(4, {3, 6, 7, 8, 9, 10, 11, 12}, "AA-8");
  cell(4, {13}, "AA-6");
  cell(5, {1}, "AE-5");
  cell(6, {2}, "AE-6");
  cell(6, {3, 5, 6, 7, 8, 9, 10, 11, 12}, "AA-8");
  cell(6, {13}, "AA-7");
  cell(7, {3}, "AE-7");
  cell(8, {3}, "AE-8");
  cell(9, {6}, "DT-1");
  cell(9, {8}, "AR-7");
  cell(10, {2}, "AA-1");
  cell(10, {6}, "DT-2");
  cell(10, {7}, "AR-6");
  cell(10, {3, 5, 8, 9, 10, 11, 12}, "AA-8");
  cell(10, {13}, "AA-6");
  cell(11, {6}, "AR-1");
  cell(12, {2}, "AA-1");
  cell(12, {6}, "AR-2");
  cell(12, {7}, "AR-8");
  cell(12, {3, 5, 8, 9, 10, 11, 12}, "AA-8");
  cell(12, {13}, "AA-6");
  cell(13, {2}, "AA-1");
  cell(13, {7, 11}, "AR-3");
  cell(13, {10}, "AR-10");
  cell(13, {3, 5, 6, 8, 9, 12}, "AA-8");
  cell(13, {13}, "AA-6");
  cell(14, {8, 12}, "AR-4");
  cell(14, {9}, "AR-9");
  cell(15, {4}, "AA-2");
  cell(15, {3, 5, 6, 7, 8, 9, 10, 11, 12}, "AA-1");
  cell(16, {2, 13}, "AA-2");
  cell(16, {3, 5, 6, 7, 8, 9, 10, 11, 12}, "AA-3");
  cell(17, {2}, "AA-5");
  cell(17, {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "AA-4");
  cell(17, {13}, "AR-5");
  cell(18, {2, 13}, "AA-2");
  cell(19, {2}, "AA-1");
  cell(19, {3, 5, 6, 7, 8, 9, 10, 11, 12}, "AA-8");
  cell(19, {13}, "AA-7");
  return cells;
}

// PS3.8 Tables 9-6 to 9-9: next state, or both where the action chooses.
const std::map<std::string_view, std::pair<int, int>> kNextState = {
    {"AE-1", {4, 4}},   {"AE-2", {5, 5}},   {"AE-3", {6, 6}},   {"AE-4", {1, 1}},
    {"AE-5", {2, 2}},   {"AE-6", {3, 13}},  {"AE-7", {6, 6}},   {"AE-8", {13, 13}},
    {"DT-1", {6, 6}},   {"DT-2", {6, 6}},   {"AR-1", {7, 7}},   {"AR-2", {8, 8}},
    {"AR-3", {1, 1}},   {"AR-4", {13, 13}}, {"AR-5", {1, 1}},   {"AR-6", {7, 7}},
    {"AR-7", {8, 8}},   {"AR-8", {9, 10}},  {"AR-9", {11, 11}}, {"AR-10", {12, 12}},
    {"AA-1", {13, 13}}, {"AA-2", {1, 1}},   {"AA-3", {1, 1}},   {"AA-4", {1, 1}},
    {"AA-5", {1, 1}},   {"AA-6", {13, 13}}, {"AA-7", {13, 13}}, {"AA-8", {13, 13}},
};

TEST(StateTable, EveryCellIsTheStandards) {
  const auto expected = expected_cells();
  for (int event = 1; event <= static_cast<int>(kEvents); ++event) {
    for (int state = 1; state <= static_cast<int>(kStates); ++state) {
      const Transition taken =
          transition(static_cast<State>(state - 1), static_cast<Event>(event - 1));
      const auto cell = expected.find({event, state});
      const std::string_view action = cell == expected.end() ? "-" : cell->second;
      EXPECT_EQ(to_string(taken.action), action) << "Evt" << event << " Sta" << state;
      const auto next = action == "-" ? std::pair{state, state} : kNextState.at(action);
      EXPECT_EQ(static_cast<int>(taken.next) + 1, next.first) << action;
      EXPECT_EQ(static_cast<int>(taken.otherwise) + 1, next.second) << action;
    }
  }
}

TEST(StateTable, NamesAreTheStandards) {
  EXPECT_EQ(to_string(State::Sta1), "Sta1");
  EXPECT_EQ(to_string(State::Sta13), "Sta13");
  EXPECT_EQ(to_string(Event::AssociateRequest), "Evt1");
  EXPECT_EQ(to_string(Event::InvalidPdu), "Evt19");
  EXPECT_EQ(to_string(Action::AA8), "AA-8");
  EXPECT_EQ(to_string(Action::AR10), "AR-10");
}

}  // namespace
}  // namespace pacs::network
