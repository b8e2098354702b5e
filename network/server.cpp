// The port behind a Server: its limits, and the life of each association from accept to log line.
#include "network/server.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <unordered_set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <fmt/format.h>

#include "integration/metrics.h"
#include "integration/summed_warnings.h"
#include "integration/thread_adapter.h"
#include "integration/trace_id.h"
#include "network/await.h"
#include "network/connection.h"
#include "network/tls_context.h"

namespace pacs::network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// PS3.8 Table 9-21: transient, service provider (presentation).
constexpr AssociateRj kTemporaryCongestion{2, 3, 1};
constexpr AssociateRj kLocalLimitExceeded{2, 3, 2};

// Connections that are told to close are gone a moment later: so many times waiting_max may be
// there at most, beside the associations. Above it, a new connection is closed at once.
constexpr std::size_t kWaitingAndClosing = 2;
// When descriptors have run out, accepting again at once would spin.
constexpr milliseconds kPauseAfterFailedAccept{100};
// How long `ready` reports such a failure: for several further tries.
constexpr milliseconds kShowFailedAccept{1000};
// At shutdown: how long peers have to close after our last PDU, and coroutines to notice.
constexpr milliseconds kLastWordGrace{500};
constexpr milliseconds kCloseGrace{10'000};

/// The metrics of this port; all null without a registry.
struct Series {
  integration::Gauge* active = nullptr;
  integration::Counter* received = nullptr;
  integration::Counter* sent = nullptr;
  integration::Metrics* metrics = nullptr;

  explicit Series(integration::Metrics* registry) : metrics(registry) {
    if (metrics == nullptr) return;
    active = &metrics->gauge("pacs_associations_active", "Associations open now");
    constexpr std::string_view kBytes = "pacs_dicom_bytes_total";
    constexpr std::string_view kHelp = "Bytes over DICOM associations";
    received = &metrics->counter(kBytes, kHelp, {{"direction", "received"}});
    sent = &metrics->counter(kBytes, kHelp, {{"direction", "sent"}});
  }
  void ended(Outcome outcome) const {
    if (metrics == nullptr) return;
    metrics
        ->counter("pacs_associations_total", "Associations and attempts at one, by their end",
                  {{"outcome", std::string{to_string(outcome)}}})
        .add();
  }
};

}  // namespace

/// What all coroutines of a port share; outlives the Server object as long as one of them runs.
struct Server::Port : std::enable_shared_from_this<Port> {
  Port(integration::IoPool& threads, ServerOptions server_options, AcceptorPolicy acceptor_policy,
       Serve serve_association, integration::Logger logger, integration::Metrics* registry)
      : options(std::move(server_options)),
        policy(std::move(acceptor_policy)),
        serve(std::move(serve_association)),
        log(std::move(logger)),
        series(registry),
        pool(threads),
        strand(asio::make_strand(pool.context())),
        acceptor(strand),
        warnings(log, pool),
        lobby(options.waiting_max) {}

  Result<> listen();
  Task<void> accept();
  /// A connection, where it comes from, and its place while it has no association.
  struct Visitor {
    std::shared_ptr<Connection> connection;
    std::string address;
    Lobby::Place place = 0;
  };
  Task<void> attend(tcp::socket socket);
  Task<bool> establish(Visitor& visitor);
  Task<void> serve_guarded(Visitor& visitor);
  void log_end(const Visitor& visitor, steady_clock::duration lasted, std::uint64_t bytes_in,
               std::uint64_t bytes_out);
  bool admit(Visitor& visitor);
  void dismiss(const Visitor& visitor);
  void take_place(Visitor& visitor);
  void served(Visitor& visitor);
  void for_each(const std::function<void(Connection&)>& call);
  [[nodiscard]] Result<> ready() const;
  void shut_down(milliseconds grace);

