// The listening socket and the set of its connections; what one connection does is http_connection.
#include "web/http/http_server.h"

#include <algorithm>

#include <fmt/format.h>
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

void refuse_for_load(tcp::socket socket) {
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: "
      "close\r\n\r\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(kBusy), 0, ignored);
}

asio::awaitable<void> accept_loop(integration::IoPool& pool,
                                  std::shared_ptr<tcp::acceptor> acceptor,
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
    auto connection = std::make_shared<HttpConnection>(std::move(socket), state);
    if (state->presence.enter(*connection)) {
      auto executor = connection->executor();
      asio::co_spawn(executor, serve(std::move(connection), state), asio::detached);
    } else {
      refuse_for_load(connection->release_socket());
    }
  }
  error_code ignored;
  acceptor->close(ignored);
  state->presence.acceptor_gone();
}

class BeastServer final : public HttpServer {
 public:
  BeastServer(std::shared_ptr<tcp::acceptor> acceptor, std::shared_ptr<ServerState> state)
      : acceptor_(std::move(acceptor)),
        state_(std::move(state)),
        port_(acceptor_->local_endpoint().port()) {}
  ~BeastServer() override { shut_down(std::chrono::milliseconds(0)); }
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;

  void run(integration::IoPool& pool) {
    asio::co_spawn(acceptor_->get_executor(), accept_loop(pool, acceptor_, state_), asio::detached);
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
  const tcp::endpoint endpoint(address, options.port);
  auto acceptor = std::make_shared<tcp::acceptor>(asio::make_strand(pool.context()));
  if (!error) acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(tcp::acceptor::max_listen_connections, error);
  if (error) return fail(cannot_listen(options, error));

  auto state = std::make_shared<ServerState>(std::move(options), std::move(router), std::move(log),
                                             metrics, pool);
  auto server = std::make_unique<BeastServer>(std::move(acceptor), std::move(state));
  server->run(pool);
  return server;
}

}  // namespace pacs::web
