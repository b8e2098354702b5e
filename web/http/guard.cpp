#include "web/http/guard.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"
#include "web/http/field_value.h"

namespace pacs::web {
namespace {

/// "https://name:port" without the scheme; a proxy in front of us may use another scheme.
std::string_view authority(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  return scheme_end == url.npos ? std::string_view{} : url.substr(scheme_end + 3);
}

/// "application/json; charset=utf-8" without parameters.
std::string_view media_type(std::string_view content_type) {
  return without_white_space(content_type.substr(0, content_type.find(';')));
}

bool is_of_this_site(std::string_view origin, const Request& request) {
  const std::string_view us = authority(request.base_url);
  return equal_without_case(authority(origin), request.header("Host")) ||
         equal_without_case(authority(origin), us.substr(0, us.find('/')));
}

bool changes_something(std::string_view method) {
  return method != "GET" && method != "OPTIONS";  // a HEAD is a GET here
}

}  // namespace

std::optional<Response> denial_of(const Request& request, const Route& route,
                                  const std::vector<std::string>& cors_origins) {
  const Principal& who = request.principal;
  if (who.role < route.role && who.role == Role::Anybody) {
    return Response::problem(401,
                             "Say who you are: with a token (Authorization: Bearer ...), a "
                             "client certificate, or at /login.")
        .with("WWW-Authenticate", "Bearer realm=\"pacs\"");
  }
  if (who.role < route.role) {
    return Response::problem(
        403, fmt::format("This needs the role {}; {} is {}.", to_string(route.role), who.name,
                         to_string(who.role)));
  }
  const std::string_view origin = request.header("Origin");
  if (changes_something(request.method) && !origin.empty() && !is_of_this_site(origin, request) &&
      allowed_origin(request, cors_origins).empty()) {
    return Response::problem(403, "Pages of other origins may not change anything here.");
  }
  if (route.body == RequestBody::Json && request.method != "DELETE" &&
      !equal_without_case(media_type(request.header("Content-Type")), "application/json")) {
    return Response::problem(415, "Content-Type must be application/json.");
  }
  const auto coding = listed_field(request.headers, "Content-Encoding");
  if (changes_something(request.method) && coding && !equal_without_case(*coding, "identity")) {
    return Response::problem(
               415, fmt::format("Content-Encoding: {} is not decoded here; send the body as it is.",
                                excerpt(*coding)))
        .with("Accept-Encoding", "identity");
  }
  return std::nullopt;
}

std::string_view allowed_origin(const Request& request,
                                const std::vector<std::string>& cors_origins) {
  const std::string_view origin = request.header("Origin");
  const bool allowed = !origin.empty() && std::ranges::any_of(cors_origins, [&](const auto& one) {
    return one == "*" || equal_without_case(one, origin);
  });
  return allowed ? origin : std::string_view{};
}

void allow_origin(Response& response, std::string_view origin) {
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Vary", "Origin");
  response.headers.emplace_back("Access-Control-Expose-Headers",
                                "Content-Location, Content-Range, ETag, Link, Location, "
                                "Retry-After, Warning, X-Total-Count");
}

Response preflight_answer(const Request& request, std::string_view allow) {
  Response response;
  response.status = 204;
  response.headers.emplace_back("Access-Control-Allow-Methods", allow);
  response.headers.emplace_back("Access-Control-Allow-Headers",
                                request.header("Access-Control-Request-Headers"));
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace pacs::web
