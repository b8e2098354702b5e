#include "apps/commands/http_client.h"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "apps/server/reachable_host.h"
#include "core/text.h"
#include "network/association.h"

namespace pacs::apps {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

/// Bytes of an answer: a page of any of our lists stays far below.
constexpr std::uint64_t kReplyBytesMax = 256ULL << 20;

struct Exchange {
  std::string host, port;
  http::request<http::string_body> request;
  std::chrono::milliseconds timeout;
  Result<HttpReply> reply = fail(ErrorKind::Internal, "no answer");
};

Error error_of(const error_code& code, const Exchange& exchange) {
  ErrorKind kind = ErrorKind::Io;
  if (code == asio::error::connection_refused || code == asio::error::host_not_found) {
    kind = ErrorKind::ConnectionClosed;
  } else if (code == beast::error::timeout) {
    kind = ErrorKind::Timeout;
  } else if (code == http::error::body_limit) {
    kind = ErrorKind::LimitExceeded;
  } else if (code.category() == make_error_code(http::error::bad_method).category()) {
    kind = ErrorKind::Malformed;
  }
  return Error{kind, code.message()}.in(exchange.host + ":" + exchange.port);
}

network::Task<void> run(Exchange& exchange) {
  error_code code;
  const auto done = [&code] { return asio::redirect_error(asio::use_awaitable, code); };
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  asio::ip::tcp::resolver resolver(stream.get_executor());
  const auto failed = [&] { exchange.reply = fail(error_of(code, exchange)); };
  const auto found = co_await resolver.async_resolve(exchange.host, exchange.port, done());
  if (code) co_return failed();
  stream.expires_after(exchange.timeout);
  co_await stream.async_connect(found, done());
  if (code) co_return failed();
  co_await http::async_write(stream, exchange.request, done());
  if (code) co_return failed();
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kReplyBytesMax);
  co_await http::async_read(stream, buffer, parser, done());
  if (code) co_return failed();
  HttpReply reply;
  reply.status = parser.get().result_int();
  reply.body = std::move(parser.get().body());
  exchange.reply = std::move(reply);
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, code);
}

}  // namespace

Result<HttpReply> http_request(std::string_view method, std::string_view url, std::string_view body,
                               std::chrono::milliseconds timeout) {
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("\"{}\" is not an http URL", printable(url)));
  }
  Exchange exchange;
  exchange.timeout = timeout;
  exchange.host = parsed->host_address();
  exchange.port = parsed->has_port() ? std::string{parsed->port()} : "80";
  std::string target{parsed->encoded_target()};
  if (target.empty()) target = "/";
  exchange.request.method_string({method.data(), method.size()});
  exchange.request.target(target);
  exchange.request.version(11);
  exchange.request.set(http::field::host, parsed->encoded_host_and_port());
  exchange.request.set(http::field::connection, "close");
  if (method != "GET") {
    exchange.request.set(http::field::content_type, "application/json");
    exchange.request.body() = body;
  }
  exchange.request.prepare_payload();
  asio::io_context io{1};
  asio::co_spawn(io, run(exchange), asio::detached);
  io.run();
  return std::move(exchange.reply);
}

std::string api_url(const Config& config) {
  std::string url = browser_url("http", reachable_host(config.http.listen), config.http.port);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string reason_of(const HttpReply& reply) {
  error_code malformed;
  const auto value = boost::json::parse(reply.body, malformed);
  if (!malformed && value.is_object()) {
    const auto* detail = value.get_object().if_contains("detail");
    if (detail != nullptr && detail->is_string()) {
      return std::string{std::string_view{detail->get_string()}};
    }
  }
  return fmt::format("the server answered {}", reply.status);
}

}  // namespace pacs::apps
