#include "integration/work_memory.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace pacs::integration {
namespace {

using std::chrono::milliseconds;
using Held = WorkMemory::Held;

TEST(WorkMemory, IsGivenBackWithTheLastThatHoldsIt) {
  WorkMemory memory("cake_bytes_max", 100);
  Held first = memory.hold(60).value();
  const Held copy = first;
  const auto refused = memory.hold(41);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfResources);
  EXPECT_EQ(refused.error().message, "cake_bytes_max = 100 bytes are in use; try again later");
  EXPECT_TRUE(memory.hold(40)) << "and lets go of it";
  first.reset();
  EXPECT_EQ(memory.bytes(), 60U);
}

TEST(WorkMemory, MoreThanAllThereIsIsPossibleAlone) {
  WorkMemory memory("cake_bytes_max", 100);
  Held little = memory.hold(1).value();
  EXPECT_FALSE(memory.hold(UINT64_MAX));
  little.reset();
  const auto much = memory.hold(UINT64_MAX);
  ASSERT_TRUE(much);
  EXPECT_FALSE(memory.hold(1));
}

TEST(WorkMemory, WhoWaitsGetsItsTurnInOrderAndIsNotPassed) {
  WorkMemory memory("cake_bytes_max", 100);
  Held held = memory.hold(80).value();
  std::vector<int> turns;
  std::vector<Held> kept;
  memory.hold_later(300, [&](Held later) {
    turns.push_back(1);
    kept.push_back(std::move(later));
  });
  memory.hold_later(10, [&](Held later) {
    turns.push_back(2);
    kept.push_back(std::move(later));
  });
  EXPECT_FALSE(memory.hold(10)) << "there is room, but others wait";
  EXPECT_EQ(memory.waiting(), 2U);
  held.reset();
  EXPECT_EQ(turns, std::vector{1}) << "alone";
  std::exchange(kept, {}).clear();
  EXPECT_EQ(turns, (std::vector{1, 2}));
  EXPECT_EQ(memory.bytes(), 10U);
}

TEST(WorkMemory, WhatNobodyWantsAnyMoreGoesToTheNext) {
  WorkMemory memory("cake_bytes_max", 100);
  Held held = memory.hold(100).value();
  Held kept;
  memory.hold_later(100, [](const Held&) {});
  memory.hold_later(100, [&](Held later) { kept = std::move(later); });
  held.reset();
  EXPECT_TRUE(kept);
}

TEST(WorkMemory, WaitingOnAThreadEndsInTime) {
  WorkMemory memory("cake_bytes_max", 100);
  Held held = memory.hold(100).value();
  const auto refused = memory.hold_within(1, milliseconds{20});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "cake_bytes_max = 100 bytes were in use for 0.02 seconds; try again later");
  std::thread gives_back([&] {
    std::this_thread::sleep_for(milliseconds{20});
    held.reset();
  });
  EXPECT_TRUE(memory.hold_within(1, std::chrono::seconds{30}));
  gives_back.join();
  EXPECT_EQ(memory.bytes(), 0U) << "what came too late went back";
}

TEST(WorkMemory, ManyThreadsAreNeverGivenMoreThanThereIs) {
  WorkMemory memory("cake_bytes_max", 100);
  std::atomic<int> in_use{0}, most{0}, turns{0};
  const auto work = [&](int bytes) {
    for (int i = 0; i < 200; ++i) {
      const auto held =
          memory.hold_within(static_cast<std::uint64_t>(bytes), std::chrono::seconds{30});
      if (!held) continue;
      const int now = in_use += bytes;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      ++turns;
      in_use -= bytes;
    }
  };
  std::vector<std::thread> threads;
  for (const int bytes : {10, 30, 60, 100}) threads.emplace_back(work, bytes);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turns, 800);
  EXPECT_LE(most, 100);
}

}  // namespace
}  // namespace pacs::integration
