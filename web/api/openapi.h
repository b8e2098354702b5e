// `/api/openapi.json`: what /api offers, as OpenAPI 3.1, made from the routes themselves.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "web/http/router.h"

namespace pacs::web {

/// Every row below /api, in the order of matching.
[[nodiscard]] boost::json::object openapi_document(const Router& router, std::string_view version);

/// Adds GET `/api/openapi.json` for anybody; to be called when all other rows of /api are there.
void add_openapi(Router& router, std::string_view version);

}  // namespace pacs::web
