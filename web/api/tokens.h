// `/api/me` and `/api/tokens`: who asks, and where an administrator manages who may.
#pragma once

#include "web/http/router.h"

namespace pacs::web {

class Tokens;

/// Adds, all with JSON:
///   GET    /api/me             {"name", "role"}, for anybody
///   GET    /api/tokens         {"tokens": [{"id", "name", "role", "created"}]}
///   POST   /api/tokens         {"name", "role"}: 201 with the token itself, this once
///   DELETE /api/tokens/{name}  all of this name, or the one of this id
/// The last three are for administrators. `tokens` outlives the server.
void add_tokens(Router& router, Tokens& tokens);

}  // namespace pacs::web