  const ServerOptions options;
  const AcceptorPolicy policy;
  const Serve serve;
  const integration::Logger log;
  const Series series;
  integration::IoPool& pool;
  asio::strand<asio::io_context::executor_type> strand;
  tcp::acceptor acceptor;
  integration::SummedWarnings warnings;
  TlsContext tls;
  std::uint16_t port = 0;

  mutable std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  Lobby lobby;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::size_t serving = 0;  ///< established and not yet left by `serve`
  bool accepting = true;    ///< the accept loop runs
  bool draining = false;
  std::string accept_failure;
  steady_clock::time_point accept_failed_at;
};

Result<> Server::Port::listen() {
  if (options.tls) {
    PACS_TRY(tls, make_acceptor_tls(*options.tls));
  }
  const std::string where = fmt::format("{}:{}", options.listen, options.port);
  boost::system::error_code code;
  const auto address = asio::ip::make_address(options.listen, code);
  if (code) {
    return fail(Error{ErrorKind::InvalidArgument, "not an address to listen on"}.in(where));
  }
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code) return fail(Error{ErrorKind::Io, "cannot listen: " + code.message()}.in(where));
  port = acceptor.local_endpoint(code).port();
  return {};
}

Task<void> Server::Port::accept() {
  asio::steady_timer pause(strand);
  while (acceptor.is_open()) {
    tcp::socket socket{pool.context()};
    const auto [code] = co_await acceptor.async_accept(socket, kAwait);
    if (!code) {
      const auto executor = socket.get_executor();
      asio::co_spawn(
          executor,
          [self = shared_from_this(), socket = std::move(socket)]() mutable -> Task<void> {
            co_await self->attend(std::move(socket));
          },
          asio::detached);
    } else if (code != asio::error::operation_aborted) {
      warnings.warning("", "", "cannot accept a connection", code.message(),
                       {{"error", code.message()}});
      {
        const std::scoped_lock lock(mutex);
        accept_failure = code.message();
        accept_failed_at = steady_clock::now();
      }
      pause.expires_after(kPauseAfterFailedAccept);
      co_await pause.async_wait(kAwait);
    }
  }
  const std::scoped_lock lock(mutex);
  accepting = false;
  changed.notify_all();
}

bool Server::Port::admit(Visitor& visitor) {
  const std::scoped_lock lock(mutex);
  const std::size_t most = options.associations_max + kWaitingAndClosing * options.waiting_max.all;
  if (draining || connections.size() >= most) return false;
  connections.insert(visitor.connection);
  take_place(visitor);
  return true;
}

// Under the mutex.
void Server::Port::take_place(Visitor& visitor) {
  visitor.place = lobby.enter(visitor.address, [connection = visitor.connection] {
    asio::post(connection->executor(), [connection] { connection->make_room(); });
  });
}

void Server::Port::dismiss(const Visitor& visitor) {
  const std::scoped_lock lock(mutex);
  lobby.leave(visitor.place);
  connections.erase(visitor.connection);
  changed.notify_all();
}

// No longer an association: what is left of it has a place as before.
void Server::Port::served(Visitor& visitor) {
  const std::scoped_lock lock(mutex);
  --serving;
  take_place(visitor);
  changed.notify_all();
}

// A connection from accept to the log line of its end.
Task<void> Server::Port::attend(tcp::socket socket) {
  boost::system::error_code gone;
  const tcp::endpoint remote = socket.remote_endpoint(gone);
  if (gone) co_return;
  Visitor visitor{.connection = {}, .address = remote.address().to_string()};
  Negotiated identity{.id = integration::next_trace_id(),
                      .peer_address = fmt::format("{}:{}", visitor.address, remote.port())};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  Traffic traffic{[&](std::size_t bytes) {
                    bytes_in += bytes;
                    if (series.received != nullptr)
                      series.received->add(static_cast<double>(bytes));
                  },
                  [&](std::size_t bytes) {
                    bytes_out += bytes;
                    if (series.sent != nullptr) series.sent->add(static_cast<double>(bytes));
                  }};
  auto transport =
      tls ? make_tls_acceptor(std::move(socket), tls) : make_tcp_transport(std::move(socket));
  visitor.connection = std::make_shared<Connection>(std::move(transport), std::move(identity),
                                                    options.limits, std::move(traffic));
  Connection& connection = *visitor.connection;
  if (!admit(visitor)) {
    warnings.warning(connection.id(), visitor.address, "connection closed: too many", "",
                     {{"peer", connection.negotiated().peer_address}});
    connection.close();
    co_return;
  }
  const auto start = steady_clock::now();
  const bool established = co_await establish(visitor);
  if (established) co_await serve_guarded(visitor);
  co_await connection.finish();
  log_end(visitor, steady_clock::now() - start, bytes_in, bytes_out);
  series.ended(connection.ending().outcome);
  connection.forget_traffic();
  dismiss(visitor);
}

