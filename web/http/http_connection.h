// One HTTP connection: reads requests, has them answered, writes responses. Internal to HttpServer.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "integration/logging.h"
#include "integration/metrics.h"
#include "integration/summed_warnings.h"
#include "integration/thread_adapter.h"
#include "web/http/http_presence.h"
#include "web/http/http_server.h"
#include "web/http/request_target.h"
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
        presence(options.limits.connections_max) {}

  const HttpOptions options;
  const Router router;
  const integration::Logger log;
  integration::Metrics* const metrics;  ///< may be null
  integration::SummedWarnings warnings;
  integration::WorkPool handlers;
  Presence presence;
  std::atomic<bool> stopping{false};
};

/// All of it runs on the strand of `stream`, except where a handler is called.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ServerState> server);

  /// Serves requests until either side ends the connection.
  boost::asio::awaitable<void> run();
  /// Post to the strand: close the connection if no request is in flight; close it in any case.
  void stop(bool also_when_busy);
  /// Post to the strand: close the connection, which has lost its place.
  void make_room();
  [[nodiscard]] const std::string& peer_address() const { return peer_address_; }
  [[nodiscard]] auto executor() { return stream_.get_executor(); }
  [[nodiscard]] boost::asio::ip::tcp::socket release_socket() { return stream_.release_socket(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  struct Incoming {
    Parser parser;
    RequestTarget target;
    std::optional<Response> refusal;  ///< when it is not whole; none if the client is gone
    bool whole = false;
  };

  void start_request_deadline();
  boost::asio::awaitable<void> read_request(Incoming& incoming);
  boost::asio::awaitable<boost::system::error_code> read_part(Parser& parser, bool head_only);

  // Each returns whether the connection continues.
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> wait_for_first_byte();
  boost::asio::awaitable<Response> answer(Request request, const Router::Match& match);
  boost::asio::awaitable<Response> await_rest(const Request& request, Later later);
  [[nodiscard]] Response fault(const Request& request, const std::exception& error) const;
  boost::asio::awaitable<bool> write(Response response, bool head_only, bool keep_alive);
  template <typename Serializer>
  boost::asio::awaitable<boost::system::error_code> send(Serializer& serializer);
  boost::asio::awaitable<bool> refuse(std::optional<Response> response);
  boost::asio::awaitable<void> linger();
  void account(const Request& request, std::string_view pattern, unsigned status, double seconds);

  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer request_deadline_;
  boost::beast::flat_buffer buffer_;
  const std::shared_ptr<ServerState> server_;
  std::string peer_address_;
  bool busy_ = false;  ///< a request is in flight
  bool request_timed_out_ = false;
  unsigned http_version_ = 11;
};

}  // namespace pacs::web
