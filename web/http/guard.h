// What a request must be before its handler is called: from somebody who may, and not from a page
// of another site.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http/router.h"

namespace pacs::web {

/// 401 and 403 for a principal that may not, or for a page of another origin that makes a visitor's
/// browser change something (RFC 6454; browsers say from where they ask); 415 for a body that is
/// not what the route takes, or is coded: none is decoded here (RFC 9110 §8.4).
[[nodiscard]] std::optional<Response> denial_of(const Request& request, const Route& route,
                                                const std::vector<std::string>& cors_origins);

/// The request's Origin if pages from there may read our answers, else "".
[[nodiscard]] std::string_view allowed_origin(const Request& request,
                                              const std::vector<std::string>& cors_origins);

/// Says so (https://fetch.spec.whatwg.org/#http-cors-protocol).
void allow_origin(Response& response, std::string_view origin);

/// The answer to a browser that asks whether a page of `origin` may send such a request.
[[nodiscard]] Response preflight_answer(const Request& request, std::string_view allow);

}  // namespace pacs::web
