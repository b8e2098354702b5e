#include "web/http/http_connection.h"

#include <array>
#include <ctime>
#include <exception>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include "integration/on_worker.h"
#include "integration/trace_id.h"
#include "network/await.h"
#include "web/http/http_refusal.h"
#include "web/http/request_target.h"

namespace pacs::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using boost::system::error_code;

/// How long and how much is still read from a client whose request was refused before its end, so
/// that it receives our answer instead of a reset (RFC 9112 §9.6).
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLingerBytesMax = 4 << 20;
/// Bytes of a request read at once.
constexpr std::size_t kReadBytesMax = 64 << 10;

/// Set on every response unless the handler set its own. Only our own files run in the page.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kSecurityHeaders{{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Cache-Control", "no-store"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
}};

/// IMF-fixdate (RFC 9110 §5.6.7).
std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, std::shared_ptr<ServerState> server)
    : stream_(std::move(socket)),
      request_deadline_(stream_.get_executor()),
      buffer_(server->options.limits.header_bytes_max + (64U << 10)),
      server_(std::move(server)) {
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto peer = stream_.socket().remote_endpoint(ignored);
  if (!ignored) peer_address_ = peer.address().to_string();
}

void HttpConnection::stop(bool also_when_busy) {
  asio::post(stream_.get_executor(), [self = shared_from_this(), also_when_busy] {
    if (also_when_busy || !self->busy_) self->stream_.close();
  });
}

void HttpConnection::make_room() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->stream_.close(); });
}

awaitable<void> HttpConnection::run() {
  while (!server_->stopping) {
    busy_ = false;
    const bool has_request = co_await wait_for_first_byte();
    if (!has_request) break;
    busy_ = true;
    const bool keep = co_await serve_one();
    if (!keep) break;
  }
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

awaitable<bool> HttpConnection::wait_for_first_byte() {
  if (buffer_.size() != 0) co_return true;  // pipelined
  stream_.expires_after(server_->options.limits.idle);
  auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(4096), network::kAwait);
  if (error) co_return false;
  buffer_.commit(count);
  co_return true;
}

// A timer of our own: the stream's time limit would close the socket before we can answer.
void HttpConnection::start_request_deadline() {
  stream_.expires_never();
  request_timed_out_ = false;
  request_deadline_.expires_after(server_->options.limits.request);
  request_deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
    // A timer that was reset too late to cancel this call has its new expiry in the future.
    if (cancelled || self->request_deadline_.expiry() > std::chrono::steady_clock::now()) return;
    self->request_timed_out_ = true;
    self->stream_.cancel();
  });
}

// Not http::async_read: a cancellation that falls between two reads of a composed operation is
// lost, and a client could trickle bytes for ever.
awaitable<error_code> HttpConnection::read_part(Parser& parser, bool head_only) {
  while (head_only ? !parser.is_header_done() : !parser.is_done()) {
    error_code error;
    if (buffer_.size() != 0) {
      buffer_.consume(parser.put(buffer_.data(), error));
      if (!error) continue;
      if (error != http::error::need_more) co_return error;
    }
    const std::size_t room = beast::read_size(buffer_, kReadBytesMax);
    if (room == 0) co_return http::error::buffer_overflow;
    auto [read_error, count] =
        co_await stream_.async_read_some(buffer_.prepare(room), network::kAwait);
    if (request_timed_out_) co_return beast::error::timeout;
    if (read_error == asio::error::eof) co_return http::error::partial_message;
    if (read_error) co_return read_error;
    buffer_.commit(count);
  }
  co_return error_code{};
}

