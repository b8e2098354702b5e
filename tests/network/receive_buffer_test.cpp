// ReceiveBuffer: room for the front, in one piece, and no more than asked for.
#include "network/receive_buffer.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "hex.h"

namespace pacs::network {
namespace {

void receive(ReceiveBuffer& buffer, std::size_t front_bytes, const Bytes& bytes) {
  const std::span<std::byte> room = buffer.room(front_bytes);
  ASSERT_GE(room.size(), bytes.size());
  std::ranges::copy(bytes, room.begin());
  buffer.received_more(bytes.size());
}

TEST(ReceiveBuffer, GivesBackWhatItGotInOnePiece) {
  ReceiveBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  receive(buffer, 6, hex("010203"));
  receive(buffer, 6, hex("040506"));
  EXPECT_EQ(to_hex(buffer.received()), "010203040506");
  buffer.drop(4);
  EXPECT_EQ(to_hex(buffer.received()), "0506");
  buffer.drop(2);
  EXPECT_TRUE(buffer.empty());
}

TEST(ReceiveBuffer, HasRoomForTheFrontAskedForWhateverLiesInIt) {
  ReceiveBuffer buffer;
  receive(buffer, 6, Bytes(16'000, std::byte{7}));
  buffer.drop(15'990);
  receive(buffer, 1'000, Bytes(990, std::byte{8}));  // moved to the front
  EXPECT_EQ(buffer.received().size(), 1'000U);
  receive(buffer, 100'000, Bytes(99'000, std::byte{9}));  // grown
  EXPECT_EQ(buffer.received().size(), 100'000U);
  EXPECT_EQ(buffer.received()[9], std::byte{7});
  EXPECT_EQ(buffer.received()[999], std::byte{8});
  EXPECT_EQ(buffer.received()[99'999], std::byte{9});
}

TEST(ReceiveBuffer, DoesNotGrowBeyondWhatIsAskedFor) {
  ReceiveBuffer buffer;
  EXPECT_EQ(buffer.room(131'078).size(), 131'078U);
  for (int i = 0; i < 100; ++i) {
    receive(buffer, 131'078, Bytes(131'078));
    EXPECT_TRUE(buffer.room(131'078).empty());
    buffer.drop(131'078);
  }
  EXPECT_EQ(buffer.room(6).size(), 131'078U);
}

}  // namespace
}  // namespace pacs::network
