// The rows of /api: reading is for viewers; everything else changes something, which is for
// administrators, and says what in JSON.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "web/http/router.h"

namespace pacs::web {

[[nodiscard]] inline Route api_route(std::string method, std::string pattern,
                                     std::variant<Handler, WaitingHandler> handler,
                                     RouteDescription about) {
  const bool reads = method == "GET";
  return {std::move(method),
          std::move(pattern),
          reads ? Role::Viewer : Role::Administrator,
          std::move(handler),
          reads ? RequestBody::Buffered : RequestBody::Json,
          std::move(about)};
}

/// The same for another role than what it does would have.
[[nodiscard]] inline Route only_for(Role role, Route route) {
  route.role = role;
  return route;
}

/// The statuses of a change that answers nothing.
[[nodiscard]] inline std::vector<unsigned> no_content() {
  return {204};
}

}  // namespace pacs::web
