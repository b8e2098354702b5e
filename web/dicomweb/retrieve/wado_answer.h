// What all resources of WADO-RS share: errors as answers, and what the client accepts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "web/http/media_type.h"
#include "web/http/router.h"

namespace pacs::web {

/// Answers, or says why not.
using WadoHandler = std::function<Result<Response>(const Request&)>;

/// As a handler of the router, whose answers all say that Accept decides of them. What is wrong
/// with stored pixels is no fault of the request's, but keeps them from being given as asked: 406,
/// for as stored they can be. What lacks memory or disk is asked for again later: 503.
[[nodiscard]] Handler answering(WadoHandler handler);

/// 406 (PS3.18 §10.4.3): why, and what can be asked for instead.
[[nodiscard]] Response not_acceptable(std::string_view why);

/// Those with a quality above 0, best first.
[[nodiscard]] Result<std::vector<MediaRange>> wanted_media(const Request& request);

}  // namespace pacs::web
