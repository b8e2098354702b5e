// `/api/performed-steps`: what modalities report about their work, compared with what is stored.
#pragma once

#include "web/http/router.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::web {

/// Adds, both with JSON:
///   GET /api/performed-steps        newest first: ?status=, ?patient_id=, ?study=,
///                                   ?accession_number=, ?mismatch=true, ?limit=, ?before=
///   GET /api/performed-steps/{uid}  one: the whole object in the DICOM JSON model, and which
///                                   instances were performed and not stored, stored elsewhere,
///                                   stored and not performed
/// `archive` outlives the server.
void add_performed_steps(Router& router, storage::Archive& archive);

}  // namespace pacs::web
