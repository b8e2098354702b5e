// Associations over real sockets, ours against ours and against DCMTK.
#include "network/association.h"

#include <fmt/format.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "process.h"
#include "raw_peer.h"
#include "scu.h"
#include "test_port.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST(Association, OurRequestorEchoesOnOurAcceptor) {
  TestPort port;
  const auto response = port.wait(echo_once(port.request_options()));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->field, CommandField::CEchoRsp);
  EXPECT_EQ(response->message_id, 7);
  EXPECT_EQ(response->status, status::kSuccess);
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 1; }));
  EXPECT_EQ(port.seen().ends[0].message, "released");
}

TEST(Association, BothSidesSeeTheSame) {
  TestPort port;
  RequestOptions options = port.request_options();
  options.user.roles = {{kCtImageStorage, true, true}};
  options.contexts.push_back({0, "1.2.3", {kImplicitLittle}});
  options.user.operations_window = {4, 1};
  options.user.user_identity = UserIdentity{2, true, "doctor", "secret"};
  options.user.extended = {{kCtImageStorage, Bytes(2, std::byte{1})}};
  const auto opened = port.wait(request_association(options, {}));
  ASSERT_TRUE(opened) << opened.error().to_string();
  const Negotiated& ours = (*opened)->negotiated();
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().served == 1; }));
  const Negotiated theirs = port.seen().last();
  EXPECT_EQ(theirs.request.calling_ae, "TESTER");
  EXPECT_EQ(theirs.request.user.user_identity->secondary, "secret");
  EXPECT_EQ(theirs.request.user.extended.size(), 1U);
  EXPECT_EQ(theirs.window().invoked, 4);
  EXPECT_EQ(ours.window().invoked, 4);
  EXPECT_FALSE(ours.answer.user.user_identity_response) << "nobody has verified it";
  EXPECT_EQ(ours.contexts.size(), 3U);
  EXPECT_EQ(ours.contexts[2].id, 5);
  EXPECT_FALSE(theirs.id.empty());
  EXPECT_NE(theirs.id, ours.id);
  EXPECT_FALSE(ours.tls);
}

TEST(Association, DcmtkEchoesOnOurAcceptor) {
  TestPort port;
  const Ran echo =
      run(fmt::format("echoscu -v -aet DCMTK -aec TESTPORT --repeat 5 127.0.0.1 {}", port.port()));
  EXPECT_EQ(echo.exit_code, 0) << echo.output;
  EXPECT_EQ(port.seen().messages, 5U);
}

TEST(Association, DcmtkProposes128ContextsAndEveryTransferSyntaxOfItsChoice) {
  TestPort port;
  const Ran echo = run(fmt::format(
      "echoscu -d -aet DCMTK -aec TESTPORT -pts 38 -ppc 128 127.0.0.1 {}", port.port()));
  EXPECT_EQ(echo.exit_code, 0) << echo.output;
  const Negotiated negotiated = port.seen().last();
  EXPECT_EQ(negotiated.contexts.size(), 128U);
}

TEST(Association, DcmtkIsToldWhyItIsRejected) {
  TestPort port;
  const Ran echo = run(fmt::format("echoscu -aec SOMEBODY 127.0.0.1 {}", port.port()));
  EXPECT_NE(echo.exit_code, 0);
  EXPECT_NE(echo.output.find("Called AE Title Not Recognized"), std::string::npos) << echo.output;
  EXPECT_EQ(port.seen().served, 0U);
}

TEST(Association, DcmtkAbortsAndTheServiceLearnsIt) {
  TestPort port;
  const Ran echo = run(fmt::format("echoscu --abort -aec TESTPORT 127.0.0.1 {}", port.port()));
  EXPECT_EQ(echo.exit_code, 0) << echo.output;
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 1; }));
  EXPECT_EQ(port.seen().ends[0].kind, ErrorKind::ConnectionClosed);
  EXPECT_NE(port.seen().ends[0].message.find("by the service user"), std::string::npos);
}

TEST(Association, OurRequestorEchoesOnStorescp) {
  const std::uint16_t dcmtk = free_port();
  const TemporaryDirectory directory;
  const Process storescp({"storescp", "-od", directory.string(), std::to_string(dcmtk)}, dcmtk);
  TestPort port;
  RequestOptions options = port.request_options();
  options.port = dcmtk;
  options.contexts = {{0, kVerification, {kImplicitLittle}}};
  const auto response = port.wait(echo_once(options));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->status, status::kSuccess);
}

