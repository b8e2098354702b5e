#include "web/http/http_refusal.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

namespace pacs::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

/// 10^15 bytes, a petabyte.
constexpr std::size_t kLengthDigitsMax = 15;

/// "name:port", "1.2.3.4", "[::1]:8080" without the port and brackets.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.rfind(':'));
}

bool is_our_name(std::string_view host, const std::vector<std::string>& names) {
  const auto name = host_name(host);
  if (equal_without_case(name, "localhost")) return true;
  error_code not_an_address;
  asio::ip::make_address(std::string(name), not_an_address);
  if (!not_an_address) return true;
  for (const auto& ours : names) {
    if (ours == "*" || equal_without_case(ours, name)) return true;
  }
  return false;
}

Response not_our_name() {
  return Response::problem(
      421, "This server does not answer to that host name (configuration: http.server_names).");
}

}  // namespace

std::optional<Response> answer_to(error_code error, const HttpLimits& limits) {
  if (error == beast::error::timeout) {  // RFC 9110 §15.5.9
    return Response::problem(
        408, fmt::format("The request was not complete within {} ms.", limits.request.count()));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Response::problem(
        431, fmt::format("The request's head is larger than header_bytes_max ({} bytes).",
                         limits.header_bytes_max));
  }
  if (error == http::error::body_limit) {
    return Response::problem(
        413, fmt::format("The request's body is larger than body_bytes_max ({} bytes).",
                         limits.body_bytes_max));
  }
  if (error == http::error::bad_version)
    return Response::problem(505, "Only HTTP/1.0 and HTTP/1.1 are supported.");
  if (error == http::error::end_of_stream || error == http::error::partial_message)
    return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    return Response::problem(400, "The request is not HTTP: " + error.message() + ".");
  }
  return std::nullopt;  // the connection is gone
}

std::optional<Response> refusal_of(const http::fields& head, unsigned version,
                                   const HttpOptions& options) {
  // RFC 9112 §3.2: a 1.1 request without exactly one Host is answered 400.
  if (version >= 11 && head.count(http::field::host) != 1) {
    return Response::problem(400, "The request needs exactly one Host header.");
  }
  // RFC 9112 §6.1, §6.3: where its body ends must not depend on who reads it.
  const auto coding = head[http::field::transfer_encoding];
  const bool coded = head.count(http::field::transfer_encoding) != 0;
  if (coded && (version < 11 || head.count(http::field::transfer_encoding) != 1 ||
                !equal_without_case({coding.data(), coding.size()}, "chunked"))) {
    return Response::problem(400, "The only transfer coding supported is chunked, of HTTP/1.1.");
  }
  const auto length = head[http::field::content_length];
  if (length.size() > kLengthDigitsMax) {
    return Response::problem(413, "Content-Length is above what anybody sends.");
  }
  const auto host = head.find(http::field::host);
  if (host != head.end() &&
      !is_our_name({host->value().data(), host->value().size()}, options.server_names)) {
    return not_our_name();
  }
  const auto expect = head[http::field::expect];
  if (!expect.empty() && !equal_without_case({expect.data(), expect.size()}, "100-continue")) {
    return Response::problem(417, "Only Expect: 100-continue is supported.");
  }
  return std::nullopt;
}

std::optional<Response> refusal_of_name(std::string_view base_url, const HttpOptions& options) {
  const std::string_view authority = base_url.substr(base_url.find("://") + 3);
  if (is_our_name(authority.substr(0, authority.find('/')), options.server_names)) {
    return std::nullopt;
  }
  return not_our_name();
}

}  // namespace pacs::web
