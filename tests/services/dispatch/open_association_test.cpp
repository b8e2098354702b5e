#include "services/dispatch/open_association.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "services/verification/verification_scu.h"
#include "tests/services/peer.h"

namespace pacs::services {
namespace {

using std::chrono::milliseconds;

class OpenAssociationTest : public testing::Test {
 protected:
  Opened opens(std::uint16_t port) {
    network::RequestOptions peer;
    peer.port = port;
    peer.called_ae = "PACS";
    peer.contexts = {verification_context()};
    return boost::asio::co_spawn(
               pool.context(), open_association(peer, {}, [this] { return stop.stop_requested(); }),
               boost::asio::use_future)
        .get();
  }

  std::stop_source stop;
  integration::IoPool pool{1};
};

TEST_F(OpenAssociationTest, APeerThatAnswersIsAssociatedWith) {
  Pacs pacs;
  pacs.starts();
  const Opened opened = opens(pacs.port());
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_FALSE((*opened)->ended());
}

TEST_F(OpenAssociationTest, APeerThatTakesTheConnectionAndFallsSilentIsLeftWhenAsked) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent{
      io, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  std::thread asks_to_stop([&] {
    std::this_thread::sleep_for(milliseconds{50});
    boost::asio::post(pool.context(), [&] { stop.request_stop(); });
  });
  const auto begun = std::chrono::steady_clock::now();
  const Opened opened = opens(silent.local_endpoint().port());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{5});
  asks_to_stop.join();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Cancelled);
}

TEST_F(OpenAssociationTest, WhatIsStoppedBeforeItBeginsOpensNothing) {
  Pacs pacs;
  pacs.starts();
  stop.request_stop();
  EXPECT_EQ(opens(pacs.port()).error().kind, ErrorKind::Cancelled);
}

}  // namespace
}  // namespace pacs::services
