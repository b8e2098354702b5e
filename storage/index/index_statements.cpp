#include "storage/index/index_statements.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/index/index_columns.h"
#include "storage/sql/sql_text.h"

namespace pacs::storage {
namespace {

std::string insert(std::string_view table, std::vector<std::string> columns,
                   std::span<const IndexColumn> more) {
  for (auto& name : column_names(more)) columns.push_back(std::move(name));
  return insert_text(table, columns);
}

/// "UPDATE t SET a = CASE WHEN a = '' THEN $1 ELSE a END, ... WHERE id = $n"
std::string supplement(std::string_view table, std::span<const IndexColumn> columns) {
  std::vector<std::string> sets;
  for (const std::string& name : column_names(columns)) {
    sets.push_back(
        fmt::format("{0} = CASE WHEN {0} = '' THEN ${1} ELSE {0} END", name, sets.size() + 1));
  }
  return fmt::format("UPDATE {} SET {} WHERE id = ${}", table, fmt::join(sets, ", "),
                     sets.size() + 1);
}

}  // namespace

Result<std::unique_ptr<IndexStatements>> IndexStatements::prepare(SqlDatabase& database) {
  using All = IndexStatements;
  const std::string returning = " RETURNING id";
  const std::pair<Statement All::*, std::string> texts[] = {
      {&All::begin, "BEGIN"},
      {&All::commit, "COMMIT"},
      {&All::rollback, "ROLLBACK"},
      {&All::find_series,
       "SELECT series.id, study.id, study.patient_key, patient_id, issuer_of_patient_id FROM study "
       "JOIN series ON series.study_key = study.id JOIN patient ON patient.id = study.patient_key "
       "WHERE study.study_instance_uid = $1 AND series.series_instance_uid = $2"},
      {&All::find_study,
       "SELECT study.id, patient_key, patient_id, issuer_of_patient_id FROM study JOIN patient ON "
       "patient.id = study.patient_key WHERE study_instance_uid = $1"},
      {&All::find_patient,
       "SELECT id FROM patient WHERE patient_id = $1 AND issuer_of_patient_id = $2 AND "
       "distinct_by = $3"},
      {&All::find_base, "SELECT header FROM header_base WHERE series_key = $1"},
      {&All::find_term, "SELECT id FROM term WHERE text = $1"},
      {&All::find_instance,
       "SELECT instance.id, series.id, study.id, study.patient_key, instance.data_set_bytes FROM "
       "instance JOIN series ON series.id = instance.series_key JOIN study ON study.id = "
       "series.study_key WHERE instance.sop_instance_uid = $1"},
      {&All::insert_patient, insert("patient", {"distinct_by"}, patient_columns()) + returning},
      {&All::insert_study,
       insert("study", {"patient_key", "study_instance_uid"}, study_columns()) + returning},
      {&All::insert_series,
       insert("series", {"study_key", "series_instance_uid"}, series_columns()) + returning},
      {&All::insert_term, insert_text("term", {"text"}) + returning},
      {&All::insert_base, insert_text("header_base", {"series_key", "header"})},
      {&All::insert_instance, insert("instance",
                                     {"id", "series_key", "sop_instance_uid", "sop_class_key",
                                      "transfer_syntax_key", "source_key", "received_ms",
                                      "data_set_bytes", "data_set_offset", "checksum", "header"},
                                     instance_columns()) +
                                  " ON CONFLICT (sop_instance_uid) DO NOTHING"},
      {&All::add_conflict,
       insert_text("patient_conflict", {"study_key", "patient_id", "issuer_of_patient_id",
                                        "patient_name", "sop_instance_uid", "source_ae", "first_ms",
                                        "last_ms", "instance_count", "decided"}) +
           " ON CONFLICT (study_key, patient_id, issuer_of_patient_id) DO UPDATE SET "
           "patient_name = excluded.patient_name, sop_instance_uid = excluded.sop_instance_uid, "
           "source_ae = excluded.source_ae, last_ms = excluded.last_ms, instance_count = "
           "patient_conflict.instance_count + 1"},
      {&All::supplement_patient, supplement("patient", patient_columns())},
      {&All::supplement_study, supplement("study", study_columns())},
      {&All::delete_instance, "DELETE FROM instance WHERE id = $1"},
      {&All::delete_base,
       "DELETE FROM header_base WHERE series_key = $1 AND NOT EXISTS (SELECT 1 FROM instance WHERE "
       "series_key = $1)"},
      {&All::delete_series,
       "DELETE FROM series WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM instance WHERE series_key = "
       "$1)"},
      {&All::delete_study,
       "DELETE FROM study WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM series WHERE study_key = "
       "$1)"},
      {&All::delete_patient,
       "DELETE FROM patient WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM study WHERE patient_key = "
       "$1)"},
      {&All::collect_modalities,
       "SELECT DISTINCT modality FROM series WHERE study_key = $1 AND modality <> '' ORDER BY "
       "modality"},
      {&All::collect_sop_classes,
       "SELECT DISTINCT term.text FROM series JOIN instance ON instance.series_key = series.id "
       "JOIN term ON term.id = instance.sop_class_key WHERE series.study_key = $1 ORDER BY "
       "term.text"},
      {&All::get_modalities, "SELECT modalities FROM study WHERE id = $1"},
      {&All::get_sop_classes, "SELECT sop_classes FROM study WHERE id = $1"},
      {&All::set_modalities, "UPDATE study SET modalities = $1 WHERE id = $2"},
      {&All::set_sop_classes, "UPDATE study SET sop_classes = $1 WHERE id = $2"},
      {&All::grow_patient,
       "UPDATE patient SET study_count = study_count + $1, series_count = series_count + $2, "
       "instance_count = instance_count + $3 WHERE id = $4"},
      {&All::grow_study,
       "UPDATE study SET series_count = series_count + $1, instance_count = instance_count + $2, "
       "bytes = bytes + $3 WHERE id = $4"},
      {&All::grow_series,
       "UPDATE series SET instance_count = instance_count + $1, bytes = bytes + $2 WHERE id = $3"},
      {&All::grow_state,
       "UPDATE archive_state SET patients = patients + $1, studies = studies + $2, series = series "
       "+ $3, instances = instances + $4, bytes = bytes + $5, applied_sequence = $6, last_object = "
       "CASE WHEN last_object < $7 THEN $7 ELSE last_object END"},
      {&All::set_checkpoint, "UPDATE archive_state SET checkpoint_sequence = $1"},
  };
  auto all = std::make_unique<IndexStatements>();
  for (const auto& [statement, text] : texts) {
    PACS_TRY((*all).*statement, database.prepare(text));
  }
  return all;
}

}  // namespace pacs::storage
