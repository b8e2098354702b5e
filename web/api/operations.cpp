#include "web/api/operations.h"

#include <chrono>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "integration/metrics.h"
#include "integration/process_metrics.h"
#include "web/api/api_route.h"
#include "web/http/ui_file.h"

namespace pacs::web {
namespace {

namespace json = boost::json;

struct Readiness {
  bool ready = true;
  json::array checks;
};

Readiness readiness_of(const std::vector<ReadinessCheck>& checks) {
  Readiness readiness;
  for (const auto& [name, check] : checks) {
    const Result<std::string> status = check();
    readiness.ready = readiness.ready && status.has_value();
    json::object row{{"name", name}, {"ok", status.has_value()}};
    const std::string detail = status ? *status : status.error().to_string();
    if (!detail.empty()) row["detail"] = detail;
    readiness.checks.push_back(std::move(row));
  }
  return readiness;
}

Response readyz(const Operations& operations) {
  Readiness readiness = readiness_of(operations.checks);
  const json::object body{{"ready", readiness.ready}, {"checks", std::move(readiness.checks)}};
  return Response::json(readiness.ready ? 200 : 503, json::serialize(body) + "\n");
}

Response status(const Operations& operations, std::chrono::steady_clock::time_point started) {
  Readiness readiness = readiness_of(operations.checks);
  json::array dicom;
  for (const auto& endpoint : operations.dicom) {
    dicom.push_back(json::object{{"ae_title", endpoint.ae_title},
                                 {"host", endpoint.host},
                                 {"port", endpoint.port},
                                 {"tls", endpoint.tls},
                                 {"local_only", endpoint.local_only}});
  }
  json::object body{
      {"version", operations.version},
      {"uptime_seconds",
       std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()},
      {"ready", readiness.ready},
      {"checks", std::move(readiness.checks)},
      {"dicom", std::move(dicom)},
      {"associations", operations.associations()},
      {"memory_bytes", integration::resident_memory_bytes()},
      {"counts", nullptr}};
  if (const auto counts = operations.counts()) {
    body["counts"] = json::object{{"patients", counts->patients},
                                  {"studies", counts->studies},
                                  {"series", counts->series},
                                  {"instances", counts->instances},
                                  {"bytes", counts->bytes}};
  }
  return Response::json(200, json::serialize(body) + "\n");
}

}  // namespace

void add_operations(Router& router, Operations operations) {
  const auto shared = std::make_shared<const Operations>(std::move(operations));
  const auto started = std::chrono::steady_clock::now();
  router.add({"GET", "/", Role::Anybody, [](const Request&) { return ui_file("index.html"); }});
  router.add({"GET", "/ui/{file}", Role::Anybody,
              [](const Request& request) { return ui_file(request.parameter("file")); }});
  router.add(
      {"GET", "/favicon.ico", Role::Anybody, [](const Request&) { return ui_file("icon.svg"); }});
  // Waits for no handler thread: it answers as long as the process does.
  router.add({"GET", "/healthz", Role::Anybody, [](Request&) -> boost::asio::awaitable<Response> {
                co_return Response::text(200, "alive\n");
              }});
  router.add(
      {"GET", "/readyz", Role::Anybody, [shared](const Request&) { return readyz(*shared); }});
  router.add(api_route(
      "GET", "/api/status", [shared, started](const Request&) { return status(*shared, started); },
      {.summary = "Version, ports, health, and what the archive holds", .answer = "Status"}));
  router.add({"GET", "/metrics", Role::Viewer, [shared](const Request&) {
                return Response::of("text/plain; version=0.0.4; charset=utf-8",
                                    shared->metrics->exposition());
              }});
}

}  // namespace pacs::web
