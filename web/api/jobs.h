// `/api/jobs`: where an administrator sees and controls durable jobs.
#pragma once

#include <functional>

#include "web/http/router.h"

namespace pacs::storage {
class Jobs;
}

namespace pacs::web {

/// Adds, all with JSON:
///   GET    /api/jobs              {"jobs": [...], "counts": {...}}, the latest first
///                                 ?state= kind= subject= destination= before= limit=
///   GET    /api/jobs/{id}
///   PATCH  /api/jobs/{id}         {"priority": -100 to 100}
///   POST   /api/jobs/{id}/cancel  no further attempt
///   POST   /api/jobs/{id}/retry   due now, with its full number of attempts
///   DELETE /api/jobs/{id}
/// A request that the job's state does not allow is answered 409. `wake` is called when a job may
/// be due; `jobs` outlives the server.
void add_jobs(Router& router, storage::Jobs& jobs, std::function<void()> wake);

}  // namespace pacs::web
