// The statements that IndexWriter works with, prepared once.
#pragma once

#include <memory>

#include "storage/sql/sql.h"

namespace pacs::storage {

struct IndexStatements {
  using Statement = std::unique_ptr<SqlStatement>;

  [[nodiscard]] static Result<std::unique_ptr<IndexStatements>> prepare(SqlDatabase& database);

  Statement begin, commit, rollback;
  Statement find_series, find_study, find_patient, find_base, find_term, find_instance;
  // These give the new row's id: patient, study, series, term.
  Statement insert_patient, insert_study, insert_series, insert_term;
  Statement insert_base, insert_instance;
  Statement add_conflict;  ///< or count one more
  // Fill what was empty.
  Statement supplement_patient, supplement_study;
  // All but delete_instance: when nothing hangs on the row any more.
  Statement delete_instance, delete_base, delete_series, delete_study, delete_patient;
  // The lists of a study: as the rows below it say, as it has them, to be set.
  Statement collect_modalities, collect_sop_classes;
  Statement get_modalities, get_sop_classes, set_modalities, set_sop_classes;
  Statement grow_patient, grow_study, grow_series, grow_state, set_checkpoint;
};

}  // namespace pacs::storage
