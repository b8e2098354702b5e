// WorklistPlan: how a query of the worklist is answered: which rows are walked, by which index, and
// what narrows them. `matches` decides over each row's data set for certain.
//
// Every walk goes in the order of one index that ends with the row number, so that it can be left
// after any row and taken up behind it: nothing is open between two calls. Steps are walked status
// by status, so that years of history cost nothing to those who ask for what is scheduled.
#pragma once

#include <vector>

#include "storage/index/sql_readers.h"
#include "storage/sql/sql_text.h"
#include "storage/worklist/worklist.h"

namespace pacs::storage {

/// Columns that every row begins with; then those of the order, without the last, which is `id`.
inline constexpr std::string_view kWorklistRow =
    "id, status, source, created_ms, changed_ms, data_set, study_instance_uid, "
    "scheduled_procedure_step_id";
inline constexpr int kWorklistRowColumns = 8;

struct WorklistWalk {
  SqlQuery rows;                ///< its open parameters are the place behind which to go on
  std::vector<SqlValue> place;  ///< where it begins
};

struct WorklistPlan {
  Query query;  ///< what is answered
  Query match;  ///< what must match: the query, and what the view demands
  std::vector<WorklistWalk> walks{};
};

/// Asks the database how many rows each way to begin would walk through, so far as that is cheap.
[[nodiscard]] Result<WorklistPlan> plan_worklist(Query query, const WorklistView& view,
                                                 SqlReader& reader);

}  // namespace pacs::storage
