#include "web/http/http_server.h"

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/web/http/http_peer.h"

namespace pacs::web {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using namespace std::chrono_literals;

Router echo_router() {
  Router router;
  router.add({"GET", "/hello/{name}", Role::Anybody, [](const Request& request) {
                return Response::text(200, "hello " + std::string(request.parameter("name")));
              }});
  router.add({"POST", "/echo", Role::Anybody,
              [](const Request& request) { return Response::text(200, request.body); }});
  router.add({"GET", "/throws", Role::Anybody,
              [](const Request&) -> Response { throw std::runtime_error("secret"); }});
  return router;
}

TEST(HttpServer, AnswersAGetWithBodyDateAndSecurityHeaders) {
  TestServer server(echo_router());
  Peer peer(server);
  const Answer answer = peer.gets("/hello/world");
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(answer.body, "hello world");
  EXPECT_EQ(answer.header("Content-Length"), "11");
  EXPECT_THAT(answer.header("Date"), HasSubstr(" GMT"));
  EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
}

TEST(HttpServer, WhatHasATagMayBeKeptByWhoeverAskedAndNothingElse) {
  Router router;
  router.add({"GET", "/tagged", Role::Anybody,
              [](const Request&) { return Response::text(200, "it").with("ETag", "\"1\""); }});
  router.add(
      {"GET", "/own", Role::Anybody, [](const Request&) {
         return Response::text(200, "it").with("ETag", "\"1\"").with("Cache-Control", "no-cache");
       }});
  TestServer server(std::move(router));
  EXPECT_EQ(Peer(server).gets("/tagged").header("Cache-Control"), "private, no-cache");
  EXPECT_EQ(Peer(server).gets("/own").header("Cache-Control"), "no-cache");
}

TEST(HttpServer, KeepsTheConnectionForTheNextRequest) {
  TestServer server(echo_router());
  Peer peer(server);
  EXPECT_EQ(peer.gets("/hello/1").body, "hello 1");
  EXPECT_EQ(peer.gets("/hello/2").body, "hello 2");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  TestServer server(echo_router());
  Peer peer(server);
  peer.sends(
      "GET /hello/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /hello/2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.receives().body, "hello 1");
  EXPECT_EQ(peer.receives().body, "hello 2");
  EXPECT_TRUE(peer.is_closed_by_server());
}

TEST(HttpServer, TakesARequestByteByByte) {
  TestServer server(echo_router());
  Peer peer(server);
  for (const char c :
       std::string("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")) {
    peer.sends({&c, 1});
  }
  EXPECT_EQ(peer.receives().body, "abc");
}

TEST(HttpServer, AnswersHeadWithTheLengthOfTheBodyAndWithoutIt) {
  TestServer server(echo_router());
  Peer peer(server);
  peer.sends("HEAD /hello/world HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Answer answer = peer.receives(true);
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Content-Length"), "11");
  EXPECT_EQ(peer.gets("/hello/2").body, "hello 2") << "nothing was left in between";
}

TEST(HttpServer, SpeaksHttp10AndClosesAfterIt) {
  TestServer server(echo_router());
  Peer peer(server);
  const Answer answer = peer.asks("GET /hello/old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.body, "hello old");
  EXPECT_TRUE(peer.is_closed_by_server());
}

TEST(HttpServer, AnUnknownPathIs404AndAWrongMethod405WithAllow) {
  TestServer server(echo_router());
  Peer peer(server);
  EXPECT_EQ(peer.gets("/nothing").status(), 404);
  const Answer answer = peer.asks("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status(), 405);
  EXPECT_EQ(answer.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(peer.asks("BREW /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 501);
  const Answer options = peer.asks("OPTIONS /hello/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(options.status(), 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, OPTIONS");
}

TEST(HttpServer, AHandlerThatThrowsIsA500ThatTellsNothingOfTheInside) {
  TestServer server(echo_router());
  Peer peer(server);
  const Answer answer = peer.gets("/throws");
  EXPECT_EQ(answer.status(), 500);
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("secret")));
  EXPECT_EQ(peer.gets("/hello/again").status(), 200);
}

TEST(HttpServer, AHandlerThatWaitsTakesNoHandlerThread) {
  Router router = echo_router();
  router.add(
      {"GET", "/waits", Role::Anybody, [](Request& request) -> boost::asio::awaitable<Response> {
         co_return Response::text(200, request.path());
       }});
  router.add(
      {"GET", "/waits/throws", Role::Anybody, [](Request&) -> boost::asio::awaitable<Response> {
         throw std::runtime_error("secret");
         co_return Response{};
       }});
  TestServer server(std::move(router));
  Peer peer(server);
  EXPECT_EQ(peer.gets("/waits").body, "/waits");
  EXPECT_EQ(peer.gets("/waits/throws").status(), 500);
  EXPECT_EQ(peer.gets("/hello/world").body, "hello world");
}

TEST(HttpServer, ALargeHeadIs431AndTheConnectionEnds) {
  TestServer server(echo_router());
  Peer peer(server);
  peer.sends("GET /hello/x HTTP/1.1\r\nHost: localhost\r\nX-Much: " + std::string(100'000, 'x') +
             "\r\n\r\n");
  EXPECT_EQ(peer.receives().status(), 431);
  EXPECT_TRUE(peer.is_closed_by_server());
}

TEST(HttpServer, AnEndlessRequestLineIs431) {
  TestServer server(echo_router());
  Peer peer(server);
  peer.sends("GET /" + std::string(200'000, 'a'));
  EXPECT_EQ(peer.receives().status(), 431);
}

TEST(HttpServer, ABodyAboveTheLimitIs413WhetherAnnouncedOrChunked) {
  HttpOptions options;
  options.limits.body_bytes_max = 1000;
  TestServer server(echo_router(), options);
  Peer announced(server);
  EXPECT_EQ(announced.asks("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n")
                .status(),
            413);
  EXPECT_TRUE(announced.is_closed_by_server());
  Peer chunked(server);
  chunked.sends(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
      std::string(2000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.receives().status(), 413);
  Peer fits(server);
  EXPECT_EQ(fits.asks("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                .body,
            "abcde");
}

TEST(HttpServer, ALengthThatNobodySendsIs413) {
  for (const char* length : {"9223372036854775808", "9999999999999999"}) {
    TestServer server(echo_router());
    Peer peer(server);
    EXPECT_EQ(peer.asks(std::string("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ") +
                        length + "\r\n\r\n")
                  .status(),
              413)
        << length;
  }
}

TEST(HttpServer, AsksForTheBodyWhenTheClientExpectsIt) {
  TestServer server(echo_router());
  Peer peer(server);
  peer.sends(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "2\r\n\r\n");
  EXPECT_EQ(peer.receives(true).status(), 100);
  EXPECT_EQ(peer.asks("ok").body, "ok");
  EXPECT_EQ(
      peer.asks("GET /hello/x HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n").status(),
      417);
}

TEST(HttpServer, WhatIsNotHttpIs400) {
  for (const std::string_view garbage : {
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is a TLS hello\r\n\r\n",
           "GET\r\n\r\n",
           "GET /hello/x HTTP/1.1\r\nHost localhost\r\n\r\n",
           "GET /hello/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: "
           "4\r\n\r\nabc",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: "
           "chunked\r\n\r\n0\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, "
           "chunked\r\n\r\n0\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n",
           "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "GET /hello/x HTTP/1.1\r\n\r\n",
           "GET /hello/x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
           "GET hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
       }) {
    TestServer server(echo_router());
    Peer peer(server);
    peer.sends(garbage);
    EXPECT_EQ(peer.receives().status(), 400) << garbage;
    EXPECT_TRUE(peer.is_closed_by_server()) << garbage;
  }
}

TEST(HttpServer, AnUnknownVersionIs505) {
  TestServer server(echo_router());
  Peer peer(server);
  EXPECT_EQ(peer.asks("GET /hello/x HTTP/2.0\r\nHost: localhost\r\n\r\n").status(), 505);
}

TEST(HttpServer, PathsThatClimbAreRefusedHoweverTheyAreWritten) {
  TestServer server(echo_router());
  for (const char* path :
       {"/hello/../../etc/passwd", "/hello/%2e%2e", "/hello/..%2f..%2fetc", "/hello/a%2fb",
        "/hello/%5c", "/hello/%00", "/hello/%0d%0aSet-Cookie:x", "/hello/%zz", "/hello/./x"}) {
    Peer peer(server);
    EXPECT_EQ(peer.gets(path).status(), 400) << path;
  }
  Peer peer(server);
  EXPECT_EQ(peer.gets("/hello/%C3%A9?a=b").body, "hello \xc3\xa9");
}

TEST(HttpServer, ANameThatIsNotOursIs421SoThatDnsRebindingReadsNothing) {
  HttpOptions options;
  options.server_names = {"pacs.example"};
  TestServer server(echo_router(), options);
  for (const char* ours : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "192.0.2.7",
                           "pacs.example", "Pacs.Example:443"}) {
    Peer peer(server);
    EXPECT_EQ(
        peer.asks(std::string("GET /hello/x HTTP/1.1\r\nHost: ") + ours + "\r\n\r\n").status(), 200)
        << ours;
  }
  for (const char* foreign :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", ""}) {
    Peer peer(server);
    EXPECT_EQ(
        peer.asks(std::string("GET /hello/x HTTP/1.1\r\nHost: ") + foreign + "\r\n\r\n").status(),
        421)
        << foreign;
  }
}

TEST(HttpServer, ANameThatAProxySaysWeWereAskedByMustBeOursToo) {
  HttpOptions options;
  options.server_names = {"pacs.example"};
  options.proxies = *TrustedProxies::create({"127.0.0.1"});
  TestServer server(echo_router(), options);
  const auto status = [&](const std::string& fields, const char* from = "127.0.0.1") {
    return Peer(server, from)
        .asks("GET /hello/x HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n")
        .status();
  };
  EXPECT_EQ(status("X-Forwarded-Host: pacs.example:444\r\nX-Forwarded-Prefix: /a\r\n"), 200);
  EXPECT_EQ(status("X-Forwarded-Host: evil.example\r\n"), 421);
  EXPECT_EQ(status("Forwarded: host=evil.example\r\n"), 421);
  EXPECT_EQ(status("X-Forwarded-Host: evil.example\r\n", "127.0.0.2"), 200) << "nobody believes it";
}

TEST(HttpServer, ARequestThatIsNotCompleteInTimeIs408WhereverItStops) {
  HttpOptions options;
  options.limits.request = 100ms;
  TestServer server(echo_router(), options);
  for (const std::string_view half : {
           "G",
           "GET /hello/x HTTP/1.1\r\nHost: loc",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf",
       }) {
    Peer peer(server);
    const Answer answer = peer.asks(half);
    EXPECT_EQ(answer.status(), 408) << half;
    EXPECT_EQ(answer.header("Connection"), "close") << half;
    EXPECT_THAT(answer.body, HasSubstr("not complete within 100 ms")) << half;
    EXPECT_TRUE(peer.is_closed_by_server()) << half;
  }
  Peer second(server);
  EXPECT_EQ(second.gets("/hello/x").status(), 200);
  EXPECT_EQ(second.asks("GET /hello/").status(), 408) << "later on a connection, too";
  EXPECT_THAT(server.metrics->exposition(),
              HasSubstr("pacs_http_requests_total{route=\"none\",status=\"408\"} 5\n"));
}

TEST(HttpServer, ARequestsTimeDoesNotRunWhileItIsAnswered) {
  HttpOptions options;
  options.limits.request = 50ms;
  Router router;
  router.add({"GET", "/slow", Role::Anybody, [](const Request&) {
                std::this_thread::sleep_for(
                    150ms);  // a handler that takes longer than a request may
                return Response::text(200, "done");
              }});
  TestServer server(std::move(router), options);
  Peer peer(server);
  EXPECT_EQ(peer.gets("/slow").body, "done");
  EXPECT_EQ(peer.gets("/slow").body, "done");
}

TEST(HttpServer, SlowRequestsAreCutOffEvenWhenBytesTrickle) {
  HttpOptions options;
  options.limits.request = 200ms;
  TestServer server(echo_router(), options);
  Peer peer(server);
  peer.sends("GET /hello/x HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  std::atomic<bool> done{false};
  std::thread trickle([&] {
    while (!done) {
      peer.sends("a");
      std::this_thread::sleep_for(10ms);  // the attack itself
    }
  });
  EXPECT_EQ(peer.receives().status(), 408);
  EXPECT_TRUE(peer.is_closed_by_server());
  done = true;
  trickle.join();
}

TEST(HttpServer, IdleConnectionsAreClosed) {
  HttpOptions options;
  options.limits.idle = 100ms;
  TestServer server(echo_router(), options);
  Peer silent(server);
  EXPECT_EQ(silent.receives().status(), 0) << "nothing was asked, nothing is answered";
  EXPECT_TRUE(silent.is_closed_by_server());
  Peer once(server);
  EXPECT_EQ(once.gets("/hello/x").status(), 200);
  EXPECT_TRUE(once.is_closed_by_server());
}

TEST(HttpServer, AClientThatTakesNothingIsGivenUp) {
  HttpOptions options;
  options.limits.write = 200ms;
  Router router;
  router.add({"GET", "/endless", Role::Anybody, [](const Request&) {
                Response response;
                response.body = StreamedBody{[piece = std::string(1 << 16, 'x')] {
                  return Result<ByteView>(as_bytes(piece));
                }};
                return response;
              }});
  TestServer server(std::move(router), options);
  Peer peer(server);
  peer.sends("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (server.server->connections() == 0) std::this_thread::yield();
  while (server.server->connections() != 0)
    std::this_thread::yield();  // the test's own time limit ends this
  EXPECT_EQ(server.server->connections(), 0U);
}

TEST(HttpServer, AClientThatTakesATextSlowlyGetsItWholeHoweverLongThatLasts) {
  HttpOptions options;
  options.limits.write = 1s;  // for each piece, more than what the sockets hold is taken meanwhile
  constexpr std::size_t kBytes = 60'000'000;
  Router router;
  router.add({"GET", "/text", Role::Anybody,
              [](const Request&) { return Response::text(200, std::string(kBytes, 'x')); }});
  TestServer server(std::move(router), options);
  Peer peer(server);
  peer.sends("GET /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::size_t taken = 0;
  while (const std::size_t count = peer.takes(2'000'000)) {
    taken += count;
    std::this_thread::sleep_for(50ms);  // the slow client itself: 1.5 s in all
  }
  EXPECT_GT(taken, kBytes);
}

TEST(HttpServer, ConnectionsAboveTheLimitGet503WhenAllAreBeingAnswered) {
  std::latch inside(2), leave(1);
  Router router;
  router.add({"GET", "/slow", Role::Anybody, [&](const Request&) {
                inside.count_down();
                leave.wait();
                return Response::text(200, "done");
              }});
  HttpOptions options;
  options.limits.connections_max = 2;
  TestServer server(std::move(router), options);
  Peer first(server), second(server);
  for (Peer* peer : {&first, &second}) peer->sends("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  inside.wait();
  Peer third(server, "127.0.0.2");
  EXPECT_EQ(third.receives().status(), 503);
  EXPECT_TRUE(third.is_closed_by_server());
  leave.count_down();
  EXPECT_EQ(first.receives().body, "done");
  EXPECT_EQ(second.receives().body, "done");
}

TEST(HttpServer, ARefusedUploadHoldsNoPlace) {
  Router router = echo_router();
  router.add(
      {"PUT", "/store", Role::Anybody,
       [](Request&) -> boost::asio::awaitable<Response> { co_return Response::text(415, "no"); },
       RequestBody::Streamed});
  HttpOptions options;
  options.limits.connections_max = 1;
  TestServer server(std::move(router), options);
  Peer upload(server);
  upload.sends("PUT /store HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nfirst");
  EXPECT_EQ(upload.receives().status(), 415) << "and the server still reads what comes";
  EXPECT_EQ(Peer(server, "127.0.0.2").gets("/hello/1").status(), 200);
}

TEST(HttpServer, ConnectionsThatAskForNothingYieldToOthersTheOldestOfTheCrowdFirst) {
  HttpOptions options;
  options.limits.connections_max = 6;
  TestServer server(echo_router(), options);
  Peer other(server, "127.0.0.3");
  EXPECT_EQ(other.gets("/hello/1").status(), 200);
  std::vector<std::unique_ptr<Peer>> silent;
  for (std::size_t i = 0; i < 12; ++i) {
    silent.push_back(std::make_unique<Peer>(server, "127.0.0.2"));
    silent.back()->sends("GET /hel");  // one that has begun to ask waits as well
    if (i < 5) continue;
    EXPECT_TRUE(silent[i - 5]->is_closed_by_server()) << i;
  }
  Peer fresh(server);
  EXPECT_EQ(fresh.gets("/hello/2").body, "hello 2");
  EXPECT_TRUE(silent[7]->is_closed_by_server());
  EXPECT_EQ(other.gets("/hello/3").body, "hello 3") << "it has been there longest, and is alone";
  EXPECT_EQ(silent[11]->asks("lo/4 HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "hello 4");
}

Router streaming_router() {
  Router router;
  const auto pieces_of = [](int count, bool breaks) {
    return [left = count, breaks, piece = std::string()]() mutable -> Result<ByteView> {
      if (left == 0 && breaks) return fail(ErrorKind::Io, "the disk is gone");
      if (left == 0) return ByteView{};
      piece = std::to_string(left--) + ";";
      return as_bytes(piece);
    };
  };
  router.add({"GET", "/chunked", Role::Anybody, [=](const Request&) {
                Response response;
                response.body = StreamedBody{pieces_of(3, false)};
                return response;
              }});
  router.add({"GET", "/sized", Role::Anybody, [=](const Request&) {
                Response response;
                response.body = StreamedBody{pieces_of(3, false), 6};
                return response;
              }});
  router.add({"GET", "/throws", Role::Anybody, [=](const Request&) {
                Response response;
                response.body = StreamedBody{[first = true]() mutable -> Result<ByteView> {
                  if (!std::exchange(first, false)) throw std::runtime_error("a fault");
                  return as_bytes("1;");
                }};
                return response;
              }});
  router.add({"GET", "/breaks", Role::Anybody, [=](const Request&) {
                Response response;
                response.body = StreamedBody{pieces_of(2, true)};
                return response;
              }});
  return router;
}

TEST(HttpServer, StreamsABodyInChunksOrWithItsLength) {
  TestServer server(streaming_router());
  Peer peer(server);
  const Answer chunked = peer.gets("/chunked");
  EXPECT_EQ(chunked.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(chunked.body, "3;2;1;");
  const Answer sized = peer.gets("/sized");
  EXPECT_EQ(sized.header("Content-Length"), "6");
  EXPECT_EQ(sized.body, "3;2;1;");
}

TEST(HttpServer, StreamsToHttp10UntilTheConnectionEnds) {
  TestServer server(streaming_router());
  Peer peer(server);
  const Answer answer = peer.asks("GET /chunked HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer.header("Transfer-Encoding"), IsEmpty());
  EXPECT_TRUE(peer.is_closed_by_server());
}

TEST(HttpServer, AStreamThatBreaksNeverLooksWhole) {
  TestServer server(streaming_router());
  Peer peer(server);
  peer.sends("GET /breaks HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Answer answer = peer.receives();
  EXPECT_EQ(answer.body, "2;1;");
  EXPECT_TRUE(peer.is_closed_by_server()) << "no last chunk came";
}

TEST(HttpServer, ABodyThatThrowsEndsItsConnectionOnly) {
  TestServer server(streaming_router());
  Peer other(server), peer(server);
  EXPECT_EQ(other.gets("/sized").body, "3;2;1;");
  peer.sends("GET /throws HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(peer.receives().body, "1;");
  EXPECT_TRUE(peer.is_closed_by_server()) << "no last chunk came";
  EXPECT_EQ(other.gets("/sized").body, "3;2;1;");
}

TEST(HttpServer, ShutdownAnswersWhatIsInFlightAndTakesNothingNew) {
  std::latch inside(1), leave(1);
  Router router;
  router.add({"GET", "/slow", Role::Anybody, [&](const Request&) {
                inside.count_down();
                leave.wait();
                return Response::text(200, "done");
              }});
  TestServer server(std::move(router));
  Peer busy(server), idle(server);
  busy.sends("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  inside.wait();
  auto down = std::async(std::launch::async, [&] { server.server->shut_down(20s); });
  EXPECT_TRUE(idle.is_closed_by_server());
  leave.count_down();
  const Answer answer = busy.receives();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.header("Connection"), "close");
  down.get();
  EXPECT_EQ(server.server->connections(), 0U);
}

TEST(HttpServer, ShutdownWithoutGraceDropsAClientThatReadsNothing) {
  Router router;
  router.add({"GET", "/endless", Role::Anybody, [](const Request&) {
                Response response;
                response.body = StreamedBody{[piece = std::string(1 << 16, 'x')] {
                  return Result<ByteView>(as_bytes(piece));
                }};
                return response;
              }});
  TestServer server(std::move(router));
  Peer peer(server);
  peer.sends("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(peer.receives(true).status(), 200);
  server.server->shut_down(0ms);
  EXPECT_EQ(server.server->connections(), 0U);
}

TEST(HttpServer, APortInUseIsAnErrorThatSaysSo) {
  TestServer server(echo_router());
  HttpOptions options;
  options.port = server.server->port();
  const auto second = HttpServer::start(server.pool, options, {}, {}, nullptr);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::Io);
  EXPECT_THAT(second.error().message, HasSubstr("port " + std::to_string(options.port)));
  EXPECT_THAT(second.error().message, HasSubstr("another program already uses it"));
}

TEST(HttpServer, AnAddressThatIsNoneIsInvalid) {
  integration::IoPool pool(1);
  HttpOptions options;
  options.listen = "not an address";
  const auto server = HttpServer::start(pool, options, {}, {}, nullptr);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().kind, ErrorKind::InvalidArgument);
}

TEST(HttpServer, CountsRequestsByRouteAndNeverByPath) {
  TestServer server(echo_router());
  Peer peer(server);
  peer.gets("/hello/a");
  peer.gets("/hello/b");
  peer.gets("/secret-path");
  const std::string text = server.metrics->exposition();
  EXPECT_THAT(text,
              HasSubstr("pacs_http_requests_total{route=\"/hello/{name}\",status=\"200\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("pacs_http_requests_total{route=\"none\",status=\"404\"} 1\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("secret-path")));
}

TEST(HttpServer, ServesManyClientsAtOnce) {
  TestServer server(echo_router());
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 16; ++c) {
    clients.emplace_back([&, c] {
      Peer peer(server);
      for (int i = 0; i < 50; ++i) {
        const std::string name = std::to_string(c) + "-" + std::to_string(i);
        right += peer.gets("/hello/" + name).body == "hello " + name;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(right, 800);
}

}  // namespace
}  // namespace pacs::web
