// Turnstile: order and exclusion on one strand.
#include "network/turnstile.h"

#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace pacs::network {
namespace {

namespace asio = boost::asio;

TEST(Turnstile, LetsOneThroughAtATimeInTheOrderTheyCame) {
  asio::io_context io;
  Turnstile turnstile(io.get_executor());
  std::vector<int> order;
  int inside = 0;
  for (int i = 0; i < 20; ++i) {
    asio::co_spawn(
        io,
        [&, i]() -> asio::awaitable<void> {
          co_await turnstile.enter();
          const Turnstile::Passage passage(turnstile);
          EXPECT_EQ(++inside, 1);
          order.push_back(i);
          for (int yields = 0; yields < 3; ++yields) {
            co_await asio::post(io, asio::use_awaitable);
          }
          --inside;
        },
        asio::detached);
  }
  io.run();
  ASSERT_EQ(order.size(), 20U);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Turnstile, IsFreeAgainAfterAnException) {
  asio::io_context io;
  Turnstile turnstile(io.get_executor());
  bool second = false;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        co_await turnstile.enter();
        const Turnstile::Passage passage(turnstile);
        throw std::runtime_error("a fault");
      },
      asio::detached);
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        co_await turnstile.enter();
        const Turnstile::Passage passage(turnstile);
        second = true;
      },
      asio::detached);
  io.run();
  EXPECT_TRUE(second);
}

}  // namespace
}  // namespace pacs::network
