#include "web/api/openapi.h"

#include <algorithm>
#include <cctype>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "web/api/api_route.h"
#include "web/api/api_schemas.h"
#include "web/http/unchanging_answer.h"

namespace pacs::web {
namespace {

namespace json = boost::json;

/// RFC 6901 has no part in it: names of schemas have no "/" and no "~".
json::object reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

json::object content(std::string_view media_type, std::string_view schema) {
  return {{media_type, json::object{{"schema", reference(schema)}}}};
}

json::array parameters_of(const Route& route) {
  json::array parameters;
  std::string_view rest = route.pattern;
  for (auto open = rest.find('{'); open != rest.npos; open = rest.find('{')) {
    const auto close = rest.find('}');
    parameters.push_back(json::object{{"name", rest.substr(open + 1, close - open - 1)},
                                      {"in", "path"},
                                      {"required", true},
                                      {"schema", {{"type", "string"}}}});
    rest.remove_prefix(close + 1);
  }
  for (const DescribedParameter& parameter : route.about.query) {
    parameters.push_back(
        json::object{{"name", parameter.name},
                     {"in", "query"},
                     {"description", parameter.meaning},
                     {"schema", {{"type", parameter.is_number ? "integer" : "string"}}}});
  }
  return parameters;
}

json::object operation_of(const Route& route) {
  const RouteDescription& about = route.about;
  json::object responses;
  for (const unsigned status : about.statuses) {
    json::object response{{"description", "Success."}};
    if (!about.answer.empty()) response["content"] = content("application/json", about.answer);
    responses[std::to_string(status)] = std::move(response);
  }
  responses["default"] = {{"description", "What is wrong, and what to do (RFC 9457)."},
                          {"content", content("application/problem+json", "Problem")}};
  json::object operation{{"summary", about.summary},
                         {"description", "For the role " + std::string(to_string(route.role)) +
                                             " and those that may more."},
                         {"parameters", parameters_of(route)},
                         {"responses", std::move(responses)}};
  if (!about.body.empty()) {
    operation["requestBody"] = {{"required", true},
                                {"content", content("application/json", about.body)}};
  }
  if (route.role == Role::Anybody) operation["security"] = json::array{json::object{}};
  return operation;
}

}  // namespace

json::object openapi_document(const Router& router, std::string_view version) {
  json::object paths;
  for (const Route& route : router.routes()) {
    if (!route.pattern.starts_with("/api/")) continue;
    json::value& path = paths[route.pattern];
    if (path.is_null()) path.emplace_object();
    std::string method = route.method;
    std::ranges::transform(method, method.begin(), [](unsigned char letter) {
      return static_cast<char>(std::tolower(letter));
    });
    path.get_object()[method] = operation_of(route);
  }
  const json::object token{{"type", "http"}, {"scheme", "bearer"}};
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "PACS System"}, {"version", version}}},
          {"paths", std::move(paths)},
          {"security", json::array{json::object{{"token", json::array{}}}}},
          {"components",
           {{"schemas", api_schemas()}, {"securitySchemes", json::object{{"token", token}}}}}};
}

void add_openapi(Router& router, std::string_view version) {
  const auto row = [](std::string text) {
    return only_for(Role::Anybody, api_route("GET", "/api/openapi.json",
                                             unchanging_answer("application/json", std::move(text)),
                                             {.summary = "This document", .answer = "Object"}));
  };
  Router with_itself = router;
  with_itself.add(row({}));
  router.add(row(json::serialize(openapi_document(with_itself, version)) + "\n"));
}

}  // namespace pacs::web