// The request and our answer; true when there is an association, which then counts as serving.
Task<bool> Server::Port::establish(Visitor& visitor) {
  Connection& connection = *visitor.connection;
  const AssociateRq* rq = co_await connection.await_request();
  if (rq == nullptr) co_return false;
  std::optional<AssociateRj> refusal;
  bool has_place = true;
  {
    const std::scoped_lock lock(mutex);
    if (draining) {
      refusal = kTemporaryCongestion;
    } else if (serving >= options.associations_max) {
      refusal = kLocalLimitExceeded;
    } else {
      has_place = lobby.leave(visitor.place);
      if (has_place) ++serving;
    }
  }
  if (!has_place) {  // it yielded just now
    connection.make_room();
    co_return false;
  }
  if (!refusal) {
    auto decision = negotiate(*rq, policy, options.limits);
    if (auto* answer = std::get_if<AssociateAc>(&decision)) {
      const Result<> accepted = co_await connection.accept(std::move(*answer));
      if (accepted) co_return true;
    } else {
      refusal = std::get<AssociateRj>(decision);
    }
    served(visitor);
  }
  if (refusal) {
    const std::string reason = describe(*refusal);
    warnings.warning(connection.id(), visitor.address, "association rejected", reason,
                     {{"calling_ae", rq->calling_ae},
                      {"called_ae", rq->called_ae},
                      {"peer", connection.negotiated().peer_address},
                      {"reason", reason}});
    co_await connection.reject(*refusal);
  }
  co_return false;
}

Task<void> Server::Port::serve_guarded(Visitor& visitor) {
  const std::shared_ptr<Connection>& connection = visitor.connection;
  const Negotiated& negotiated = connection->negotiated();
  log.info(connection->id(), "association accepted",
           {{"calling_ae", negotiated.request.calling_ae},
            {"called_ae", negotiated.request.called_ae},
            {"peer", negotiated.peer_address},
            {"contexts",
             fmt::format("{}/{}", negotiated.contexts.size(), negotiated.request.contexts.size())},
            {"max_pdu", std::to_string(negotiated.peer_max_pdu_bytes())},
            {"implementation", negotiated.peer().implementation_version_name},
            {"tls", negotiated.tls ? "yes" : "no"}});
  if (series.active != nullptr) series.active->add(1);
  try {
    co_await serve(connection->hand_out());
  } catch (const std::exception& thrown) {  // a bug of ours; the port goes on
    log.error(connection->id(), "exception while serving", {{"what", thrown.what()}});
  }
  if (series.active != nullptr) series.active->add(-1);
  served(visitor);
}

