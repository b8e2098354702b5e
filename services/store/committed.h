// committed: the archive's asynchronous commit as something a coroutine waits for.
#pragma once

#include "network/association.h"
#include "storage/archive.h"

namespace pacs::services {

/// Commits and resumes on the caller's executor when the object is durable or has failed, whatever
/// thread the archive says so on. `ingest` must live until then.
network::Task<Result<storage::StoredInstance>> committed(storage::Ingest& ingest);

}  // namespace pacs::services
