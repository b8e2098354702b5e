// Bodies that stream: uploads read by their handlers as they come.
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/web/http/http_peer.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

/// Counts the bytes of what is put, and says how it ended.
Router counting_router() {
  Router router;
  router.add({"PUT", "/count", Role::Anybody,
              [](Request& request) -> boost::asio::awaitable<Response> {
                std::uint64_t bytes = 0;
                for (;;) {
                  Result<ByteView> piece = co_await request.stream();
                  if (!piece) co_return Response::problem(piece.error());
                  if (piece->empty()) break;
                  bytes += piece->size();
                }
                co_return Response::text(200, std::to_string(bytes));
              },
              RequestBody::Streamed});
  router.add(
      {"PUT", "/refuse", Role::Anybody,
       [](Request&) -> boost::asio::awaitable<Response> { co_return Response::text(415, "no"); },
       RequestBody::Streamed});
  return router;
}

TEST(HttpStreaming, ABodyAboveEveryLimitIsReadAsItComes) {
  HttpOptions options;
  options.limits.body_bytes_max = 1000;
  TestServer server(counting_router(), options);
  Peer peer(server);
  peer.sends("PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 50; ++i) peer.sends(piece);
  EXPECT_EQ(peer.receives().body, "5000000");
  peer.sends("PUT /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 50; ++i) peer.sends(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
  peer.sends("0\r\n\r\n");
  EXPECT_EQ(peer.receives().body, "5000000") << "the connection went on";
  EXPECT_EQ(peer.asks("PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").body,
            "0");
}

TEST(HttpStreaming, TheClientIsAskedForItsBodyWhenTheHandlerReadsIt) {
  TestServer server(counting_router());
  Peer taken(server);
  taken.sends(
      "PUT /count HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "3\r\n\r\n");
  EXPECT_THAT(taken.receives(true).head, StartsWith("HTTP/1.1 100"));
  EXPECT_EQ(taken.asks("abc").body, "3");
  Peer refused(server);
  EXPECT_EQ(refused
                .asks("PUT /refuse HTTP/1.1\r\nHost: localhost\r\nExpect: "
                      "100-continue\r\nContent-Length: 3\r\n\r\n")
                .status(),
            415);
}

TEST(HttpStreaming, ARefusalReachesAClientThatIsStillSending) {
  TestServer server(counting_router());
  Peer peer(server);
  peer.sends("PUT /refuse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n" +
             std::string(1'000'000, 'x'));
  const Answer answer = peer.receives();
  EXPECT_EQ(answer.status(), 415);
  EXPECT_EQ(answer.header("Connection"), "close");
}

TEST(HttpStreaming, ABodyThatIsNoneEndsItsRequestOnly) {
  for (const std::string_view bad :
       {"zz\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "3\r\nabcdefgh\r\n0\r\n\r\n"}) {
    TestServer server(counting_router());
    Peer peer(server);
    peer.sends("PUT /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.sends(bad);
    EXPECT_EQ(peer.receives().status(), 400) << bad;
    EXPECT_TRUE(peer.is_closed_by_server()) << bad;
  }
}

TEST(HttpStreaming, AnUploadThatStopsIsGivenUpInItsTime) {
  HttpOptions options;
  options.limits.write = 200ms;
  TestServer server(counting_router(), options);
  Peer peer(server);
  peer.sends("PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_EQ(peer.receives().status(), 504);
  EXPECT_TRUE(peer.is_closed_by_server());
}

TEST(HttpStreaming, WhoeverIsGoneStopsTheWorkForHim) {
  std::latch inside(1);
  std::atomic<bool> stopped{false};
  Router router;
  router.add({"GET", "/long", Role::Anybody, [&](const Request& request) {
                inside.count_down();
                while (!request.gone.stop_requested()) std::this_thread::sleep_for(1ms);
                stopped = true;
                return Response::text(200, "nobody reads this");
              }});
  TestServer server(std::move(router));
  {
    Peer peer(server);
    peer.sends("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
    inside.wait();  // for who is gone before, nothing is begun
  }
  while (!stopped) std::this_thread::sleep_for(1ms);  // the test's own time limit ends this
  EXPECT_TRUE(stopped);
}

TEST(HttpStreaming, WhatIsSentDuringAnAnswerIsTheNextRequest) {
  Router router = counting_router();
  router.add({"GET", "/slow", Role::Anybody, [](const Request&) {
                std::this_thread::sleep_for(50ms);
                return Response::text(200, "slow");
              }});
  TestServer server(std::move(router));
  Peer peer(server);
  for (int i = 0; i < 5; ++i) {
    peer.sends("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::this_thread::sleep_for(10ms);
    peer.sends("PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab");
    EXPECT_EQ(peer.receives().body, "slow");
    EXPECT_EQ(peer.receives().body, "2");
  }
}

TEST(HttpStreaming, AnUploadThatVanishesIsItsClientsEndAndNoFaultOfOurs) {
  TestServer server(counting_router());
  {
    Peer peer(server);
    peer.sends("PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf");
  }
  const std::string counted = "pacs_http_requests_total{route=\"/count\",status=\"499\"} 1\n";
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (server.metrics->exposition().find(counted) == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << server.metrics->exposition();
    std::this_thread::sleep_for(1ms);
  }
}

TEST(HttpStreaming, BodiesThatTakeLongToMakeStandInNobodysWay) {
  constexpr int kBodies = 20;
  std::atomic<bool> go_on{false};
  Router router;
  router.add({"GET", "/long", Role::Anybody, [&](const Request&) {
                Response response;
                response.body = StreamedBody{.next = [&]() -> Result<ByteView> {
                  while (!go_on) std::this_thread::sleep_for(1ms);
                  return ByteView{};
                }};
                response.set_costly(true);
                return response;
              }});
  router.add({"GET", "/short", Role::Anybody,
              [](const Request&) { return Response::text(200, "at once"); }});
  router.add({"GET", "/copied", Role::Anybody, [](const Request&) {
                Response response;
                response.body = StreamedBody{.next = [given = false]() mutable -> Result<ByteView> {
                  return std::exchange(given, true) ? ByteView{} : as_bytes("too");
                }};
                return response;
              }});
  HttpOptions options;
  options.handler_threads = 1;
  TestServer server(std::move(router), options);
  std::vector<std::unique_ptr<Peer>> long_ones;
  for (int i = 0; i < kBodies; ++i) {
    long_ones.push_back(std::make_unique<Peer>(server));
    long_ones.back()->sends("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  EXPECT_EQ(Peer(server).gets("/short").body, "at once");
  EXPECT_EQ(Peer(server).gets("/copied").body, "too");
  go_on = true;
  for (const auto& peer : long_ones) EXPECT_EQ(peer->receives().status(), 200);
}

TEST(HttpStreaming, ForAClientThatDoesNotReadLittleIsMade) {
  std::atomic<std::size_t> made{0};
  Router router;
  router.add({"GET", "/endless", Role::Anybody, [&](const Request&) {
                Response response;
                response.body = StreamedBody{
                    .next = [&, piece = std::string(100'000, 'x')]() -> Result<ByteView> {
                      made += piece.size();
                      return as_bytes(piece);
                    }};
                return response;
              }});
  TestServer server(std::move(router));
  Peer peer(server);
  peer.sends("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::size_t before = 0;
  do {  // until it stands still
    before = made;
    std::this_thread::sleep_for(200ms);
  } while (made == 0 || made != before);
  EXPECT_LT(made, 2'000'000U) << "what the receiver's system takes, and what waits to be sent";
}

}  // namespace
}  // namespace pacs::web
