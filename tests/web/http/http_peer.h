// The language of the web tests: a server on a free port and raw HTTP clients over real sockets.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "integration/metrics.h"
#include "integration/thread_adapter.h"
#include "web/http/http_server.h"

namespace pacs::web {

/// A server with `router` on 127.0.0.1 and a free port, on two I/O threads.
struct TestServer {
  explicit TestServer(Router router, HttpOptions options = {});
  ~TestServer();

  std::unique_ptr<integration::Metrics> metrics = integration::Metrics::create();
  integration::IoPool pool{2};
  std::unique_ptr<HttpServer> server;
};

/// An HTTP response as it came.
struct Answer {
  std::string head;  ///< status line and headers, with CRLFs
  std::string body;  ///< chunks joined
  [[nodiscard]] int status() const;
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// One client connection: sends bytes as told, reads answers as they come. Fails the test when the
/// server is silent for 20 s.
class Peer {
 public:
  /// `from` is the client's address, one of 127.0.0.0/8.
  explicit Peer(const TestServer& server, const char* from = "127.0.0.1");
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void sends(std::string_view bytes);
  /// Reads one answer; `head_only` for HEAD. Status 0 when the server closed before one.
  Answer receives(bool head_only = false);
  /// Reads and drops so many bytes; fewer when the server closes before, 0 then.
  std::size_t takes(std::size_t bytes);
  Answer asks(std::string_view request);
  /// "GET target" with a Host header, kept alive.
  Answer gets(std::string_view target);
  /// Whether nothing has come that was not received.
  [[nodiscard]] bool has_nothing() const;
  /// True once the server has closed (data before that is dropped).
  bool is_closed_by_server();

 private:
  bool read_more();
  int socket_ = -1;
  std::string buffered_;
};

}  // namespace pacs::web
