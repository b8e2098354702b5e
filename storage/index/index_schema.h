// The tables of the index and how older ones become new ones.
#pragma once

#include <cstdint>

#include "storage/sql/sql.h"

namespace pacs::storage {

inline constexpr std::int64_t kSchemaVersion = 6;

/// Brings a database to kSchemaVersion, each step in a transaction of its own. Unsupported when it
/// was written by a newer program.
[[nodiscard]] Result<> migrate(SqlDatabase& database);

}  // namespace pacs::storage