TEST(Association, DcmtkStoresWithEachMaximumPduLength) {
  const std::string file = "/usr/lib/python3/dist-packages/pydicom/data/test_files/CT_small.dcm";
  TestPort port;
  for (const char* bytes : {"4096", "16384", "131072"}) {
    const Ran stored =
        run(fmt::format("storescu -pdu {0} --max-send-pdu {0} -aec TESTPORT 127.0.0.1 {1} {2}",
                        bytes, port.port(), file));
    EXPECT_EQ(stored.exit_code, 0) << stored.output;
  }
  EXPECT_EQ(port.seen().messages, 3U);
}

// DESIGN: with Nagle's algorithm on, the client waits for the acknowledgement of each command; a
// delayed one takes the kernel 40 ms, which would make 4 s of this.
TEST(Association, ADcmtkClientWithDefaultSettingsDoesNotWaitForAcknowledgements) {
  TestPort port;
  const auto start = std::chrono::steady_clock::now();
  const Ran stored =
      run(fmt::format("storescu --repeat 100 -aec TESTPORT 127.0.0.1 {} "
                      "/usr/lib/python3/dist-packages/pydicom/data/test_files/CT_small.dcm",
                      port.port()));
  EXPECT_EQ(stored.exit_code, 0) << stored.output;
  EXPECT_EQ(port.seen().messages, 100U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
}

TEST(Association, TwoCoroutinesCannotReadAtOnce) {
  TestPort port;
  const auto second = port.wait([](RequestOptions request) -> Task<Error> {
    auto opened = co_await request_association(std::move(request), {});
    if (!opened) co_return std::move(opened).error();
    const std::shared_ptr<Association> association = *std::move(opened);
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(
        executor, [association]() -> Task<void> { co_await association->receive(); },
        asio::detached);
    co_await asio::post(executor, asio::use_awaitable);  // the first one is reading now
    const auto message = co_await association->receive();
    const Result<> released = co_await association->release();
    EXPECT_FALSE(released);
    association->abort();
    co_return message ? Error{} : message.error();
  }(port.request_options()));
  EXPECT_EQ(second.message, "two coroutines read from one association");
}

/// A port that keeps the data set of each message and sends it back with its response.
Server::Serve mirror() {
  return [](std::shared_ptr<Association> association) -> Task<void> {
    while (true) {
      const auto message = co_await association->receive();
      if (!message || !*message) co_return;
      Bytes data;
      bool last = !(*message)->command.has_data_set;
      while (!last) {
        const auto piece = co_await association->read_data_set();
        if (!piece) co_return;
        append(data, piece->bytes);
        last = piece->last;
      }
      Command answer;  // a response that may have a data set
      answer.field = CommandField::CFindRsp;
      answer.message_id = (*message)->command.message_id;
      answer.status = status::kSuccess;
      const Result<> sent = co_await association->send((*message)->context_id, std::move(answer),
                                                       pieces_of(data, 70'000));
      if (!sent) co_return;
    }
  };
}

Task<Result<Bytes>> reflect(RequestOptions options, ByteView data, std::size_t piece_bytes) {
  auto opened = co_await request_association(std::move(options), {});
  if (!opened) co_return fail(std::move(opened).error());
  const std::shared_ptr<Association> association = *std::move(opened);
  const std::uint8_t context = association->negotiated().accepted_for(kCtImageStorage)->id;
  const Result<> sent =
      co_await association->send(context, store_request(), pieces_of(data, piece_bytes));
  if (!sent) co_return fail(sent.error());
  const auto message = co_await association->receive();
  if (!message) co_return fail(message.error());
  Bytes back;
  bool last = false;
  while (!last) {
    const auto piece = co_await association->read_data_set();
    if (!piece) co_return fail(piece.error());
    append(back, piece->bytes);
    last = piece->last;
  }
  const Result<> released = co_await association->release();
  if (!released) co_return fail(released.error());
  co_return back;
}

TEST(Association, CarriesDataSetsOfAnySizeInPdusOfAnySizeBothWays) {
  for (const std::uint32_t theirs : {7U, 128U, 16'384U, 1'000'000U}) {
    ServerOptions server;
    server.limits.pdu_bytes_max = theirs;
    TestPort port(server, accept_all(), mirror());
    for (const std::uint32_t ours : {8U, 4'096U, 131'072U}) {
      const bool tiny = theirs < 100 || ours < 100;
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3'001},
                                     tiny ? std::size_t{5'000} : std::size_t{3'000'000}}) {
        RequestOptions options = port.request_options();
        options.limits.pdu_bytes_max = ours;
        const Bytes data = numbered_bytes(size);
        const auto back = port.wait(reflect(options, data, 100'000));
        ASSERT_TRUE(back) << back.error().to_string();
        EXPECT_TRUE(*back == data) << theirs << ' ' << ours << ' ' << size;
      }
    }
  }
}

TEST(Association, TwoHundredAtOnceEachStore) {
  TestPort port;
  constexpr std::size_t kAssociations = 200;
  const Bytes data = numbered_bytes(300'000);
  std::atomic<std::size_t> open{0};
  std::vector<std::future<Result<Command>>> stores;
  for (std::size_t i = 0; i < kAssociations; ++i) {
    stores.push_back(asio::co_spawn(
        asio::make_strand(port.context()),
        [&]() -> Task<Result<Command>> {
          auto opened = co_await request_association(port.request_options(), {});
          if (!opened) co_return fail(std::move(opened).error());
          const std::shared_ptr<Association> association = *std::move(opened);
          // All are open before the first one stores.
          ++open;
          while (open < kAssociations) co_await asio::post(asio::use_awaitable);
          const std::uint8_t context = association->negotiated().accepted_for(kCtImageStorage)->id;
          const Result<> sent =
              co_await association->send(context, store_request(), pieces_of(data, 65'536));
          if (!sent) co_return fail(sent.error());
          Result<Command> answer = co_await response(*association);
          if (!answer) co_return answer;
          const Result<> released = co_await association->release();
          if (!released) co_return fail(released.error());
          co_return answer;
        },
        asio::use_future));
  }
  for (auto& store : stores) {
    const auto answer = store.get();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->status, status::kSuccess);
  }
  EXPECT_EQ(port.seen().data_bytes, kAssociations * data.size());
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == kAssociations; }));
}

// The operations window: requests are received while earlier ones are unanswered, answers go in any
// order and from several coroutines.
TEST(Association, AnswersOutOfOrderWithinTheWindow) {
  TestPort port({}, accept_all(), [](std::shared_ptr<Association> association) -> Task<void> {
    std::vector<Message> waiting;
    const auto executor = co_await asio::this_coro::executor;
    while (true) {
      const auto message = co_await association->receive();
      if (!message || !*message) co_return;
      waiting.push_back(**message);
      if (waiting.size() < 4) continue;
      while (!waiting.empty()) {
        asio::co_spawn(
            executor,
            [association, request = waiting.back()]() -> Task<void> {
              co_await association->send(request.context_id, response_to(request.command));
            },
            asio::detached);
        waiting.pop_back();
      }
    }
  });
  RequestOptions options = port.request_options();
  options.user.operations_window = {4, 1};
  const auto ids = port.wait([](RequestOptions request) -> Task<std::vector<std::uint16_t>> {
    std::vector<std::uint16_t> answered;
    auto opened = co_await request_association(std::move(request), {});
    if (!opened) co_return answered;
    const std::shared_ptr<Association> association = *std::move(opened);
    for (std::uint16_t id = 1; id <= 4; ++id) {
      co_await association->send(1, echo_request(id));
    }
    for (int i = 0; i < 4; ++i) {
      const auto answer = co_await response(*association);
      if (answer) answered.push_back(answer->message_id);
    }
    co_await association->release();
    co_return answered;
  }(options));
  EXPECT_EQ(ids, (std::vector<std::uint16_t>{4, 3, 2, 1}));
}

TEST(Association, MessagesFromSeveralCoroutinesDoNotInterleave) {
  TestPort port({}, accept_all(), mirror());
  RequestOptions options = port.request_options();
  options.user.operations_window = {8, 1};
  options.limits.pdu_bytes_max = 1024;
  const Bytes data = numbered_bytes(50'000);
  const auto whole = port.wait([&]() -> Task<int> {
    auto opened = co_await request_association(options, {});
    if (!opened) co_return -1;
    const std::shared_ptr<Association> association = *std::move(opened);
    const auto executor = co_await asio::this_coro::executor;
    for (std::uint16_t id = 1; id <= 8; ++id) {
      asio::co_spawn(
          executor,
          [association, id, &data]() -> Task<void> {
            co_await association->send(3, store_request(id), pieces_of(data, 777));
          },
          asio::detached);
    }
    int same = 0;
    for (int i = 0; i < 8; ++i) {
      const auto message = co_await association->receive();
      if (!message || !*message) break;
      Bytes back;
      bool last = false;
      while (!last) {
        const auto piece = co_await association->read_data_set();
        if (!piece) co_return same;
        append(back, piece->bytes);
        last = piece->last;
      }
      if (back == data) ++same;
    }
    co_await association->release();
    co_return same;
  }());
  EXPECT_EQ(whole, 8);
}

TEST(Association, ReceivePassesOverADataSetThatNobodyRead) {
  TestPort port({}, accept_all(), [](std::shared_ptr<Association> association) -> Task<void> {
    while (true) {
      const auto message = co_await association->receive();
      if (!message || !*message) co_return;
      co_await association->send((*message)->context_id, response_to((*message)->command, 0xA700));
    }
  });
  const auto first =
      port.wait(store_once(port.request_options(), numbered_bytes(500'000), 100'000));
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->status, 0xA700);
}

TEST(Association, ASourceThatFailsAbortsTheHalfSentMessage) {
  TestPort port;
  const auto result = port.wait([](RequestOptions request) -> Task<Result<>> {
    auto opened = co_await request_association(std::move(request), {});
    if (!opened) co_return fail(std::move(opened).error());
    const std::shared_ptr<Association> association = *std::move(opened);
    int calls = 0;
    const Bytes piece = numbered_bytes(200'000);
    DataSource source = [&]() -> Result<ByteView> {
      if (++calls == 3) return fail(ErrorKind::Io, "the disk is gone");
      return ByteView{piece};
    };
    co_return co_await association->send(3, store_request(), std::move(source));
  }(port.request_options()));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the disk is gone");
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 1; }));
  EXPECT_NE(port.seen().ends[0].message.find("abort"), std::string::npos)
      << port.seen().ends[0].message;
  EXPECT_EQ(port.seen().messages, 0U);
}

TEST(Association, ARequestorThatLetsGoAborts) {
  TestPort port;
  {
    const auto opened = port.wait(request_association(port.request_options(), {}));
    ASSERT_TRUE(opened);
  }
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 1; }));
  EXPECT_NE(port.seen().ends[0].message.find("aborted"), std::string::npos);
}

TEST(Association, AnAcceptorMayAbort) {
  TestPort port({}, accept_all(), [](std::shared_ptr<Association> association) -> Task<void> {
    co_await association->receive();
    association->abort();
    const auto after = co_await association->receive();
    EXPECT_FALSE(after);
    const Result<> sent = co_await association->send(1, echo_request());
    EXPECT_FALSE(sent);
  });
  const auto response = port.wait(echo_once(port.request_options()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::ConnectionClosed);
  EXPECT_NE(response.error().message.find("by the service user"), std::string::npos);
}

TEST(Association, AServiceThatReturnsEndsTheAssociation) {
  TestPort port({}, accept_all(), [](std::shared_ptr<Association> association) -> Task<void> {
    co_await association->receive();
  });
  const auto response = port.wait(echo_once(port.request_options()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::ConnectionClosed);
}

TEST(Association, ARejectionIsSaidInWords) {
  TestPort port;
  RequestOptions options = port.request_options();
  options.called_ae = "SOMEBODY";
  const auto opened = port.wait(request_association(options, {}));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Rejected);
  EXPECT_EQ(opened.error().message,
            "the peer rejected the association: called AE title not recognized (permanent; result "
            "1, source 1, reason 7)");
  EXPECT_NE(opened.error().where.find("SOMEBODY at 127.0.0.1"), std::string::npos);
}

TEST(Association, NobodyListeningIsAnError) {
  TestPort port;
  RequestOptions options = port.request_options();
  options.port = free_port();
  const auto opened = port.wait(request_association(options, {}));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Io);
}

TEST(Association, AWrongTitleIsToldBeforeConnecting) {
  TestPort port;
  RequestOptions options = port.request_options();
  options.calling_ae = "A\\B";
  const auto opened = port.wait(request_association(options, {}));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::InvalidArgument);
}

