#include "integration/thread_adapter.h"

#include <future>
#include <latch>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include "integration/trace_id.h"

namespace pacs::integration {
namespace {

TEST(IoPool, RunsWorkOnAsManyThreadsAsAsked) {
  IoPool pool(3);
  std::latch all_running(3);  // only passes when three run at once
  std::latch done(3);
  for (int i = 0; i < 3; ++i) {
    boost::asio::post(pool.context(), [&] {
      all_running.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
  EXPECT_TRUE(all_running.try_wait());
}

TEST(IoPool, RunsAllWorkOfOneContextOnOneThread) {
  IoPool pool(2);
  boost::asio::io_context& context = pool.context();
  std::set<std::thread::id> threads;  // unguarded: nothing else runs meanwhile
  std::latch done(100);
  for (int i = 0; i < 100; ++i) {
    boost::asio::post(context, [&] {
      threads.insert(std::this_thread::get_id());
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(threads.size(), 1U);
  EXPECT_NE(&pool.context(), &context) << "the next one";
  EXPECT_EQ(&pool.context(), &context) << "in turn";
}

TEST(IoPool, ZeroThreadsMeansOne) {
  IoPool pool(0);
  std::promise<std::thread::id> ran;
  boost::asio::post(pool.context(), [&] { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

// A coroutine left over on one thread owns the strand and sockets of another: each destroyed with
// its context would touch one that is gone (AddressSanitizer tells).
TEST(IoPool, LetsGoOfLeftOverHandlersWhileAllContextsStand) {
  bool destroyed = false;
  {
    IoPool pool(2);
    std::vector<boost::asio::io_context*> contexts{&pool.context(), &pool.context()};
    pool.stop();
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      auto strand = boost::asio::make_strand(*contexts[1 - i]);
      boost::asio::post(strand, [] {});
      const std::shared_ptr<bool> tells(&destroyed, [strand](bool* flag) {
        boost::asio::post(strand, [strand] {});
        *flag = true;
      });
      boost::asio::post(*contexts[i], [tells] { FAIL() << "the pool has stopped"; });
    }
  }
  EXPECT_TRUE(destroyed);
}

TEST(IoPool, WaitsForWorkWhenThereIsNoneAndStopsTwiceWithoutHarm) {
  IoPool pool(1);
  std::promise<void> first, second;
  boost::asio::post(pool.context(), [&] { first.set_value(); });
  first.get_future().wait();
  boost::asio::post(pool.context(), [&] { second.set_value(); });
  second.get_future().wait();
  pool.stop();
  pool.stop();
  EXPECT_TRUE(pool.context().stopped());
}

TEST(TraceId, IsUniqueAndSharesTheProcessPrefix) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(next_trace_id());
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(ids.begin()->substr(0, 9), ids.rbegin()->substr(0, 9));
}

}  // namespace
}  // namespace pacs::integration
