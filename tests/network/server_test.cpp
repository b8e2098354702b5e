// The port itself: limits, readiness, shutdown, metrics.
#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include "process.h"
#include "raw_peer.h"
#include "scu.h"
#include "test_port.h"
#include "tests/sanitized.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST(Server, RejectsAssociationsAboveItsLimitForNow) {
  ServerOptions options;
  options.associations_max = 2;
  TestPort port(options);
  {
    const auto first = port.wait(request_association(port.request_options(), {}));
    const auto second = port.wait(request_association(port.request_options(), {}));
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_EQ(port.server().associations(), 2U);
    const auto third = port.wait(request_association(port.request_options(), {}));
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().kind, ErrorKind::Rejected);
    EXPECT_NE(third.error().message.find("local limit exceeded (transient"), std::string::npos);
  }
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 2; }));
  EXPECT_TRUE(port.wait(echo_once(port.request_options())));
}

AssociateRq raw_request() {
  AssociateRq rq;
  rq.called_ae = "TESTPORT";
  rq.calling_ae = "RAW";
  rq.contexts = {{1, kVerification, {kImplicitLittle}}};
  return rq;
}

std::vector<RawPeer> silent_peers(std::uint16_t port, int count, const char* from) {
  std::vector<RawPeer> peers;
  for (int i = 0; i < count; ++i) peers.emplace_back(port, from);
  return peers;
}

/// That many of them, whichever came first on the threads of the server.
void wait_until_closed(const std::vector<RawPeer>& peers, int count) {
  while (std::ranges::count_if(peers, &RawPeer::is_closed) < count) {
    std::this_thread::yield();  // the test's time limit ends this
  }
}

TEST(Server, ConnectionsThatSayNothingYieldAndHoldNoOtherUp) {
  ServerOptions options;
  options.associations_max = 4;
  options.waiting_max = {.all = 8, .per_address = 4};
  TestPort port(options);
  const auto established = port.wait(request_association(port.request_options(), {}));
  ASSERT_TRUE(established);
  std::vector<RawPeer> silent = silent_peers(port.port(), 40, "127.0.0.2");
  wait_until_closed(silent, 36);
  EXPECT_TRUE(port.wait(echo_once(port.request_options()))) << "from another address";
  RawPeer honest(port.port(), "127.0.0.2");
  honest.send(Pdu{raw_request()});
  honest.expect<AssociateAc>();
  std::vector<RawPeer> more = silent_peers(port.port(), 40, "127.0.0.2");
  wait_until_closed(more, 36);
  honest.send(Pdu{ReleaseRq{}});
  honest.expect<ReleaseRp>();
  const auto answer =
      port.wait([](std::shared_ptr<Association> association) -> Task<Result<Command>> {
        co_await association->send(1, echo_request());
        Result<Command> echoed = co_await response(*association);
        co_return echoed;
      }(*established));
  ASSERT_TRUE(answer) << "an association of another address never suffers";
  EXPECT_EQ(answer->status, status::kSuccess);
}

TEST(Server, ConnectionsOfManyAddressesYieldToo) {
  ServerOptions options;
  options.waiting_max = {.all = 6, .per_address = 4};
  TestPort port(options);
  std::vector<RawPeer> silent;
  for (const char* from : {"127.0.0.2", "127.0.0.3", "127.0.0.4"}) {
    for (RawPeer& peer : silent_peers(port.port(), 4, from)) silent.push_back(std::move(peer));
  }
  EXPECT_TRUE(port.wait(echo_once(port.request_options())));
  wait_until_closed(silent, 6);
}

TEST(Server, ConnectionsThatOutstayTheirAssociationYield) {
  ServerOptions options;
  options.waiting_max = {.all = 12, .per_address = 4};
  TestPort port(options);
  std::vector<RawPeer> released;
  for (int i = 0; i < 6; ++i) {
    RawPeer& peer = released.emplace_back(port.port());
    peer.send(Pdu{raw_request()});
    peer.expect<AssociateAc>();
    peer.send(Pdu{ReleaseRq{}});
    peer.expect<ReleaseRp>();
  }
  wait_until_closed(released,
                    2);  // long before ARTIM; which two: those that the server ended first
}