/// A listener that accepts and says what a test wants, or nothing.
class RawAcceptor {
 public:
  RawAcceptor() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 5);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~RawAcceptor() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  RawAcceptor(const RawAcceptor&) = delete;
  RawAcceptor& operator=(const RawAcceptor&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Sends `bytes` to the next connection and keeps what it gets until the other end closes. With
  /// none it stays silent.
  void answer_with(Bytes bytes) {
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int socket = ::accept(listener_, nullptr, nullptr);
      (void)!::write(socket, bytes.data(), bytes.size());
      std::byte chunk[4096];
      for (ssize_t n; (n = ::read(socket, chunk, sizeof chunk)) > 0;) {
        received_.insert(received_.end(), chunk, chunk + n);
      }
      ::close(socket);
    });
  }
  Bytes received() {
    thread_.join();
    return received_;
  }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  Bytes received_;
};

Result<std::shared_ptr<Association>> open(TestPort& executor, RawAcceptor& acceptor) {
  RequestOptions options = executor.request_options();
  options.port = acceptor.port();
  options.limits.connect = 200ms;
  options.limits.dimse_response = 200ms;
  return executor.wait(request_association(options, {}));
}

/// Far less than ARTIM, which is at its 30 s, and more than any machine is slow.
constexpr auto kSoon = 10s;

