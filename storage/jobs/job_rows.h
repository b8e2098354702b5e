// Rows of the table `job` as values, and parts of statements that name some. Internal to SqlJobs.
#pragma once

#include <string_view>
#include <vector>

#include "storage/jobs/jobs.h"
#include "storage/sql/sql.h"
#include "storage/sql/sql_text.h"

namespace pacs::storage {

/// What job_of reads, in its order, all but the payload.
inline constexpr std::string_view kJobColumns =
    "id, kind, subject, destination, state, priority, attempts, due_ms, owner, lease_ms, "
    "created_ms, changed_ms, progress_done, progress_total, error, once";
inline constexpr int kJobPayloadColumn = 16;  ///< where it stands behind them
[[nodiscard]] Job job_of(SqlStatement& row);
[[nodiscard]] Job job_with_payload_of(SqlStatement& row);

/// " = $n" with the state's name.
void add_state(SqlText& sql, JobState state);
/// "kind IN ($n, ...)".
void add_kinds(SqlText& sql, const std::vector<std::string>& kinds);

}  // namespace pacs::storage
