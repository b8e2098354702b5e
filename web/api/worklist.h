// /api/worklist: the scheduled procedure steps, in the DICOM JSON model (PS3.18 §F).
#pragma once

#include <string>

#include "storage/worklist/worklist.h"
#include "web/http/router.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::web {

/// Where an item is: "/api/worklist/1.2.3/S1".
[[nodiscard]] std::string worklist_path(const storage::StepId& id);

/// Adds GET (with filters and paging) and POST on `/api/worklist`, GET, PUT and DELETE on
/// `/api/worklist/{study}/{step}`, and POST on `/api/worklist/{study}/{step}/cancel`. `step` is the
/// Scheduled Procedure Step ID with "/" written as "~1" and "~" as "~0" (as RFC 6901 §3 does). The
/// archive outlives the router.
void add_worklist(Router& router, storage::Archive& archive);

}  // namespace pacs::web
