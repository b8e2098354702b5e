// SQLite behind the SQL seam, through SQLiteCpp.
#pragma once

#include <filesystem>

#include "storage/sql/sql.h"

namespace pacs::storage {

struct SqliteOptions {
  bool read_only = false;
  std::int64_t cache_kib = 2048;
  /// False: nothing is flushed, as for durability "os".
  bool durable = true;
};

/// Opens or creates a database in WAL mode. Committing does not flush: our journal keeps what was
/// committed until somebody flushes `path` and its "-wal" file (see IndexDatabase::sync).
[[nodiscard]] Result<std::unique_ptr<SqlDatabase>> open_sqlite(const std::filesystem::path& path,
                                                               const SqliteOptions& options);

}  // namespace pacs::storage
