// An answer that is the same as long as the program runs: clients that have it are told so.
#pragma once

#include <string>
#include <string_view>

#include "web/http/router.h"

namespace pacs::web {

/// 200 with `body` and an entity tag of it, or 304 without.
[[nodiscard]] Handler unchanging_answer(std::string_view content_type, std::string body);

}  // namespace pacs::web
