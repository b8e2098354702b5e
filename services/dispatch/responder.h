// Responder: answers the requests of associations with the services given to it, and does once what
// every service class needs: dispatch, the operations window, cancel, draining, the final response,
// metrics and the log line.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "integration/logging.h"
#include "integration/memory_budget.h"
#include "network/association.h"
#include "services/dispatch/served_association.h"
#include "services/dispatch/service.h"

namespace pacs::integration {
class Metrics;
}

namespace pacs::services {

class Measures;

/// Shared by all associations; thread-safe after the services have been added.
class Responder {
 public:
  Responder(integration::Logger log, integration::Metrics* metrics, ResponderLimits limits = {});
  ~Responder();

  void add(std::unique_ptr<Service> service);
  /// nullptr when none serves it.
  [[nodiscard]] Service* find(std::string_view sop_class_uid) const;

  /// `base` with the questions that the services answer: transfer syntaxes, roles, extended
  /// negotiation. The responder must outlive the server that asks.
  [[nodiscard]] network::AcceptorPolicy policy(network::AcceptorPolicy base) const;

  /// Serves one association to its end: returns when it is released or gone and every operation
  /// has ended. Runs on the association's strand.
  Task<void> serve(std::shared_ptr<network::Association> association);

 private:
  const ResponderLimits limits_;
  const std::unique_ptr<Measures> measures_;
  integration::MemoryBudget budget_;
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace pacs::services
