#include "network/lobby.h"

#include <vector>

#include <gmock/gmock.h>

namespace pacs::network {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LobbyTest : public testing::Test {
 protected:
  /// A connection with this number, which is noted when it yields.
  Lobby::Place enters(const std::string& address, int number) {
    return lobby.enter(address, [this, number] { yielded.push_back(number); });
  }

  Lobby lobby{{.all = 6, .per_address = 3}};
  std::vector<int> yielded;
};

TEST_F(LobbyTest, TheOldestOfAnAddressYieldsAboveItsBound) {
  for (int i = 1; i <= 5; ++i) enters("a", i);
  EXPECT_THAT(yielded, ElementsAre(1, 2));
  EXPECT_EQ(lobby.size(), 3U);
}

TEST_F(LobbyTest, AboveTheBoundOfAllTheOldestOfTheMostCrowdedAddressYields) {
  enters("alone", 1);
  for (int i = 2; i <= 4; ++i) enters("crowd", i);
  enters("pair", 5);
  enters("pair", 6);
  EXPECT_THAT(yielded, IsEmpty());
  enters("new", 7);
  EXPECT_THAT(yielded, ElementsAre(2));
  enters("newer", 8);
  EXPECT_THAT(yielded, ElementsAre(2, 3)) << "of two crowds of two, the older one's";
  EXPECT_EQ(lobby.size(), 6U);
}

TEST_F(LobbyTest, AmongEquallyCrowdedAddressesTheOldestOfAllYields) {
  for (int i = 1; i <= 7; ++i) enters(std::to_string(i), i);
  EXPECT_THAT(yielded, ElementsAre(1));
}

TEST_F(LobbyTest, WhoHasLeftDoesNotYieldAndWhoHasYieldedCannotLeave) {
  const Lobby::Place first = enters("a", 1);
  const Lobby::Place second = enters("a", 2);
  EXPECT_TRUE(lobby.leave(first));
  EXPECT_FALSE(lobby.leave(first));
  enters("a", 3);
  enters("a", 4);
  EXPECT_THAT(yielded, IsEmpty());
  enters("a", 5);
  EXPECT_THAT(yielded, ElementsAre(2));
  EXPECT_FALSE(lobby.leave(second)) << "it is being closed and must not be served";
}

TEST_F(LobbyTest, RoomIsMadeAsLongAsSomebodyWaits) {
  EXPECT_FALSE(lobby.make_room());
  enters("a", 1);
  EXPECT_TRUE(lobby.make_room());
  EXPECT_THAT(yielded, ElementsAre(1));
  EXPECT_FALSE(lobby.make_room());
}

}  // namespace
}  // namespace pacs::network
