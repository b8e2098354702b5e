// One HTTP connection: reads requests, has them answered, writes responses. Internal to HttpServer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "integration/logging.h"
#include "integration/metrics.h"
#include "integration/summed_warnings.h"
#include "integration/thread_adapter.h"
#include "network/transport.h"
#include "web/http/http_presence.h"
#include "web/http/http_server.h"
#include "web/http/request_reader.h"
#include "web/http/response_writer.h"
#include "web/http/router.h"

namespace pacs::web {

/// What all connections of a server share.
struct ServerState {
  ServerState(HttpOptions o, Router r, integration::Logger l, integration::Metrics* m,
              integration::IoPool& pool)
      : options(std::move(o)),
        router(std::move(r)),
        log(std::move(l)),
        metrics(m),
        warnings(log, pool),
        handlers(options.handler_threads),
        bodies(options.handler_threads),
        costly_bodies(options.handler_threads),
        presence(options.limits.connections_max) {}

  const HttpOptions options;
  const Router router;
  const integration::Logger log;
  integration::Metrics* const metrics;  ///< may be null
  integration::SummedWarnings warnings;
  integration::WorkPool handlers;
  /// Make bodies while they are sent. Apart from the handlers and from each other: many answers
  /// that cost much do not stand in front of the next request, or of what is only copied.
  integration::WorkPool bodies, costly_bodies;
  Presence presence;
  std::atomic<bool> stopping{false};
};

/// All of it runs on the executor of the transport, except where a handler is called.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::unique_ptr<network::Transport> transport, std::string peer_address,
                 std::shared_ptr<ServerState> server);

  /// Serves requests until either side ends the connection.
  network::Task<void> run();
  /// Says that there is no room, and closes.
  network::Task<void> turn_away();
  /// From any thread: close the connection if no request is in flight; close it in any case.
  void stop(bool also_when_busy);
  /// From any thread: close the connection, which has lost its place.
  void make_room();
  [[nodiscard]] const std::string& peer_address() const { return peer_address_; }
  [[nodiscard]] auto executor() { return transport_->executor(); }

 private:
  // Each returns whether the connection continues.
  network::Task<bool> shake_hands();
  network::Task<bool> serve_one();
  network::Task<bool> refuse(Response response);
  network::Task<bool> write(const Request& request, Response response, Framing framing);

  [[nodiscard]] Result<Request> make_request() const;
  /// The answer to one that cannot go to a handler; else none.
  [[nodiscard]] std::optional<Response> answer_of_server(const Request& request,
                                                         const Router::Match& match) const;
  network::Task<Response> answer(Request& request, const Route& route);
  network::Task<Response> call(Request& request, const Route& route);
  network::Task<void> watch(std::stop_source gone);
  [[nodiscard]] Response fault(const Request& request, const std::exception& error) const;
  void account(const Request& request, std::string_view pattern, unsigned status, double seconds);

  const std::unique_ptr<network::Transport> transport_;
  const std::string peer_address_;
  const std::shared_ptr<ServerState> server_;
  RequestReader reader_;
  ResponseWriter writer_;
  network::Deadline closing_deadline_;  ///< closes the connection
  bool busy_ = false;                   ///< a request is in flight
  bool watching_ = false;
  std::function<void()> watch_ended_;
};

}  // namespace pacs::web
