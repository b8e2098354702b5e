// HttpServer: HTTP/1.1 over TCP or TLS on the I/O pool (RFC 9110, RFC 9112): keep-alive, limits,
// orderly shutdown.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "integration/logging.h"
#include "network/association.h"
#include "web/http/forwarded.h"
#include "web/http/router.h"

namespace pacs::integration {
class IoPool;
class Metrics;
}  // namespace pacs::integration

namespace pacs::web {

/// What one client may cost.
struct HttpLimits {
  std::uint32_t header_bytes_max = 16
                                   << 10;  ///< request line and headers; browsers stay below 4 KiB
  std::uint64_t body_bytes_max = 1 << 20;  ///< held in memory; one that streams has no limit here
  /// Above it, one that waits for a request yields, the oldest of the address that has the most
  /// (a proxy is one address); when all are being answered, a new one is answered 503 and closed.
  std::size_t connections_max = 256;
  std::chrono::milliseconds request{30'000};  ///< from the first byte of a request to its last
  std::chrono::milliseconds idle{75'000};  ///< to the first byte; longer than browsers reuse (60 s)
  std::chrono::milliseconds write{60'000};  ///< for a client to take the next piece of a response,
                                            ///< or to send the next 64 KiB of a body that streams
};

struct HttpOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8080;                 ///< 0 takes a free port; see HttpServer::port
  std::optional<network::TlsOptions> tls{};  ///< then the port speaks HTTPS only
  HttpLimits limits{};
  /// Handlers may block: they never run on I/O threads. As many more make bodies as they are sent.
  std::size_t handler_threads = 2;
  /// Names by which the server may be addressed, besides addresses and "localhost". A Host header
  /// with another name is refused (421): a web page elsewhere whose name is made to resolve to us
  /// (DNS rebinding) must not read patients' data with a visitor's browser. "*" accepts every name.
  std::vector<std::string> server_names{};
  /// Whom a request comes from, by its head. Called on I/O threads: it must not block. Without it
  /// all are Role::Anybody.
  std::function<Principal(const Request&)> authenticate{};
  /// Origins whose pages may read our answers and change things ("https://viewer.example"); "*"
  /// is any.
  std::vector<std::string> cors_origins{};
  TrustedProxies proxies{};  ///< whose word on what our address is counts
  bool access_log = false;   ///< a line of level info for each request
};

class HttpServer {
 public:
  /// Errors: InvalidArgument (`listen` is not an address, a TLS file cannot be used), Io (port in
  /// use; the message says so).
  static Result<std::unique_ptr<HttpServer>> start(integration::IoPool& pool, HttpOptions options,
                                                   Router router, integration::Logger log,
                                                   integration::Metrics* metrics);
  virtual ~HttpServer() = default;  ///< shuts down without grace if that has not been done
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual std::size_t connections() const = 0;
  /// Accepts no more connections, closes idle ones, and answers requests in flight within `grace`.
  /// Blocks until all have ended: do not call it on the I/O pool, which must keep running.
  virtual void shut_down(std::chrono::milliseconds grace) = 0;
};

}  // namespace pacs::web
