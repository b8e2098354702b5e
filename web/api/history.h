// `/api/history`: numbers of the running server over the last hour, day or month, for plots.
#pragma once

#include "web/http/router.h"

namespace pacs::integration {
class History;
}

namespace pacs::web {

/// Adds GET `/api/history?span=hour|day|month`. The history outlives the server.
void add_history(Router& router, const integration::History& history);

}  // namespace pacs::web