TEST(Association, AnAcceptorThatSaysNothingIsATimeoutAndAborted) {
  const auto begin = std::chrono::steady_clock::now();
  RawAcceptor acceptor;
  acceptor.answer_with({});
  TestPort executor;
  const auto opened = open(executor, acceptor);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Timeout) << opened.error().to_string();
  EXPECT_EQ(opened.error().message, "no answer to the association request within 200 ms");
  const Bytes received = acceptor.received();
  EXPECT_EQ(to_hex(ByteView{received}.last(10)), "07000000000400000000");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoon) << "it is closed after the A-ABORT";
}

TEST(Association, SilenceInTheTlsHandshakeOfARequestorIsATimeoutThatSaysSo) {
  RawAcceptor acceptor;
  acceptor.answer_with({});
  TestPort executor;
  RequestOptions options = executor.request_options();
  options.port = acceptor.port();
  options.limits.connect = 200ms;
  options.tls.emplace();
  options.tls->verify_peer = false;
  const auto opened = executor.wait(request_association(options, {}));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Timeout) << opened.error().to_string();
  EXPECT_EQ(opened.error().message, "the TLS handshake did not end within 200 ms");
}

TEST(Association, AnAnswerThatIsNoPduIsMalformedAndAborted) {
  RawAcceptor acceptor;
  acceptor.answer_with(hex("'HTTP/1.1 400 Bad Request'"));
  TestPort executor;
  const auto opened = open(executor, acceptor);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Malformed) << opened.error().to_string();
  const Bytes received = acceptor.received();
  EXPECT_EQ(to_hex(ByteView{received}.last(10)), "07000000000400000201");
}

