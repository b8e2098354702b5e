// Responder: answers the requests of associations with the services given to it, and does once what
// every service class needs: dispatch, the operations window, cancel, draining, the final response,
// metrics and the log line.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "integration/logging.h"
#include "network/association.h"
#include "services/dispatch/service.h"

namespace pacs::integration {
class Metrics;
}

namespace pacs::services {

class Measures;

struct ResponderLimits {
  /// Bytes of an identifier or an N-service data set, which is read whole: real ones are below
  /// 64 KiB, a commitment request for 100,000 instances is 14 MiB.
  std::size_t identifier_bytes_max = 32U << 20;
  /// Bytes of a data set that comes with a response.
  std::size_t response_bytes_max = 1U << 20;
  /// Operations performed at once on one association when the negotiated window is unlimited.
  std::size_t operations_in_flight_max = 16;
  /// To the response of a request of ours.
  std::chrono::milliseconds invoke_timeout{300'000};
};

/// Shared by all associations; thread-safe after the services have been added.
class Responder {
 public:
  Responder(integration::Logger log, integration::Metrics* metrics, ResponderLimits limits = {});
  ~Responder();

  void add(std::unique_ptr<Service> service);
  [[nodiscard]] const ResponderLimits& limits() const { return limits_; }
  [[nodiscard]] Service* find(std::string_view sop_class_uid) const;

  /// `base` with the questions that the services answer: transfer syntaxes, roles, extended
  /// negotiation. The responder must outlive the server that asks.
  [[nodiscard]] network::AcceptorPolicy policy(network::AcceptorPolicy base) const;

  /// Serves one association to its end: returns when it is released or gone and every operation
  /// has ended. Runs on the association's strand.
  Task<void> serve(std::shared_ptr<network::Association> association);

 private:
  friend class Conversation;

  integration::Logger log_;
  ResponderLimits limits_;
  std::unique_ptr<Measures> measures_;
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace pacs::services
