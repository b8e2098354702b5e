// HTTP requests and responses as our handlers see them (RFC 9110). Values; no socket, no Beast.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/bytes.h"
#include "core/result.h"
#include "web/http/principal.h"

namespace pacs::web {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The body of a request as it arrives: an empty view at the end; a view stays valid until the next
/// call. Errors: Malformed (it is not what its head says), Timeout (it does not go on),
/// ConnectionClosed. Called on the connection's thread only.
using BodyReader = std::function<boost::asio::awaitable<Result<ByteView>>()>;

/// A request whose head is checked.
struct Request {
  std::string method;                 ///< as sent; "GET" for HEAD, whose body the server leaves out
  std::vector<std::string> segments;  ///< of the path, percent-decoded, without "", "." and ".."
  bool head_only = false;             ///< a HEAD: whoever makes the body costly may leave it out
  Fields query;                       ///< percent-decoded, in order
  Fields headers;
  Fields parameters;  ///< what the route's {placeholders} matched
  std::string body;   ///< all of it, of a route that buffers
  BodyReader stream;  ///< of a route that streams
  Principal principal;
  std::string trace_id;  ///< for logs and events
  std::string peer_address;
  std::string peer_subject;  ///< of its verified certificate, "CN=viewer,O=Hospital"; or empty
  std::string base_url;      ///< of this server as the client knows it, "https://pacs.example"
  bool tls = false;          ///< between us and the peer
  std::stop_token gone;      ///< the client closed: nobody waits for the answer

  /// First value, "" when absent; header names compare without case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  /// "/a/b", for logs.
  [[nodiscard]] std::string path() const;
};

/// A body produced while it is sent: called until it gives an empty view; a view stays valid until
/// the next call. An error ends the connection, so that no client takes a part for the whole.
using BodySource = std::function<Result<ByteView>()>;

struct StreamedBody {
  BodySource next;
  std::optional<std::uint64_t> length{};  ///< unknown: sent chunked (RFC 9112 §7.1)
  bool is_costly = false;  ///< codes pixels: waits behind its like, and nothing else behind it
};

struct Response {
  unsigned status = 200;
  Fields
      headers;  ///< framing (Content-Length, Transfer-Encoding, Connection, Date) is the server's
  std::variant<std::string, StreamedBody> body;

  static Response text(unsigned status, std::string body);
  static Response json(unsigned status, std::string body);
  static Response of(std::string_view content_type, std::string body);
  /// RFC 9457 problem details.
  static Response problem(unsigned status, std::string_view detail);
  static Response problem(const Error& error);

  /// Says so of a body that streams.
  void set_costly(bool costly) {
    if (auto* streamed = std::get_if<StreamedBody>(&body)) streamed->is_costly = costly;
  }
  Response&& with(std::string_view name, std::string_view value) && {
    headers.emplace_back(name, value);
    return std::move(*this);
  }
};

/// The one table from errors to HTTP status codes.
[[nodiscard]] unsigned http_status(ErrorKind kind);

/// InvalidArgument, which is 400: what of the request is wrong.
[[nodiscard]] inline tl::unexpected<Error> bad_request(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

/// ASCII letters compare without their case (RFC 9110 §5.1).
[[nodiscard]] bool equal_without_case(std::string_view a, std::string_view b);

/// `text` between quotes, escaped for JSON (RFC 8259 §7); what is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace pacs::web
