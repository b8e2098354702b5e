// `/api/conflicts`: studies whose instances name different patients.
#pragma once

#include "web/http/router.h"

namespace pacs::storage {
class Conflicts;
}

namespace pacs::web {

/// Adds, with JSON:
///   GET    /api/conflicts          {"conflicts": [...], "next_before": ID or null}, the latest
///                                  study first; ?before= limit=
///   DELETE /api/conflicts/{study}  seen and decided: listed no more, until the study gets an
///                                  instance of yet another patient
/// `conflicts` outlive the server.
void add_conflicts(Router& router, storage::Conflicts& conflicts);

}  // namespace pacs::web
