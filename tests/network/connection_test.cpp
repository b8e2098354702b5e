// A connection whose reads are cancelled, or fail by throwing, under it: what no peer can bring
// about.
#include "network/connection.h"

#include <chrono>
#include <future>
#include <memory>
#include <new>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "raw_peer.h"
#include "scu.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

/// The real transport, whose next read throws when a test says so.
class ThrowingTransport final : public Transport {
 public:
  explicit ThrowingTransport(tcp::socket socket) : real_(make_tcp_transport(std::move(socket))) {}
  void throws_next() { throws_ = true; }

  Task<Result<std::size_t>> read_some(std::span<std::byte> to, std::size_t useful) override {
    if (std::exchange(throws_, false)) throw std::bad_alloc();
    return real_->read_some(to, useful);
  }
  Task<Result<>> handshake() override { return real_->handshake(); }
  Task<Result<>> write(std::span<const ByteView> pieces) override { return real_->write(pieces); }
  void cancel_read() override { real_->cancel_read(); }
  Task<void> say_goodbye() override { return real_->say_goodbye(); }
  void end_sending() override { real_->end_sending(); }
  void close() override { real_->close(); }
  asio::any_io_executor executor() override { return real_->executor(); }
  [[nodiscard]] bool is_tls() const override { return real_->is_tls(); }
  [[nodiscard]] std::string peer_subject() const override { return real_->peer_subject(); }

 private:
  std::unique_ptr<Transport> real_;
  bool throws_ = false;
};

/// An established association: `peer` on one side, a Connection on the other.
class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest()
      : acceptor(pool.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        peer(acceptor.local_endpoint().port()) {
    auto owned = std::make_unique<ThrowingTransport>(acceptor.accept());
    transport = owned.get();
    connection = std::make_shared<Connection>(std::move(owned), Negotiated{.id = "id"},
                                              AssociationLimits{}, Traffic{});
  }
  ~ConnectionTest() override { pool.stop(); }
  void SetUp() override {
    AssociateRq rq;
    rq.called_ae = "TESTPORT";
    rq.calling_ae = "RAW";
    rq.contexts = {{1, kVerification, {kImplicitLittle}}, {3, kCtImageStorage, {kExplicitLittle}}};
    peer.send(Pdu{rq});
    const AssociateRq* request = starts(connection->await_request()).get();
    ASSERT_NE(request, nullptr);
    auto decision = negotiate(*request, accept_all(), {});
    ASSERT_TRUE(std::holds_alternative<AssociateAc>(decision));
    const Result<> accepted =
        starts(connection->accept(std::move(std::get<AssociateAc>(decision)))).get();
    ASSERT_TRUE(accepted);
    peer.expect<AssociateAc>();
  }
  template <typename T>
  std::future<T> starts(Task<T> task) {
    return asio::co_spawn(connection->executor(), std::move(task), asio::use_future);
  }
  /// Behind what was started before, which is then waiting for the peer.
  void cancels_the_read() {
    asio::post(connection->executor(), [this] { transport->cancel_read(); });
  }
  void sends(const Command& command) {
    sends_pdv(command.has_data_set ? 3 : 1, true, true, encode_command(command));
  }
  void sends_pdv(std::uint8_t context, bool is_command, bool last, ByteView fragment) {
    peer.send(ByteView{encode_data_header(context, is_command, last,
                                          static_cast<std::uint32_t>(fragment.size()))});
    peer.send(fragment);
  }

  integration::IoPool pool{1};
  tcp::acceptor acceptor;
  RawPeer peer;
  ThrowingTransport* transport = nullptr;
  std::shared_ptr<Connection> connection;
};

TEST_F(ConnectionTest, ACancelledReceiveSaysSoAndTheNextOneGoesOn) {
  auto waiting = starts(connection->receive());
  cancels_the_read();
  const auto cancelled = waiting.get();
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().kind, ErrorKind::Cancelled);
  sends(echo_request(7));
  const auto message = starts(connection->receive()).get();
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((*message)->command.message_id, 7);
}

TEST_F(ConnectionTest, ACancelledReadInADataSetLosesNothingOfIt) {
  Command command = store_request();
  command.has_data_set = true;
  const Bytes half = numbered_bytes(1000);
  sends(command);
  sends_pdv(3, false, false, half);
  const auto message = starts(connection->receive()).get();
  ASSERT_TRUE(message && *message);
  const auto piece = starts(connection->read_data_set()).get();
  ASSERT_TRUE(piece);
  EXPECT_EQ(Bytes(piece->bytes.begin(), piece->bytes.end()), half);

  auto waiting = starts(connection->read_data_set());
  cancels_the_read();
  const auto cancelled = waiting.get();
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().kind, ErrorKind::Cancelled);

  sends_pdv(3, false, true, as_bytes("last"));
  const auto rest = starts(connection->read_data_set()).get();
  ASSERT_TRUE(rest);
  EXPECT_EQ(as_text(rest->bytes), "last");
  EXPECT_TRUE(rest->last);
}

TEST_F(ConnectionTest, ACancelledReadDoesNotEndTheWaitForTheReleaseResponse) {
  auto waiting = starts(connection->release());
  peer.expect<ReleaseRq>();
  cancels_the_read();
  cancels_the_read();
  peer.send(Pdu{ReleaseRp{}});
  const Result<> released = waiting.get();
  EXPECT_TRUE(released) << released.error().to_string();
}

TEST_F(ConnectionTest, AReadThatThrewIsOverAndTheConnectionCanEnd) {
  asio::post(connection->executor(), [this] { transport->throws_next(); });
  EXPECT_THROW(static_cast<void>(starts(connection->receive()).get()), std::bad_alloc);
  auto finished = starts(connection->finish());
  peer.expect_abort(AbortSource::ServiceUser, AbortReason::NotSpecified);
  peer.close();
  EXPECT_EQ(finished.wait_for(10s), std::future_status::ready);
}

}  // namespace
}  // namespace pacs::network
