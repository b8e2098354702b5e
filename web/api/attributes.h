// `/api/attributes`: the data dictionary, for pages that show attributes by name.
#pragma once

#include "web/http/router.h"

namespace pacs::web {

/// Adds GET `/api/attributes`: {"00100010": ["PatientName", "PN", "Patient's Name"], ...} in the
/// order of tags; of repeating groups with an "x" for each digit that repeats, "60xx3000".
void add_attributes(Router& router);

}  // namespace pacs::web
