#include "services/dispatch/measures.h"

#include <fmt/format.h>

namespace pacs::services {

std::string operation_name(network::CommandField request) {
  const std::string_view name = network::to_string(request);
  return name.ends_with("-RQ") ? std::string{name.substr(0, name.size() - 3)} : "other";
}

integration::Histogram& Measures::seconds(network::CommandField request) {
  integration::Histogram*& series = seconds_[request];
  if (series == nullptr) {
    series = &metrics_->latency("pacs_dimse_seconds",
                                "Seconds from a DIMSE request's command to its final response",
                                {{"operation", operation_name(request)}});
  }
  return *series;
}

integration::Counter& Measures::responses(network::CommandField request, std::string_view status) {
  integration::Counter*& series = responses_[{request, std::string{status}}];
  if (series == nullptr) {
    series = &metrics_->counter(
        "pacs_dimse_responses_total", "Final DIMSE responses by status",
        {{"operation", operation_name(request)}, {"status", std::string{status}}});
  }
  return *series;
}

void Measures::finished(network::CommandField request, std::uint16_t status,
                        std::chrono::steady_clock::duration took) {
  if (metrics_ == nullptr) return;
  const std::lock_guard lock{mutex_};
  seconds(request).observe(std::chrono::duration<double>(took).count());
  responses(request, fmt::format("{:04X}", status)).add();
}

void Measures::abandoned(network::CommandField request) {
  if (metrics_ == nullptr) return;
  const std::lock_guard lock{mutex_};
  responses(request, "none").add();
}

}  // namespace pacs::services
