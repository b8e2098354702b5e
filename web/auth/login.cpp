// /login and /logout: a token as a cookie.
#include <optional>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "web/auth/authenticator.h"
#include "web/http/small_json.h"
#include "web/http/ui_file.h"

namespace pacs::web {
namespace {

/// A script cannot read it, and another site's page cannot send it.
Response with_cookie(const Request& request, std::string_view secret, std::string_view age) {
  Response response;
  response.status = 204;
  response.headers.emplace_back(
      "Set-Cookie", fmt::format("pacs_token={}; Path=/; HttpOnly; SameSite=Strict{}{}", secret, age,
                                request.base_url.starts_with("https:") ? "; Secure" : ""));
  return response;
}

Response log_in(Tokens& tokens, const Request& request) {
  const Result<boost::json::value> body = parse_small_json(request.body);
  if (!body) return Response::problem(body.error());
  const boost::json::object* object = body->if_object();
  const boost::json::value* secret = object == nullptr ? nullptr : object->if_contains("token");
  if (secret == nullptr || !secret->is_string()) {
    return Response::problem(400, "The body must be {\"token\": \"...\"}.");
  }
  const std::string_view text{secret->get_string()};
  if (!tokens.find(text)) {
    return Response::problem(401, "There is no such token. `pacs token create` makes one.");
  }
  return with_cookie(request, text, "");
}

}  // namespace

void add_login(Router& router, Tokens& tokens) {
  router.add(
      {"GET", "/login", Role::Anybody, [](const Request&) { return ui_file("login.html"); }});
  router.add({"POST", "/login", Role::Anybody,
              [&tokens](const Request& request) { return log_in(tokens, request); },
              RequestBody::Json});
  router.add({"POST", "/logout", Role::Anybody,
              [](const Request& request) { return with_cookie(request, "", "; Max-Age=0"); },
              RequestBody::Json});
}

}  // namespace pacs::web
