#include "web/api/remote_aes.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "integration/on_worker.h"
#include "services/dispatch/remote_aes.h"
#include "services/verification/verification_scu.h"
#include "web/api/api_route.h"
#include "web/http/path_segment.h"
#include "web/http/small_json.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using services::KnownAe;
using services::RemoteAes;
using std::chrono::steady_clock;

/// The caller waits for the answer: shorter than the timeout of a move.
constexpr std::chrono::seconds kEchoSeconds{10};

json::object to_json(const KnownAe& ae) {
  return {{"ae_title", ae.remote.ae_title}, {"host", ae.remote.host},
          {"port", ae.remote.port},         {"tls", ae.remote.tls},
          {"comment", ae.remote.comment},   {"configured", ae.configured}};
}

Response answer(unsigned status, const json::value& body) {
  return Response::json(status, json::serialize(body) + "\n");
}

Result<> take_field(storage::RemoteAe& remote, std::string_view name, const json::value& value) {
  const auto take_text = [&](std::string& field) -> Result<> {
    if (!value.is_string()) return bad_request(fmt::format("{} must be a string", name));
    field = std::string_view{value.get_string()};
    return {};
  };
  if (name == "ae_title") return take_text(remote.ae_title);
  if (name == "host") return take_text(remote.host);
  if (name == "comment") return take_text(remote.comment);
  if (name == "tls") {
    if (!value.is_bool()) return bad_request("tls must be true or false");
    remote.tls = value.get_bool();
    return {};
  }
  if (name == "port") {
    if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > 65535) {
      return bad_request("port must be a number from 1 to 65535");
    }
    remote.port = static_cast<std::uint16_t>(value.get_int64());
    return {};
  }
  if (name == "configured") return {};  // sent by GET and ignored here
  return bad_request(fmt::format("{} is unknown; use ae_title, host, port, tls or comment", name));
}

/// The AE of a PUT or POST. `title` is that of the path, if there is one.
Result<storage::RemoteAe> read_body(std::string_view body, std::string_view title) {
  PACS_TRY(const json::value value, parse_small_json(body));
  if (!value.is_object()) return bad_request("the body must be one JSON object");
  storage::RemoteAe remote;
  for (const auto& [name, field] : value.get_object()) {
    PACS_TRY(take_field(remote, {name.data(), name.size()}, field));
  }
  if (!title.empty()) {
    if (remote.ae_title.empty()) remote.ae_title = title;
    if (remote.ae_title != title) return bad_request("ae_title differs from the title in the path");
  }
  PACS_TRY(storage::check(remote));
  return remote;
}

std::string title_of(const Request& request) {
  return text_of_segment(request.parameter("title"));
}

Response list(const RemoteAes& remotes) {
  const Result<std::vector<KnownAe>> known = remotes.list();
  if (!known) return Response::problem(known.error());
  json::array rows;
  for (const KnownAe& ae : *known) rows.push_back(to_json(ae));
  return answer(200, rows);
}

Response show(const RemoteAes& remotes, std::string_view title) {
  const Result<KnownAe> ae = remotes.find(title);
  return ae ? answer(200, to_json(*ae)) : Response::problem(ae.error());
}

Response put(RemoteAes& remotes, const Request& request,
             const std::function<void(std::string_view)>& entered) {
  Result<storage::RemoteAe> remote = read_body(request.body, title_of(request));
  if (!remote) return Response::problem(remote.error());
  const std::string title = remote->ae_title;
  const Result<bool> added = remotes.put(*remote);
  if (!added) return Response::problem(added.error());
  if (entered) entered(title);
  Response response = show(remotes, title);
  if (*added && response.status == 200) {
    response.status = 201;
    response.headers.emplace_back("Location", "/api/remote-aes/" + segment_of(title));
  }
  return response;
}

Response remove(RemoteAes& remotes, std::string_view title) {
  if (Result<> removed = remotes.remove(title); !removed) return Response::problem(removed.error());
  Response response;
  response.status = 204;
  return response;
}

/// How an echo test ended; `failure` is empty when it was answered with success.
struct EchoReport {
  std::string failure{}, implementation{};
};

network::Task<EchoReport> echo_on_association(network::RequestOptions options) {
  EchoReport report;
  Result<std::shared_ptr<network::Association>> opened =
      co_await network::request_association(std::move(options), {});
  if (!opened) {
    report.failure = opened.error().to_string();
    co_return report;
  }
  network::Association& association = **opened;
  report.implementation = association.negotiated().peer().implementation_version_name;
  Result<std::uint16_t> status = co_await services::echo(association);
  if (!status) {
    report.failure = status.error().to_string();
  } else if (*status != 0) {
    report.failure = fmt::format("the peer answered status {:04X}", *status);
  }
  Result<> released = co_await association.release();
  if (!released && report.failure.empty()) report.failure = released.error().to_string();
  co_return report;
}

network::Task<Response> echoed(network::RequestOptions options) {
  const auto started = steady_clock::now();
  const EchoReport report = co_await echo_on_association(std::move(options));
  const std::chrono::duration<double, std::milli> took = steady_clock::now() - started;
  json::object body{{"ok", report.failure.empty()}, {"milliseconds", took.count()}};
  if (!report.implementation.empty()) body["implementation"] = report.implementation;
  if (!report.failure.empty()) body["error"] = report.failure;
  co_return answer(200, body);
}

network::Task<Response> echo(const RemoteAes& remotes, integration::WorkPool& workers,
                             std::string title) {
  const Result<KnownAe> ae =
      co_await integration::on_worker(workers, [&] { return remotes.find(title); });
  if (!ae) co_return Response::problem(ae.error());
  network::RequestOptions options = remotes.reach(ae->remote);
  options.contexts = {services::verification_context()};
  options.limits.connect =
      std::min<std::chrono::milliseconds>(options.limits.connect, kEchoSeconds);
  options.limits.artim = options.limits.dimse_response = options.limits.connect;
  Response response = co_await echoed(std::move(options));
  co_return response;
}

}  // namespace

void add_remote_aes(Router& router, services::RemoteAes& remotes, integration::WorkPool& workers,
                    std::function<void(std::string_view title)> entered) {
  const Handler enter = [&remotes, entered = std::move(entered)](const Request& request) {
    return put(remotes, request, entered);
  };
  const RouteDescription entering{.summary = "Enters an AE, or replaces the one of its title",
                                  .body = "RemoteAeToEnter",
                                  .answer = "RemoteAe",
                                  .statuses = {200, 201}};
  router.add(api_route("GET", "/api/remote-aes", [&](const Request&) { return list(remotes); },
                       {.summary = "The AEs that we may send to", .answer = "RemoteAes"}));
  router.add(api_route("POST", "/api/remote-aes", enter, entering));
  router.add(api_route("GET", "/api/remote-aes/{title}",
                       [&](const Request& request) { return show(remotes, title_of(request)); },
                       {.summary = "One AE", .answer = "RemoteAe"}));
  router.add(api_route("PUT", "/api/remote-aes/{title}", enter, entering));
  router.add(api_route(
      "DELETE", "/api/remote-aes/{title}",
      [&](const Request& request) { return remove(remotes, title_of(request)); },
      {.summary = "Removes an AE that is not of the configuration", .statuses = no_content()}));
  router.add(api_route("POST", "/api/remote-aes/{title}/echo",
                       [&](Request& request) { return echo(remotes, workers, title_of(request)); },
                       {.summary = "Tests an AE by C-ECHO", .answer = "Echo"}));
}

}  // namespace pacs::web
