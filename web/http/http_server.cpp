// The listening socket and the set of its connections; what one connection does is http_connection.
#include "web/http/http_server.h"

#include <algorithm>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "integration/metrics.h"
#include "integration/thread_adapter.h"
#include "network/await.h"
#include "network/tls_context.h"
#include "network/transport.h"
#include "web/http/http_connection.h"

namespace pacs::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Wait after accept fails for lack of descriptors or memory: other connections must end first.
constexpr std::chrono::milliseconds kAcceptRetry{100};

asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection,
                            std::shared_ptr<ServerState> state) {
  co_await connection->run();
  state->presence.leave(*connection);
}

asio::awaitable<void> turn_away(std::shared_ptr<HttpConnection> connection) {
  co_await connection->turn_away();
}

/// What is written and not yet sent: a client that does not read has so much made for it in vain,
/// instead of the megabytes that the system would take. What is on its way is not counted.
constexpr int kUnsentBytesMax = 256 << 10;

void bound_unsent(tcp::socket& socket) {
  // Where it is not known, more is made in vain.
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax,
                     sizeof kUnsentBytesMax);
}

void admit(tcp::socket socket, const network::TlsContext& tls,
           const std::shared_ptr<ServerState>& state) {
  error_code ignored;
  const auto peer = socket.remote_endpoint(ignored);
  bound_unsent(socket);
  std::string address = ignored ? std::string{} : peer.address().to_string();
  auto connection =
      std::make_shared<HttpConnection>(tls ? network::make_tls_acceptor(std::move(socket), tls)
                                           : network::make_tcp_transport(std::move(socket)),
                                       std::move(address), state);
  auto executor = connection->executor();
  if (state->presence.enter(*connection)) {
    asio::co_spawn(executor, serve(std::move(connection), state), asio::detached);
  } else {
    asio::co_spawn(executor, turn_away(std::move(connection)), asio::detached);
  }
}

asio::awaitable<void> accept_loop(integration::IoPool& pool,
                                  std::shared_ptr<tcp::acceptor> acceptor, network::TlsContext tls,
                                  std::shared_ptr<ServerState> state) {
  while (!state->stopping) {
    auto [error, socket] = co_await acceptor->async_accept(pool.context(), network::kAwait);
    if (state->stopping) break;
    if (error == asio::error::connection_aborted) continue;
    if (error) {
      const std::string why = error.message();
      state->warnings.warning({}, {}, "cannot accept an HTTP connection", why, {{"error", why}});
      asio::steady_timer pause(acceptor->get_executor(), kAcceptRetry);
      co_await pause.async_wait(network::kAwait);
      continue;
    }
    admit(std::move(socket), tls, state);
  }
  error_code ignored;
  acceptor->close(ignored);
  state->presence.acceptor_gone();
}

class Port final : public HttpServer {
 public:
  Port(std::shared_ptr<tcp::acceptor> acceptor, network::TlsContext tls,
       std::shared_ptr<ServerState> state)
      : acceptor_(std::move(acceptor)),
        tls_(std::move(tls)),
        state_(std::move(state)),
        port_(acceptor_->local_endpoint().port()) {}
  ~Port() override { shut_down(std::chrono::milliseconds(0)); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  void run(integration::IoPool& pool) {
    asio::co_spawn(acceptor_->get_executor(), accept_loop(pool, acceptor_, tls_, state_),
                   asio::detached);
  }
  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return state_->presence.size(); }

  void shut_down(std::chrono::milliseconds grace) override {
    state_->stopping = true;
    asio::post(acceptor_->get_executor(), [acceptor = acceptor_] {
      error_code ignored;
      acceptor->close(ignored);
    });
    state_->presence.stop(false);
    if (state_->presence.wait_until_empty(grace)) return;
    state_->presence.stop(true);
    state_->presence.wait_until_empty();
  }

 private:
  std::shared_ptr<tcp::acceptor> acceptor_;
  network::TlsContext tls_;
  std::shared_ptr<ServerState> state_;
  std::uint16_t port_;
};

Error cannot_listen(const HttpOptions& options, error_code error) {
  const auto why =
      error == asio::error::address_in_use ? "another program already uses it" : error.message();
  return {ErrorKind::Io,
          fmt::format("cannot listen on {} port {}: {}", options.listen, options.port, why)};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(integration::IoPool& pool,
                                                      HttpOptions options, Router router,
                                                      integration::Logger log,
                                                      integration::Metrics* metrics) {
  error_code error;
  const auto address = asio::ip::make_address(options.listen, error);
  if (error)
    return fail(ErrorKind::InvalidArgument, "not an IP address: \"" + options.listen + "\"");
  network::TlsContext tls;
  if (options.tls) {
    PACS_TRY(tls, network::make_acceptor_tls(*options.tls));
  }
  const tcp::endpoint endpoint(address, options.port);
  auto acceptor = std::make_shared<tcp::acceptor>(asio::make_strand(pool.context()));
  if (!error) acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(tcp::acceptor::max_listen_connections, error);
  if (error) return fail(cannot_listen(options, error));

  auto state = std::make_shared<ServerState>(std::move(options), std::move(router), std::move(log),
                                             metrics, pool);
  auto server = std::make_unique<Port>(std::move(acceptor), std::move(tls), std::move(state));
  server->run(pool);
  return server;
}

}  // namespace pacs::web
