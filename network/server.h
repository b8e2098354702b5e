// Server: a listening DICOM port.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "integration/logging.h"
#include "network/association.h"
#include "network/lobby.h"
#include "network/negotiation.h"

namespace pacs::integration {
class IoPool;
class Metrics;
}  // namespace pacs::integration

namespace pacs::network {

struct ServerOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 11112;  ///< 0 takes a free port; Server::port tells
  std::optional<TlsOptions> tls{};
  AssociationLimits limits{};
  std::size_t associations_max = 512;  ///< above it: A-ASSOCIATE-RJ transient, local limit exceeded
  /// Connections without an association: it is not negotiated yet, or has ended and the peer is to
  /// close. In normal use they are few and short; where there is no room for another one, the
  /// oldest is closed. 256 of one address are a gateway that connects for a whole hospital at once.
  Lobby::Limits waiting_max{.all = 512, .per_address = 256};
};

/// Each accepted association is handed to `serve` as a coroutine on one context of the pool; when
/// it returns, the connection ends.
class Server {
 public:
  using Serve = std::function<Task<void>(std::shared_ptr<Association>)>;
  static Result<std::unique_ptr<Server>> start(integration::IoPool& pool, ServerOptions options,
                                               AcceptorPolicy policy, Serve serve,
                                               integration::Logger log,
                                               integration::Metrics* metrics);
  ~Server();  ///< shuts down without grace
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t associations() const;
  /// Whether a new association would be accepted now: Cancelled while shutting down, OutOfResources
  /// when all are in use or no connection can be accepted (the process has no descriptors left).
  [[nodiscard]] Result<> ready() const;
  /// No new associations from now on; idle ones are told (A-ABORT) and busy ones finish the
  /// operations in flight, at most `grace`. Blocks until all are gone.
  void shut_down(std::chrono::milliseconds grace);

 private:
  struct Port;
  explicit Server(std::shared_ptr<Port> port) : port_(std::move(port)) {}

  std::shared_ptr<Port> port_;  ///< shared with its coroutines
  bool down_ = false;
};

}  // namespace pacs::network
