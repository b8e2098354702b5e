// HttpServer: HTTP/1.1 on the I/O pool (RFC 9110, RFC 9112): keep-alive, limits, orderly shutdown.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "integration/logging.h"
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
  std::uint64_t body_bytes_max = 1 << 20;  ///< held in memory
  /// Above it, one that waits for a request yields, the oldest of the address that has the most
  /// (a proxy is one address); when all are being answered, a new one is answered 503 and closed.
  std::size_t connections_max = 256;
  std::chrono::milliseconds request{30'000};  ///< from the first byte of a request to its last
  std::chrono::milliseconds idle{75'000};  ///< to the first byte; longer than browsers reuse (60 s)
  std::chrono::milliseconds write{60'000};  ///< for a client to take the next piece of a response
};

struct HttpOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0 takes a free port; see HttpServer::port
  HttpLimits limits{};
  std::size_t handler_threads = 2;  ///< handlers may block: they never run on I/O threads
  /// Names by which the server may be addressed, besides addresses and "localhost". A Host header
  /// with another name is refused (421): a web page elsewhere whose name is made to resolve to us
  /// (DNS rebinding) must not read patients' data with a visitor's browser. "*" accepts every name.
  std::vector<std::string> server_names;
};

class HttpServer {
 public:
  /// Errors: InvalidArgument (`listen` is not an address), Io (port in use; the message says so).
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