awaitable<void> HttpConnection::read_request(Incoming& incoming) {
  const auto& limits = server_->options.limits;
  Parser& parser = incoming.parser;
  parser.header_limit(limits.header_bytes_max);
  parser.body_limit(limits.body_bytes_max);
  error_code error = co_await read_part(parser, true);
  if (error) {
    incoming.refusal = answer_to(error, limits);
    co_return;
  }
  const auto& head = parser.get();
  http_version_ = head.version();
  incoming.refusal = refusal_of(head, http_version_, server_->options);
  if (incoming.refusal) co_return;
  auto target = parse_target({head.target().data(), head.target().size()});
  if (!target) {
    incoming.refusal = Response::problem(target.error());
    co_return;
  }
  incoming.target = std::move(*target);
  if (!head[http::field::expect].empty() && !parser.is_done()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    auto [lost, count] =
        co_await asio::async_write(stream_, asio::buffer(kContinue), network::kAwait);
    if (lost) co_return;
  }
  error = co_await read_part(parser, false);
  if (error) incoming.refusal = answer_to(error, limits);
  incoming.whole = !error;
}

awaitable<bool> HttpConnection::serve_one() {
  http_version_ = 11;
  Incoming incoming;
  start_request_deadline();
  co_await read_request(incoming);
  request_deadline_.expires_at(std::chrono::steady_clock::time_point::max());
  if (!incoming.whole) co_return co_await refuse(std::move(incoming.refusal));
  if (!server_->presence.begin_answer(*this)) co_return false;

  Parser& parser = incoming.parser;
  const auto& head = parser.get();
  Request request;
  const bool head_only = head.method() == http::verb::head;
  request.method = head_only ? "GET" : std::string(head.method_string());
  request.segments = std::move(incoming.target.segments);
  request.query = std::move(incoming.target.query);
  for (const auto& field : parser.get())
    request.headers.emplace_back(field.name_string(), field.value());
  request.body = std::move(parser.get().body());
  request.trace_id = integration::next_trace_id();
  request.peer_address = peer_address_;
  auto match = server_->router.match(request.method, request.segments);
  request.parameters = std::move(match.parameters);

  const bool keep_alive = parser.get().keep_alive();
  Response response = co_await answer(std::move(request), match);
  const bool keep =
      co_await write(std::move(response), head_only, keep_alive && !server_->stopping);
  server_->presence.end_answer(*this);
  co_return keep;
}

