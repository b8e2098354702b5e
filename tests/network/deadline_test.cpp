// Deadline on a bare io_context, in real but short time.
#include "network/deadline.h"

#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

namespace pacs::network {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(Deadline, CallsOnceWhenItsTimeHasCome) {
  boost::asio::io_context io;
  int calls = 0;
  Deadline deadline(io.get_executor(), [&] { ++calls; });
  const auto start = Clock::now();
  deadline.set(30ms);
  io.run();
  EXPECT_EQ(calls, 1);
  EXPECT_GE(Clock::now() - start, 30ms);
}

TEST(Deadline, MayBePutOffWithoutEnd) {
  boost::asio::io_context io;
  int calls = 0;
  Deadline deadline(io.get_executor(), [&] { ++calls; });
  const auto start = Clock::now();
  deadline.set(20ms);
  for (int i = 0; i < 1000; ++i) deadline.set(60ms);
  io.run();
  EXPECT_EQ(calls, 1);
  EXPECT_GE(Clock::now() - start, 60ms);
}

TEST(Deadline, MayBeBroughtForward) {
  boost::asio::io_context io;
  std::optional<Clock::time_point> called;
  Deadline deadline(io.get_executor(), [&] { called = Clock::now(); });
  const auto start = Clock::now();
  deadline.set(1h);
  deadline.set(10ms);
  io.run();
  ASSERT_TRUE(called);
  EXPECT_LT(*called - start, 10s);
}

TEST(Deadline, ClearedItDoesNotCallAndMayBeSetAgain) {
  boost::asio::io_context io;
  int calls = 0;
  Deadline deadline(io.get_executor(), [&] { ++calls; });
  deadline.set(10ms);
  deadline.clear();
  io.run();
  EXPECT_EQ(calls, 0);
  io.restart();
  deadline.set(10ms);
  io.run();
  EXPECT_EQ(calls, 1);
}

TEST(Deadline, DestroyedItDoesNotCall) {
  boost::asio::io_context io;
  int calls = 0;
  std::optional<Deadline> deadline;
  deadline.emplace(io.get_executor(), [&] { ++calls; });
  deadline->set(10ms);
  deadline.reset();
  io.run();
  EXPECT_EQ(calls, 0);
}

TEST(Deadline, MayDestroyItselfWhenItCalls) {
  boost::asio::io_context io;
  std::optional<Deadline> deadline;
  deadline.emplace(io.get_executor(), [&] { deadline.reset(); });
  deadline->set(1ms);
  io.run();
  EXPECT_FALSE(deadline);
}

}  // namespace
}  // namespace pacs::network
