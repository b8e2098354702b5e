// Measures: what the Responder counts and logs of each operation: how long it took, how it ended.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "integration/logging.h"
#include "integration/metrics.h"
#include "network/dimse/command.h"

namespace pacs::services {

class Operation;

/// Thread-safe. The series of an operation are looked up once. Statuses are ours, so the number of
/// series is bounded by the table of statuses and not by what peers send.
class Measures {
 public:
  Measures(integration::Logger log, integration::Metrics* metrics)
      : log_(std::move(log)), metrics_(metrics) {}

  /// `why`: what the log says of a failure.
  void finished(const Operation& operation, std::uint16_t status, const std::string& why);
  /// Ended without a response: the association went away.
  void abandoned(const Operation& operation, const Error& why);

 private:
  integration::Histogram& seconds(network::CommandField request);
  integration::Counter& responses(network::CommandField request, std::string_view status);

  const integration::Logger log_;
  integration::Metrics* const metrics_;  ///< may be null
  std::mutex mutex_;
  std::map<network::CommandField, integration::Histogram*> seconds_;
  std::map<std::pair<network::CommandField, std::string>, integration::Counter*, std::less<>>
      responses_;
};

/// "C-STORE" of C-STORE-RQ; "other" for a field that no table has.
[[nodiscard]] std::string operation_name(network::CommandField request);

}  // namespace pacs::services