TEST(Server, EqualWarningsOfOnePeerAreSummedAfterTheFirstFew) {
  const TemporaryDirectory directory;
  const integration::Logger log = *integration::Logger::create({.file = directory / "log"});
  {
    TestPort port({}, accept_all(), {}, log);
    for (const char* title : {"WRONG", "OTHER"}) {
      for (int i = 0; i < 12; ++i) {
        RawPeer peer(port.port(), "127.0.0.2");
        AssociateRq rq = raw_request();
        rq.called_ae = title;
        peer.send(Pdu{rq});
        peer.expect<AssociateRj>();
      }
    }
    RequestOptions wrong = port.request_options();
    wrong.called_ae = "WRONG";
    EXPECT_FALSE(port.wait(request_association(wrong, {})));
  }
  log.flush();
  std::ifstream file{directory / "log"};
  std::vector<std::string> rejections;
  for (std::string line; std::getline(file, line);) {
    if (line.find("association rejected") != std::string::npos) rejections.push_back(line);
  }
  ASSERT_EQ(rejections.size(), 5U + 1U + 1U) << "five, one of another peer, and the sum";
  EXPECT_NE(rejections.back().find("more_times=19"), std::string::npos) << rejections.back();
  EXPECT_NE(rejections.back().find("peer=127.0.0.2"), std::string::npos) << rejections.back();
}

TEST(Server, CountsAssociationsByTheirEndAndBytesBothWays) {
  TestPort port;
  ASSERT_TRUE(port.wait(echo_once(port.request_options())));
  ASSERT_TRUE(port.wait(store_once(port.request_options(), numbered_bytes(100'000), 10'000)));
  { RawPeer nothing(port.port()); }
  RequestOptions wrong = port.request_options();
  wrong.called_ae = "WRONG";
  ASSERT_FALSE(port.wait(request_association(wrong, {})));
  port.server().shut_down(5s);
  EXPECT_EQ(port.metric("pacs_associations_total{outcome=\"released\"}"), 2);
  EXPECT_EQ(port.metric("pacs_associations_total{outcome=\"rejected\"}"), 1);
  EXPECT_EQ(port.metric("pacs_associations_total{outcome=\"no_association\"}"), 1);
  EXPECT_EQ(port.metric("pacs_associations_active"), 0);
  EXPECT_GT(port.metric("pacs_dicom_bytes_total{direction=\"received\"}"), 100'000);
  EXPECT_GT(port.metric("pacs_dicom_bytes_total{direction=\"sent\"}"), 400);
}

TEST(Server, IsReadyWhileItWouldAcceptAnAssociation) {
  ServerOptions options;
  options.associations_max = 1;
  TestPort port(options);
  EXPECT_TRUE(port.server().ready());
  {
    const auto only = port.wait(request_association(port.request_options(), {}));
    ASSERT_TRUE(only);
    const Result<> full = port.server().ready();
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().message, "all 1 associations (associations_max) are in use");
  }
  while (!port.server().ready()) std::this_thread::yield();  // the test's time limit ends this
  EXPECT_EQ(port.server().associations(), 0U);
  port.server().shut_down(0s);
  const Result<> down = port.server().ready();
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().message, "the server is shutting down");
}

/// The process may open one more descriptor while it lives.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::dup(STDIN_FILENO);
    ::close(lowest);
    const rlimit tight{static_cast<rlim_t>(lowest + 1), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  }
  ~OneDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  OneDescriptorLeft(const OneDescriptorLeft&) = delete;
  OneDescriptorLeft& operator=(const OneDescriptorLeft&) = delete;

 private:
  rlimit before_{};
};

TEST(Server, IsNotReadyWhileDescriptorsHaveRunOutAndThenGoesOn) {
  if (kSanitized) GTEST_SKIP() << "UBSan opens a pipe to look at an object's type";
  TestPort port;
  for (int i = 0; i < 2; ++i) {  // then all threads have what descriptors they need
    ASSERT_TRUE(port.wait(echo_once(port.request_options())));
  }
  ASSERT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 2; }));
  while (port.metric("pacs_associations_total{outcome=\"released\"}") < 2)
    std::this_thread::yield();
  std::optional<RawPeer> peer;
  {
    const OneDescriptorLeft left;
    peer.emplace(port.port());  // takes it: none is left to accept with
    while (port.server().ready()) std::this_thread::yield();
    EXPECT_NE(port.server().ready().error().message.find("cannot accept a connection: "),
              std::string::npos);
  }
  AssociateRq rq;
  rq.called_ae = "TESTPORT";
  rq.calling_ae = "RAW";
  rq.contexts = {{1, kVerification, {kImplicitLittle}}};
  peer->send(Pdu{rq});
  peer->expect<AssociateAc>();
  while (!port.server().ready()) std::this_thread::yield();
  EXPECT_TRUE(port.server().ready());
}

