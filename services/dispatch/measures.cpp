#include "services/dispatch/measures.h"

#include <chrono>

#include <fmt/format.h>

#include "network/dimse/status.h"
#include "services/dispatch/operation.h"

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

void Measures::finished(const Operation& operation, std::uint16_t status, const std::string& why) {
  const network::Command& request = operation.request();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - operation.started();
  const std::string status_text = fmt::format("{:04X}", status);
  if (metrics_ != nullptr) {
    const std::lock_guard lock{mutex_};
    seconds(request.field).observe(took.count());
    responses(request.field, status_text).add();
  }
  const std::string_view id = operation.association().id;
  const std::string name = operation_name(request.field);
  const std::string milliseconds = fmt::format("{:.2f}", took.count() * 1000);
  if (!request.ignored.empty()) {
    log_.info(id, "information in the command cannot be read and is ignored",
              {{"what", request.ignored}});
  }
  if (network::status_class(status) == network::StatusClass::Failure) {
    log_.warning(id, name,
                 {{"status", status_text},
                  {"sop_instance", request.sop_instance_uid},
                  {"milliseconds", milliseconds},
                  {"why", why}});
  } else {
    log_.info(id, name,
              {{"status", status_text},
               {"sop_instance", request.sop_instance_uid},
               {"milliseconds", milliseconds}});
  }
}

void Measures::abandoned(const Operation& operation, const Error& why) {
  const network::Command& request = operation.request();
  if (metrics_ != nullptr) {
    const std::lock_guard lock{mutex_};
    responses(request.field, "none").add();
  }
  log_.warning(operation.association().id,
               operation_name(request.field) + " ended without a response",
               {{"sop_instance", request.sop_instance_uid}, {"why", why.to_string()}});
}

}  // namespace pacs::services
