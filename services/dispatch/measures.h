// Measures: what the Responder counts: seconds of each DIMSE operation, responses by status.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "integration/metrics.h"
#include "network/dimse/command.h"

namespace pacs::services {

/// Thread-safe. The series of an operation are looked up once. Statuses are ours, so the number of
/// series is bounded by the table of statuses and not by what peers send.
class Measures {
 public:
  explicit Measures(integration::Metrics* metrics) : metrics_(metrics) {}

  void finished(network::CommandField request, std::uint16_t status,
                std::chrono::steady_clock::duration took);
  /// Ended without a response: the association went away.
  void abandoned(network::CommandField request);

 private:
  integration::Histogram& seconds(network::CommandField request);
  integration::Counter& responses(network::CommandField request, std::string_view status);

  integration::Metrics* metrics_;
  std::mutex mutex_;
  std::map<network::CommandField, integration::Histogram*> seconds_;
  std::map<std::pair<network::CommandField, std::string>, integration::Counter*, std::less<>>
      responses_;
};

/// "C-STORE" of C-STORE-RQ; "other" for a field that no table has.
[[nodiscard]] std::string operation_name(network::CommandField request);

}  // namespace pacs::services