TEST(Association, AnAnswerToWhatWasNotAskedIsMalformedAndAborted) {
  AssociateAc ac;
  ac.contexts = {{1, 0, "1.2.840.10008.1.2.2"}};
  RawAcceptor acceptor;
  acceptor.answer_with(encode_pdu(Pdu{ac}));
  TestPort executor;
  const auto opened = open(executor, acceptor);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Malformed) << opened.error().to_string();
  const Bytes received = acceptor.received();
  EXPECT_EQ(to_hex(ByteView{received}.last(10)), "07000000000400000000");
}

TEST(Association, AResponseThatDoesNotComeIsATimeoutAndTheConnectionIsClosedSoon) {
  const auto begin = std::chrono::steady_clock::now();
  AssociateAc ac;
  ac.contexts = {{1, 0, kImplicitLittle}};
  RawAcceptor acceptor;
  acceptor.answer_with(encode_pdu(Pdu{ac}));
  TestPort executor;
  auto opened = open(executor, acceptor);
  ASSERT_TRUE(opened);
  const auto answer =
      executor.wait([](std::shared_ptr<Association> association) -> Task<Result<Command>> {
        co_await association->send(1, echo_request());
        co_return co_await response(*association);
      }(*opened));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Timeout) << answer.error().to_string();
  acceptor.received();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoon);
}

