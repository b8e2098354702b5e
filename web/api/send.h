// `/api/send`: a study or a series to a known AE, by a durable job.
#pragma once

#include <functional>

#include "web/http/router.h"

namespace pacs::services {
class RemoteAes;
}
namespace pacs::storage {
class Archive;
}

namespace pacs::web {

/// Adds POST `/api/send` {"destination": AE title, "study": UID, "series": UID, if not all of it}:
/// 202 {"job": id} when the job is durable; what becomes of it is at /api/jobs/{id}. 404 for an AE
/// that is not known and for what the archive does not hold. `wake` is called when the job may be
/// begun. All outlive the server.
void add_send(Router& router, storage::Archive& archive, const services::RemoteAes& remotes,
              std::function<void()> wake);

}  // namespace pacs::web