TEST(Server, ShutdownTellsIdleAssociations) {
  TestPort port;
  const auto opened = port.wait(request_association(port.request_options(), {}));
  ASSERT_TRUE(opened);
  ASSERT_TRUE(port.seen().wait([&] { return port.seen().served == 1; }));
  const auto start = std::chrono::steady_clock::now();
  port.server().shut_down(10s);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(port.server().associations(), 0U);
  EXPECT_EQ(port.seen().ends.at(0).message, "the server is shutting down");
  const auto answer =
      port.wait([](std::shared_ptr<Association> association) -> Task<Result<Command>> {
        co_return co_await response(*association);
      }(*opened));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("aborted"), std::string::npos) << answer.error().message;
}

TEST(Server, ShutdownLetsOperationsInFlightFinish) {
  std::promise<void> received;
  std::promise<void> answer_now;
  TestPort port({}, accept_all(), [&](std::shared_ptr<Association> association) -> Task<void> {
    const auto message = co_await association->receive();
    if (!message || !*message) co_return;
    received.set_value();
    answer_now.get_future().wait();  // work in progress on this thread; the pool has another
    co_await association->send((*message)->context_id, response_to((*message)->command));
    co_await association->receive();
  });
  auto echo = asio::co_spawn(
      asio::make_strand(port.context()),
      [&]() -> Task<Result<Command>> {
        auto opened = co_await request_association(port.request_options(), {});
        if (!opened) co_return fail(std::move(opened).error());
        const std::shared_ptr<Association> association = *std::move(opened);
        co_await association->send(1, echo_request());
        co_return co_await response(*association);
      },
      asio::use_future);
  received.get_future().wait();
  std::thread shutdown([&] { port.server().shut_down(10s); });
  answer_now.set_value();
  const auto answer = echo.get();
  shutdown.join();
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->status, status::kSuccess);
}

TEST(Server, ShutdownDoesNotWaitBeyondItsGraceForAPeerThatSaysNothing) {
  TestPort port({}, accept_all(), [](std::shared_ptr<Association> association) -> Task<void> {
    const auto message = co_await association->receive();
    if (message && *message) co_await association->read_data_set();
  });
  RawPeer peer(port.port());
  AssociateRq rq;
  rq.called_ae = "TESTPORT";
  rq.calling_ae = "RAW";
  rq.contexts = {{1, kCtImageStorage, {kExplicitLittle}}};
  peer.send(Pdu{rq});
  peer.expect<AssociateAc>();
  Command store = store_request();
  store.has_data_set = true;
  const Bytes command = encode_command(store);
  peer.send(encode_data_header(1, true, true, static_cast<std::uint32_t>(command.size())));
  peer.send(command);  // and its data set never comes
  RawPeer silent(port.port());
  const auto start = std::chrono::steady_clock::now();
  port.server().shut_down(300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(port.server().associations(), 0U);
  peer.expect_close();
  silent.expect_close();
}

TEST(Server, AfterShutdownNobodyConnects) {
  TestPort port;
  port.server().shut_down(1s);
  EXPECT_THROW(RawPeer{port.port()}, std::runtime_error);
}

TEST(Server, AnExceptionInAServiceEndsItsAssociationOnly) {
  TestPort port({}, accept_all(), [](std::shared_ptr<Association> association) -> Task<void> {
    const auto message = co_await association->receive();
    if (message && *message && (*message)->command.message_id == 7)
      throw std::runtime_error("a fault");
    co_await association->send(1, response_to((*message)->command));
    co_await association->receive();
  });
  EXPECT_FALSE(port.wait(echo_once(port.request_options())));  // echoes with message id 7
  const auto answer = port.wait([](RequestOptions request) -> Task<Result<Command>> {
    auto opened = co_await request_association(std::move(request), {});
    if (!opened) co_return fail(std::move(opened).error());
    const std::shared_ptr<Association> association = *std::move(opened);
    co_await association->send(1, echo_request(1));
    co_return co_await response(*association);
  }(port.request_options()));
  EXPECT_TRUE(answer);
}

TEST(Server, DoesNotStartOnAPortInUseOrAnAddressThatIsNone) {
  TestPort port;
  ServerOptions options;
  options.port = port.port();
  const auto serve = [](std::shared_ptr<Association>) -> Task<void> { co_return; };
  auto second = Server::start(port.pool(), options, accept_all(), serve, {}, nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Io);
  EXPECT_EQ(second.error().where, fmt::format("127.0.0.1:{}", port.port()));
  options.listen = "everywhere";
  second = Server::start(port.pool(), options, accept_all(), serve, {}, nullptr);
  EXPECT_EQ(second.error().kind, ErrorKind::InvalidArgument);
  second = Server::start(port.pool(), {}, accept_all("A\\B"), serve, {}, nullptr);
  EXPECT_EQ(second.error().kind, ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace pacs::network