void Server::Port::log_end(const Visitor& visitor, steady_clock::duration lasted,
                           std::uint64_t bytes_in, std::uint64_t bytes_out) {
  const Connection& connection = *visitor.connection;
  const Negotiated& negotiated = connection.negotiated();
  const auto lasted_ms = std::chrono::duration_cast<milliseconds>(lasted).count();
  const auto& [outcome, reason] = connection.ending();
  const std::string_view message = outcome == Outcome::NoAssociation
                                       ? "connection ended without an association"
                                       : "association ended";
  const std::string duration_ms = std::to_string(lasted_ms);
  const std::string received = std::to_string(bytes_in);
  const std::string sent = std::to_string(bytes_out);
  const std::initializer_list<integration::LogField> fields = {
      {"calling_ae", negotiated.request.calling_ae},
      {"called_ae", negotiated.request.called_ae},
      {"peer", negotiated.peer_address},
      {"outcome", to_string(outcome)},
      {"reason", reason.message},
      {"duration_ms", duration_ms},
      {"bytes_received", received},
      {"bytes_sent", sent}};
  // A probe that only connects needs no attention; a TLS handshake that was refused does, and so
  // does a connection that had to make room.
  const bool is_probe = outcome == Outcome::NoAssociation && bytes_in == 0 &&
                        reason.kind != ErrorKind::Rejected &&
                        reason.kind != ErrorKind::OutOfResources;
  if (outcome == Outcome::Released) {
    log.info(connection.id(), message, fields);
  } else if (is_probe) {
    log.debug(connection.id(), message, fields);
  } else {
    warnings.warning(connection.id(), visitor.address, message, reason.message, fields);
  }
}

void Server::Port::for_each(const std::function<void(Connection&)>& call) {
  const std::scoped_lock lock(mutex);
  for (const auto& connection : connections) {
    asio::post(connection->executor(), [connection, call] { call(*connection); });
  }
}

Result<> Server::Port::ready() const {
  const std::scoped_lock lock(mutex);
  if (draining || !accepting) return fail(ErrorKind::Cancelled, "the server is shutting down");
  if (!accept_failure.empty() && steady_clock::now() - accept_failed_at < kShowFailedAccept) {
    return fail(ErrorKind::OutOfResources, "cannot accept a connection: " + accept_failure);
  }
  if (const std::size_t most = options.associations_max; serving >= most) {
    return fail(ErrorKind::OutOfResources,
                fmt::format("all {} associations (associations_max) are in use", most));
  }
  return {};
}

void Server::Port::shut_down(milliseconds grace) {
  const auto start = steady_clock::now();
  {
    const std::scoped_lock lock(mutex);
    draining = true;
  }
  asio::post(strand, [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->acceptor.close(ignored);
  });
  for_each([](Connection& connection) { connection.wind_down(); });
  std::unique_lock lock(mutex);
  changed.wait_until(lock, start + grace, [&] { return serving == 0; });
  changed.wait_until(lock,
                     std::max(start, std::min(start + grace, steady_clock::now() + kLastWordGrace)),
                     [&] { return connections.empty(); });
  lock.unlock();
  for_each([](Connection& connection) {
    connection.abort();  // a service that still reads from it finds it ended
    connection.close();
  });
  lock.lock();
  const bool gone =
      changed.wait_for(lock, kCloseGrace, [&] { return connections.empty() && !accepting; });
  if (!gone)
    log.error("", "associations did not end", {{"count", std::to_string(connections.size())}});
}

Server::~Server() {
  shut_down(milliseconds{0});
}

std::uint16_t Server::port() const {
  return port_->port;
}

std::size_t Server::associations() const {
  const std::scoped_lock lock(port_->mutex);
  return port_->serving;
}

Result<> Server::ready() const {
  return port_->ready();
}

void Server::shut_down(milliseconds grace) {
  if (!std::exchange(down_, true)) port_->shut_down(grace);
}

Result<std::unique_ptr<Server>> Server::start(integration::IoPool& pool, ServerOptions options,
                                              AcceptorPolicy policy, Serve serve,
                                              integration::Logger log,
                                              integration::Metrics* metrics) {
  PACS_TRY(check_ae_title(policy.ae_title));
  auto port = std::make_shared<Port>(pool, std::move(options), std::move(policy), std::move(serve),
                                     std::move(log), metrics);
  PACS_TRY(port->listen());
  asio::co_spawn(
      port->strand, [port]() -> Task<void> { co_await port->accept(); }, asio::detached);
  return std::unique_ptr<Server>(new Server(std::move(port)));
}

}  // namespace pacs::network
