// Begins to take an object into the archive on behalf of a STOW-RS request.
#pragma once

#include <memory>

#include "core/result.h"
#include "storage/ingest/ingest.h"
#include "web/dicomweb/store/stow.h"
#include "web/dicomweb/store/stow_results.h"

namespace pacs::web {

/// Null when the object is refused: `result`, which names it as far as known, says why.
[[nodiscard]] std::unique_ptr<storage::Ingest> begin_stow_ingest(const StowService& service,
                                                                 const Request& request,
                                                                 std::string transfer_syntax_uid,
                                                                 StowResult& result);

}  // namespace pacs::web
