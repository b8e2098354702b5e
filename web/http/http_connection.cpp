#include "web/http/http_connection.h"

#include <array>
#include <chrono>
#include <exception>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/verb.hpp>

#include "integration/on_worker.h"
#include "integration/trace_id.h"
#include "web/http/content_coding.h"
#include "web/http/guard.h"
#include "web/http/http_refusal.h"
#include "web/http/request_target.h"

namespace pacs::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using network::Task;
using std::chrono::steady_clock;

/// For a peer to answer that this is the end.
constexpr std::chrono::seconds kFarewell{2};

/// In the log and in metrics, in place of what it would have been told, of a client that went away
/// before its answer: nothing is wrong here. nginx has made the number known.
constexpr unsigned kClientClosed = 499;

std::string to_text(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

HttpConnection::HttpConnection(std::unique_ptr<network::Transport> transport,
                               std::string peer_address, std::shared_ptr<ServerState> server)
    : transport_(std::move(transport)),
      peer_address_(std::move(peer_address)),
      server_(std::move(server)),
      reader_(*transport_, server_->options.limits),
      writer_(*transport_, server_->options.limits, {server_->bodies, server_->costly_bodies}),
      closing_deadline_(transport_->executor(), [this] { transport_->close(); }) {}

void HttpConnection::stop(bool also_when_busy) {
  asio::post(transport_->executor(), [self = shared_from_this(), also_when_busy] {
    if (also_when_busy || !self->busy_) self->transport_->close();
  });
}

void HttpConnection::make_room() {
  asio::post(transport_->executor(), [self = shared_from_this()] { self->transport_->close(); });
}

Task<void> HttpConnection::turn_away() {
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: "
      "close\r\n\r\n";
  closing_deadline_.set(kFarewell);
  const std::array pieces{as_bytes(kBusy)};
  if (!transport_->is_tls()) co_await transport_->write(pieces);  // a handshake would be work
  transport_->close();
}

Task<bool> HttpConnection::shake_hands() {
  closing_deadline_.set(server_->options.limits.request);
  Result<> agreed = co_await transport_->handshake();
  closing_deadline_.clear();
  if (!agreed && agreed.error().kind == ErrorKind::Rejected) {
    const std::string why = agreed.error().to_string();
    server_->warnings.warning({}, peer_address_, "an HTTPS connection was refused", why,
                              {{"peer", peer_address_}, {"error", why}});
  }
  co_return agreed.has_value();
}

Task<void> HttpConnection::run() {
  bool going_on = co_await shake_hands();
  while (going_on && !server_->stopping) {
    busy_ = false;
    const bool has_request = co_await reader_.wait();
    if (!has_request) break;
    busy_ = true;
    going_on = co_await serve_one();
  }
  closing_deadline_.set(kFarewell);
  co_await transport_->say_goodbye();
  closing_deadline_.clear();
  transport_->close();
}

Result<Request> HttpConnection::make_request() const {
  const auto& head = reader_.head();
  PACS_TRY(RequestTarget target, parse_target(to_text(head.target())));
  Request request;
  request.head_only = head.method() == http::verb::head;
  request.method = request.head_only ? "GET" : to_text(head.method_string());
  request.segments = std::move(target.segments);
  request.query = std::move(target.query);
  for (const auto& field : head) {
    request.headers.emplace_back(to_text(field.name_string()), to_text(field.value()));
  }
  request.trace_id = integration::next_trace_id();
  request.peer_address = peer_address_;
  request.tls = transport_->is_tls();
  if (request.tls) request.peer_subject = transport_->peer_subject();
  if (request.header("Host").empty()) {  // HTTP/1.0
    request.base_url = request.tls ? "https://localhost" : "http://localhost";
    return request;
  }
  PACS_TRY(request.base_url,
           base_url({request.headers, peer_address_, request.tls}, server_->options.proxies));
  return request;
}

Task<bool> HttpConnection::serve_one() {
  const RequestReader::Outcome head_read = co_await reader_.read_head();
  if (head_read == RequestReader::Outcome::Gone) co_return false;
  std::optional<Response> refusal;
  if (head_read == RequestReader::Outcome::Refused) {
    refusal = reader_.take_refusal();
  } else {
    refusal = refusal_of(reader_.head(), reader_.head().version(), server_->options);
  }
  if (refusal) {
    const bool refused = co_await refuse(std::move(*refusal));
    co_return refused;
  }
  Result<Request> made = make_request();
  refusal = made ? refusal_of_name(made->base_url, server_->options)
                 : std::optional(Response::problem(made.error()));
  if (refusal) {
    const bool refused = co_await refuse(std::move(*refusal));
    co_return refused;
  }
  Request& request = *made;
  Router::Match match = server_->router.match(request.method, request.segments);
  request.parameters = std::move(match.parameters);
  if (server_->options.authenticate) {
    request.principal = server_->options.authenticate(request);
  }

  const auto started = steady_clock::now();
  std::optional<Response> response = answer_of_server(request, match);
  const bool streams = !response && match.route->body == RequestBody::Streamed;
  if (!streams && !(response && !reader_.has_small_body())) {
    const RequestReader::Outcome body_read = co_await reader_.read_body(request.body);
    if (body_read == RequestReader::Outcome::Gone) co_return false;
    if (body_read == RequestReader::Outcome::Refused) {
      const bool refused = co_await refuse(reader_.take_refusal());
      co_return refused;
    }
  }
  if (!server_->presence.begin_answer(*this)) co_return false;
  if (!response) {
    Response answered = co_await answer(request, *match.route);
    response = std::move(answered);
  }
  const bool is_gone = reader_.client_is_gone() || request.gone.stop_requested();
  account(request, match.pattern,
          is_gone && response->status >= 500 ? kClientClosed : response->status,
          std::chrono::duration<double>(steady_clock::now() - started).count());
  const bool is_whole = reader_.is_done();
  Framing framing;
  framing.version = reader_.head().version();
  framing.head_only = request.head_only;
  framing.keep_alive = reader_.keep_alive() && is_whole && !server_->stopping;
  const bool keep = co_await write(request, std::move(*response), framing);
  server_->presence.end_answer(*this);
  if (!is_whole) co_await reader_.linger();
  co_return keep;
}

std::optional<Response> HttpConnection::answer_of_server(const Request& request,
                                                         const Router::Match& match) const {
  const bool has_path = match.route != nullptr || !match.allow.empty();
  if (request.method == "OPTIONS" && has_path &&
      !request.header("Access-Control-Request-Method").empty()) {
    return preflight_answer(request, match.allow);
  }
  if (match.route != nullptr) {
    return denial_of(request, *match.route, server_->options.cors_origins);
  }
  if (!has_path) return Response::problem(404, "There is nothing at this address.");
  if (request.method == "OPTIONS") {
    Response response;
    response.status = 204;
    response.headers.emplace_back("Allow", match.allow);
    return response;
  }
  if (http::string_to_verb(request.method) == http::verb::unknown) {
    return Response::problem(501, "The method is not known to this server.")
        .with("Allow", match.allow);
  }
  return Response::problem(405, "The method is not allowed at this address.")
      .with("Allow", match.allow);
}

// While a handler works, a client that closes stops what is done for it.
Task<void> HttpConnection::watch(std::stop_source gone) {
  const bool there = co_await reader_.watch();
  if (!there) gone.request_stop();
  watching_ = false;
  if (watch_ended_) watch_ended_();
}

Task<Response> HttpConnection::answer(Request& request, const Route& route) {
  if (route.body == RequestBody::Streamed) {
    request.stream = [this] { return reader_.next_piece(); };
    Response response = co_await call(request, route);
    request.stream = {};
    co_return response;
  }
  std::stop_source gone;
  request.gone = gone.get_token();
  watching_ = true;
  watch_ended_ = {};
  asio::co_spawn(transport_->executor(), watch(gone), asio::detached);
  Response response = co_await call(request, route);
  if (watching_) {
    const std::function<void(std::function<void()>)> begin = [this](std::function<void()> done) {
      watch_ended_ = std::move(done);
      transport_->cancel_read();
    };
    co_await integration::until_done(begin);
    watch_ended_ = {};
  }
  co_return response;
}

Task<Response> HttpConnection::call(Request& request, const Route& route) {
  if (const auto* handler = std::get_if<Handler>(&route.handler)) {
    Response response =
        co_await integration::on_worker(server_->handlers, [this, &request, handler] {
          try {
            if (request.gone.stop_requested()) return Response::problem(503, "Nobody waits.");
            return (*handler)(request);
          } catch (const std::exception& error) {
            return fault(request, error);
          }
        });
    co_return response;
  }
  try {
    Response response = co_await std::get<WaitingHandler>(route.handler)(request);
    co_return response;
  } catch (const std::exception& error) {
    co_return fault(request, error);
  }
}

Response HttpConnection::fault(const Request& request, const std::exception& error) const {
  server_->log.error(request.trace_id, "an HTTP handler failed",
                     {{"path", request.path()}, {"what", error.what()}});
  return Response::problem(
      500, "The request failed inside the server; the log has the reason under id " +
               request.trace_id + ".");
}

void HttpConnection::account(const Request& request, std::string_view pattern, unsigned status,
                             double seconds) {
  const auto level =
      server_->options.access_log ? integration::LogLevel::Info : integration::LogLevel::Debug;
  if (status >= 500 || server_->log.enabled(level)) {
    const std::string path = request.path();
    const std::string code = std::to_string(status);
    const std::string took = fmt::format("{:.6f}", seconds);
    const std::initializer_list<integration::LogField> fields = {{"method", request.method},
                                                                 {"path", path},
                                                                 {"status", code},
                                                                 {"peer", request.peer_address},
                                                                 {"who", request.principal.name},
                                                                 {"seconds", took}};
    if (status >= 500) {
      server_->warnings.warning(request.trace_id, request.peer_address, "http request",
                                fmt::format("{} {}", code, pattern), fields);
    } else if (server_->options.access_log) {
      server_->log.info(request.trace_id, "http request", fields);
    } else {
      server_->log.debug(request.trace_id, "http request", fields);
    }
  }
  if (server_->metrics == nullptr) return;
  const std::string route(pattern.empty() ? "none" : pattern);
  server_->metrics
      ->counter("pacs_http_requests_total", "HTTP requests answered.",
                {{"route", route}, {"status", std::to_string(status)}})
      .add();
  server_->metrics
      ->latency("pacs_http_request_seconds", "Time to answer an HTTP request.", {{"route", route}})
      .observe(seconds);
}

Task<bool> HttpConnection::refuse(Response response) {
  if (server_->metrics != nullptr) {
    server_->metrics
        ->counter("pacs_http_requests_total", "HTTP requests answered.",
                  {{"route", "none"}, {"status", std::to_string(response.status)}})
        .add();
  }
  Framing framing;
  framing.keep_alive = false;
  co_await writer_.write(std::move(response), framing);
  co_await reader_.linger();
  co_return false;
}

Task<bool> HttpConnection::write(const Request& request, Response response, Framing framing) {
  const std::string_view origin = allowed_origin(request, server_->options.cors_origins);
  if (!origin.empty()) allow_origin(response, origin);
  apply_coding(response, chosen_coding(request.header("Accept-Encoding")));
  Result<bool> written = co_await writer_.write(std::move(response), framing);
  if (!written) {
    const std::string why = written.error().to_string();
    server_->warnings.warning(request.trace_id, peer_address_, "a response ended early", why,
                              {{"error", why}, {"peer", peer_address_}});
    co_return false;
  }
  co_return *written;
}

}  // namespace pacs::web
