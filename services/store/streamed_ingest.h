// An object that comes over the network, taken into the archive as it comes.
#pragma once

#include <string_view>

#include "core/bytes.h"
#include "network/association.h"
#include "storage/ingest/ingest.h"

namespace pacs::services {

/// JPIP Referenced Deflate as well.
[[nodiscard]] bool is_deflated(std::string_view transfer_syntax_uid);

/// Appends a piece, for a deflated data set slice by slice with a turn for the others of this
/// thread between; then the piece need not stay valid.
[[nodiscard]] network::Task<Result<>> append_in_turns(storage::Ingest& ingest, ByteView piece,
                                                      bool deflated);

/// Commits, and resumes when the object is durable or has failed.
[[nodiscard]] network::Task<Result<storage::StoredInstance>> committed(storage::Ingest& ingest);

}  // namespace pacs::services
