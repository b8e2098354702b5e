// The listening socket and the set of its connections; what one connection does is http_connection.
#include "web/http/http_server.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

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

/// Counts the connections and the accept loop, so that shut_down knows when all have ended. Held by
/// every coroutine: the last one may outlive the server by an instant.
class Presence {
 public:
  bool enter(HttpConnection& connection, std::size_t max) {
    const std::lock_guard lock(mutex_);
    if (connections_.size() >= max) return false;
    connections_.insert(&connection);
    return true;
  }
  void leave(HttpConnection& connection) {
    const std::lock_guard lock(mutex_);
    connections_.erase(&connection);
    changed_.notify_all();
  }
  void acceptor_gone() {
    const std::lock_guard lock(mutex_);
    accepting_ = false;
    changed_.notify_all();
  }
  void stop(bool also_when_busy) {
    const std::lock_guard lock(mutex_);
    for (HttpConnection* connection : connections_) connection->stop(also_when_busy);
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }
  bool wait_until_empty(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return !accepting_ && connections_.empty(); });
  }
  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !accepting_ && connections_.empty(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<HttpConnection*> connections_;  // each takes itself out before it dies
  bool accepting_ = true;
};

asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection,
                            std::shared_ptr<Presence> presence) {
  co_await connection->run();
  presence->leave(*connection);
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
                                  std::shared_ptr<ServerState> state,
                                  std::shared_ptr<Presence> presence) {
  while (!state->stopping) {
    auto [error, socket] = co_await acceptor->async_accept(pool.context(), network::kAwait);
    if (state->stopping) break;
    if (error == asio::error::connection_aborted) continue;
    if (error) {
      state->log.warning({}, "cannot accept an HTTP connection", {{"error", error.message()}});
      asio::steady_timer pause(acceptor->get_executor(), kAcceptRetry);
      co_await pause.async_wait(network::kAwait);
      continue;
    }
    auto connection = std::make_shared<HttpConnection>(std::move(socket), state);
    if (presence->enter(*connection, state->options.limits.connections_max)) {
      auto executor = connection->executor();
      asio::co_spawn(executor, serve(std::move(connection), presence), asio::detached);
    } else {
      refuse_for_load(connection->release_socket());
    }
  }
  error_code ignored;
  acceptor->close(ignored);
  presence->acceptor_gone();
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
    asio::co_spawn(acceptor_->get_executor(), accept_loop(pool, acceptor_, state_, presence_),
                   asio::detached);
  }
  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return presence_->size(); }

  void shut_down(std::chrono::milliseconds grace) override {
    state_->stopping = true;
    asio::post(acceptor_->get_executor(), [acceptor = acceptor_] {
      error_code ignored;
      acceptor->close(ignored);
    });
    presence_->stop(false);
    if (presence_->wait_until_empty(grace)) return;
    presence_->stop(true);
    presence_->wait_until_empty();
  }

 private:
  std::shared_ptr<tcp::acceptor> acceptor_;
  std::shared_ptr<ServerState> state_;
  std::shared_ptr<Presence> presence_ = std::make_shared<Presence>();
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

  auto state =
      std::make_shared<ServerState>(std::move(options), std::move(router), std::move(log), metrics);
  auto server = std::make_unique<BeastServer>(std::move(acceptor), std::move(state));
  server->run(pool);
  return server;
}

}  // namespace pacs::web