awaitable<Response> HttpConnection::answer(Request request, const Router::Match& match) {
  const auto started = std::chrono::steady_clock::now();
  Response response;
  if (match.handler != nullptr) {
    response = co_await integration::on_worker(server_->handlers, [this, &request, &match] {
      try {
        return (*match.handler)(request);
      } catch (const std::exception& error) {
        return fault(request, error);
      }
    });
    if (response.later) {
      Response rest = co_await await_rest(request, std::move(response.later));
      response = std::move(rest);
    }
  } else if (match.allow.empty()) {
    response = Response::problem(404, "There is nothing at this address.");
  } else if (request.method == "OPTIONS") {
    response.status = 204;
    response.headers.emplace_back("Allow", match.allow);
  } else if (http::string_to_verb(request.method) == http::verb::unknown) {
    response = Response::problem(501, "The method is not known to this server.")
                   .with("Allow", match.allow);
  } else {
    response = Response::problem(405, "The method is not allowed at this address.")
                   .with("Allow", match.allow);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  account(request, match.pattern, response.status, took.count());
  co_return response;
}

awaitable<Response> HttpConnection::await_rest(const Request& request, Later later) {
  try {
    Response response = co_await later();
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
  if (status >= 500 || server_->log.enabled(integration::LogLevel::Debug)) {
    const std::string path = request.path();
    const std::string code = std::to_string(status);
    const std::string took = fmt::format("{:.6f}", seconds);
    const std::initializer_list<integration::LogField> fields = {{"method", request.method},
                                                                 {"path", path},
                                                                 {"status", code},
                                                                 {"peer", request.peer_address},
                                                                 {"seconds", took}};
    if (status >= 500) {
      server_->warnings.warning(request.trace_id, request.peer_address, "http request",
                                fmt::format("{} {}", code, pattern), fields);
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

awaitable<bool> HttpConnection::refuse(std::optional<Response> response) {
  if (!response) co_return false;
  if (server_->metrics != nullptr) {
    server_->metrics
        ->counter("pacs_http_requests_total", "HTTP requests answered.",
                  {{"route", "none"}, {"status", std::to_string(response->status)}})
        .add();
  }
  const bool written = co_await write(std::move(*response), false, false);
  (void)written;
  co_await linger();
  co_return false;
}

awaitable<void> HttpConnection::linger() {
  error_code error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  stream_.expires_after(kLinger);
  std::array<char, 16 << 10> discarded;
  for (std::size_t total = 0; !error && total < kLingerBytesMax;) {
    auto [read_error, count] =
        co_await stream_.async_read_some(asio::buffer(discarded), network::kAwait);
    error = read_error;
    total += count;
  }
}

namespace {

template <typename Message>
void set_head(Message& message, const Response& response, unsigned version, bool keep_alive) {
  message.version(version);
  message.result(response.status);
  message.set(http::field::date, date_now());
  for (const auto& [name, value] : kSecurityHeaders) message.set(name, value);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
}

/// What a body gives next. A throw is a bug of the handler's and ends this response only.
Result<ByteView> next_piece(StreamedBody& body) {
  try {
    return body.next();
  } catch (const std::exception& error) {
    return fail(ErrorKind::Internal, fmt::format("its body threw: {}", error.what()));
  }
}

}  // namespace

// Each I/O has its time, however long all of them take: a client on a thin line is a client too.
template <typename Serializer>
awaitable<error_code> HttpConnection::send(Serializer& serializer) {
  error_code error;
  while (!error && !(serializer.split() ? serializer.is_header_done() : serializer.is_done())) {
    stream_.expires_after(server_->options.limits.write);
    auto [code, count] = co_await http::async_write_some(stream_, serializer, network::kAwait);
    error = code;
  }
  co_return error;
}

awaitable<bool> HttpConnection::write(Response response, bool head_only, bool keep_alive) {
  if (auto* text = std::get_if<std::string>(&response.body)) {
    http::response<http::string_body> message;
    set_head(message, response, http_version_, keep_alive);
    message.body() = std::move(*text);
    if (response.status != 204 && response.status != 304)
      message.content_length(message.body().size());
    http::response_serializer<http::string_body> serializer(message);
    serializer.split(head_only);
    const error_code error = co_await send(serializer);
    co_return !error && keep_alive;
  }

  auto& body = std::get<StreamedBody>(response.body);
  http::response<http::buffer_body> message;
  // RFC 9112 §7.1: chunked is for 1.1; to 1.0 the end of the connection ends the body.
  const bool chunked = !body.length && http_version_ >= 11;
  const bool keep = keep_alive && (chunked || body.length);
  set_head(message, response, http_version_, keep);
  if (body.length) message.content_length(*body.length);
  if (chunked) message.chunked(true);
  message.body().data = nullptr;
  message.body().more = true;
  http::response_serializer<http::buffer_body> serializer(message);
  serializer.split(true);
  const error_code head_error = co_await send(serializer);
  if (head_error) co_return false;
  if (head_only) co_return keep;
  serializer.split(false);
  while (!serializer.is_done()) {
    Result<ByteView> piece =
        co_await integration::on_worker(server_->handlers, [&body] { return next_piece(body); });
    if (!piece) {
      const std::string why = piece.error().to_string();
      server_->warnings.warning({}, peer_address_, "a response ended early", why,
                                {{"error", why}, {"peer", peer_address_}});
      co_return false;
    }
    message.body().data = const_cast<std::byte*>(piece->data());  // Beast reads only
    message.body().size = piece->size();
    message.body().more = !piece->empty();
    const error_code error = co_await send(serializer);
    if (error && error != http::error::need_buffer) co_return false;
  }
  co_return keep;
}

}  // namespace pacs::web
