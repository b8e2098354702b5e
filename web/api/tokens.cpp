#include "web/api/tokens.h"

#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "web/api/api_route.h"
#include "web/auth/tokens.h"
#include "web/http/path_segment.h"
#include "web/http/small_json.h"

namespace pacs::web {
namespace {

namespace json = boost::json;

json::object to_json(const Token& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", to_string(token.role)},
          {"created", token.created}};
}

Response me(const Request& request) {
  const json::object body{{"name", request.principal.name},
                          {"role", to_string(request.principal.role)}};
  return Response::json(200, json::serialize(body) + "\n").with("Cache-Control", "no-store");
}

Response list(Tokens& tokens) {
  const auto all = tokens.list();
  if (!all) return Response::problem(all.error());
  json::array rows;
  for (const Token& token : *all) rows.push_back(to_json(token));
  return Response::json(200, json::serialize(json::object{{"tokens", std::move(rows)}}) + "\n");
}

struct NewToken {
  std::string name;
  Role role = Role::Viewer;
};

Result<NewToken> read_new_token(std::string_view body) {
  constexpr std::string_view kForm =
      R"(the body must be {"name": "...", "role": "viewer, uploader or administrator"})";
  PACS_TRY(const json::value value, parse_small_json(body));
  const json::object* object = value.if_object();
  const auto text = [&](std::string_view key) -> std::optional<std::string> {
    const json::value* field = object == nullptr ? nullptr : object->if_contains(key);
    if (field == nullptr || !field->is_string()) return std::nullopt;
    return std::string(field->get_string());
  };
  const auto name = text("name"), role_name = text("role");
  const auto role = role_name ? parse_role(*role_name) : std::nullopt;
  if (!name || !role || object->size() != 2) return bad_request(std::string(kForm));
  return NewToken{*name, *role};
}

Response create(Tokens& tokens, const Request& request) {
  const Result<NewToken> wanted = read_new_token(request.body);
  if (!wanted) return Response::problem(wanted.error());
  const auto created = tokens.create(wanted->name, wanted->role);
  if (!created) return Response::problem(created.error());
  json::object body = to_json(created->token);
  body["token"] = created->secret;
  return Response::json(201, json::serialize(body) + "\n")
      .with("Cache-Control", "no-store")
      .with("Location", "/api/tokens/" + created->token.id);
}

Response revoke(Tokens& tokens, std::string_view name) {
  if (Result<> revoked = tokens.revoke_named(name); !revoked) {
    return Response::problem(revoked.error());
  }
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

void add_tokens(Router& router, Tokens& tokens) {
  const auto administrators = [&router](Route route) {
    router.add(only_for(Role::Administrator, std::move(route)));
  };
  router.add(only_for(Role::Anybody,
                      api_route("GET", "/api/me", me, {.summary = "Who asks", .answer = "Me"})));
  administrators(api_route("GET", "/api/tokens", [&tokens](const Request&) { return list(tokens); },
                           {.summary = "The tokens, not their secrets", .answer = "Tokens"}));
  administrators(api_route("POST", "/api/tokens",
                           [&tokens](const Request& request) { return create(tokens, request); },
                           {.summary = "Makes a token, which is shown this once",
                            .body = "TokenToCreate",
                            .answer = "TokenCreated",
                            .statuses = {201}}));
  administrators(api_route("DELETE", "/api/tokens/{name}",
                           [&tokens](const Request& request) {
                             return revoke(tokens, text_of_segment(request.parameter("name")));
                           },
                           {.summary = "Revokes all tokens of this name, or the one of this id",
                            .statuses = no_content()}));
}

}  // namespace pacs::web