TEST(Association, AReleaseIsAwaitedNoLongerThanAResponse) {
  const auto begin = std::chrono::steady_clock::now();
  AssociateAc ac;
  ac.contexts = {{1, 0, kImplicitLittle}};
  RawAcceptor acceptor;
  acceptor.answer_with(encode_pdu(Pdu{ac}));
  TestPort executor;
  auto opened = open(executor, acceptor);
  ASSERT_TRUE(opened);
  const Result<> released = executor.wait((*opened)->release());
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().kind, ErrorKind::Timeout);
  EXPECT_EQ(released.error().message, "no answer to the release within 200 ms");
  opened->reset();
  const Bytes received = acceptor.received();
  EXPECT_EQ(to_hex(ByteView{received}.last(10)), "07000000000400000000");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoon);
}

TEST(Association, ARequestorInAReleaseCollisionAnswersAndWaitsForTheAnswer) {
  AssociateAc ac;
  ac.contexts = {{1, 0, kImplicitLittle}};
  for (const bool answers : {true, false}) {
    Bytes bytes = encode_pdu(Pdu{ac});
    append(bytes, encode_pdu(Pdu{ReleaseRq{}}));
    if (answers) append(bytes, encode_pdu(Pdu{ReleaseRp{}}));
    RawAcceptor acceptor;
    acceptor.answer_with(std::move(bytes));
    TestPort executor;
    auto opened = open(executor, acceptor);
    ASSERT_TRUE(opened);
    const Result<> released = executor.wait((*opened)->release());
    EXPECT_EQ(static_cast<bool>(released), answers);
    if (!released) {
      EXPECT_EQ(released.error().message, "no answer to the release within 200 ms");
    }
    opened->reset();
    const std::string received = to_hex(acceptor.received());
    const std::string_view both = "0500000000040000000006000000000400000000";
    EXPECT_NE(received.find(both), std::string::npos) << received;
  }
}

TEST(Association, AnAcceptorInAReleaseCollisionAnswersWhenItHasItsAnswer) {
  std::promise<Result<>> released;
  TestPort port({}, accept_all(), [&](std::shared_ptr<Association> association) -> Task<void> {
    Result<> outcome = co_await association->release();
    released.set_value(std::move(outcome));
  });
  RawPeer peer(port.port());
  AssociateRq rq;
  rq.called_ae = "TESTPORT";
  rq.calling_ae = "RAW";
  rq.contexts = {{1, kVerification, {kImplicitLittle}}};
  peer.send(Pdu{rq});
  peer.expect<AssociateAc>();
  peer.expect<ReleaseRq>();
  peer.send(Pdu{ReleaseRq{}});
  peer.send(Pdu{ReleaseRp{}});
  peer.expect<ReleaseRp>();
  EXPECT_TRUE(released.get_future().get());
}

TEST(Association, GarbageInsideAnAssociationIsAbortedAndClosedSoon) {
  const auto begin = std::chrono::steady_clock::now();
  AssociateAc ac;
  ac.contexts = {{1, 0, kImplicitLittle}};
  Bytes bytes = encode_pdu(Pdu{ac});
  std::ranges::copy(hex("'HTTP/1.1 400 Bad Request'"), std::back_inserter(bytes));
  RawAcceptor acceptor;
  acceptor.answer_with(std::move(bytes));
  TestPort executor;
  auto opened = open(executor, acceptor);
  ASSERT_TRUE(opened);
  const auto answer = executor.wait(
      [](std::shared_ptr<Association> association) -> Task<Result<std::optional<Message>>> {
        Result<std::optional<Message>> message = co_await association->receive();
        co_return message;
      }(*std::move(opened)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Malformed) << answer.error().to_string();
  acceptor.received();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoon);
}

TEST(Association, AnAnswerOnAContextThatWasRefusedIsAnErrorBeforeSending) {
  TestPort port;
  const auto sent = port.wait([](RequestOptions request) -> Task<Result<>> {
    auto opened = co_await request_association(std::move(request), {});
    if (!opened) co_return fail(std::move(opened).error());
    const std::shared_ptr<Association> association = *std::move(opened);
    co_return co_await association->send(99, echo_request());
  }(port.request_options()));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace pacs::network
