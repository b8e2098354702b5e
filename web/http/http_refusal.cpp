#include "web/http/http_refusal.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace pacs::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

/// "name:port", "1.2.3.4", "[::1]:8080" without the port and brackets.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.rfind(':'));
}

bool is_our_name(std::string_view host, const std::vector<std::string>& names) {
  const auto name = host_name(host);
  if (beast::iequals({name.data(), name.size()}, "localhost")) return true;
  error_code not_an_address;
  asio::ip::make_address(std::string(name), not_an_address);
  if (!not_an_address) return true;
  for (const auto& ours : names) {
    if (ours == "*" || beast::iequals(ours, {name.data(), name.size()})) return true;
  }
  return false;
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
  const auto host = head.find(http::field::host);
  if (host != head.end() &&
      !is_our_name({host->value().data(), host->value().size()}, options.server_names)) {
    return Response::problem(
        421, "This server does not answer to that host name (configuration: http.server_names).");
  }
  const auto expect = head[http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
    return Response::problem(417, "Only Expect: 100-continue is supported.");
  }
  return std::nullopt;
}

}  // namespace pacs::web
