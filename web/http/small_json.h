// The bodies of requests that say a few words in JSON.
#pragma once

#include <string_view>

#include <boost/json/fwd.hpp>

#include "core/result.h"

namespace pacs::web {

/// InvalidArgument when it is not JSON. LimitExceeded above 16 KiB: in memory "0," takes twenty
/// times what it takes in a body, and nobody has so much to say of a job or an AE.
[[nodiscard]] Result<boost::json::value> parse_small_json(std::string_view body);

}  // namespace pacs::web
