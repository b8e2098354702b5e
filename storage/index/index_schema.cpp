#include "storage/index/index_schema.h"

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "storage/index/fold.h"
#include "storage/index/index_columns.h"
#include "storage/index/name_words.h"

namespace pacs::storage {
namespace {

// $ID, $BIG and $BYTES stand for the dialect's types. A step that was released is never changed:
// add the next one. Columns are named as in index_columns.cpp (a test compares them).
constexpr std::array<std::string_view, kSchemaVersion> kSchemaSteps = {
    R"sql(
-- One row. Totals are maintained, so that asking for them costs nothing; the sequence numbers are
-- the journal's: applied = in this database, checkpoint = durable here and in the object store.
CREATE TABLE archive_state (
  one $ID PRIMARY KEY CHECK (one = 1),
  applied_sequence $BIG NOT NULL, checkpoint_sequence $BIG NOT NULL, last_object $BIG NOT NULL,
  patients $BIG NOT NULL, studies $BIG NOT NULL, series $BIG NOT NULL, instances $BIG NOT NULL,
  bytes $BIG NOT NULL);
INSERT INTO archive_state VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0);

-- Text that very many rows share: SOP classes, transfer syntaxes, source AE titles.
CREATE TABLE term (id $ID PRIMARY KEY, text TEXT NOT NULL UNIQUE);

-- distinct_by keeps patients without id apart: it holds the study's UID then.
CREATE TABLE patient (
  id $ID PRIMARY KEY, distinct_by TEXT NOT NULL,
  patient_id TEXT NOT NULL, issuer_of_patient_id TEXT NOT NULL,
  patient_name TEXT NOT NULL, patient_name_folded TEXT NOT NULL,
  patient_birth_date TEXT NOT NULL, patient_birth_time TEXT NOT NULL, patient_sex TEXT NOT NULL,
  other_patient_ids TEXT NOT NULL,
  other_patient_names TEXT NOT NULL, other_patient_names_folded TEXT NOT NULL,
  ethnic_group TEXT NOT NULL, patient_comments TEXT NOT NULL,
  study_count $BIG NOT NULL DEFAULT 0, series_count $BIG NOT NULL DEFAULT 0,
  instance_count $BIG NOT NULL DEFAULT 0,
  UNIQUE (patient_id, issuer_of_patient_id, distinct_by));
CREATE INDEX patient_by_name ON patient (patient_name_folded);

-- modalities and sop_classes: sorted, each once, separated by backslashes.
CREATE TABLE study (
  id $ID PRIMARY KEY, patient_key $BIG NOT NULL REFERENCES patient (id),
  study_instance_uid TEXT NOT NULL UNIQUE,
  study_date TEXT NOT NULL, study_time TEXT NOT NULL, accession_number TEXT NOT NULL,
  issuer_of_accession_number TEXT NOT NULL, study_id TEXT NOT NULL,
  study_description TEXT NOT NULL,
  referring_physician_name TEXT NOT NULL, referring_physician_name_folded TEXT NOT NULL,
  procedure_code TEXT NOT NULL,
  name_of_physicians_reading_study TEXT NOT NULL,
  name_of_physicians_reading_study_folded TEXT NOT NULL,
  admitting_diagnoses_description TEXT NOT NULL, patient_age TEXT NOT NULL,
  patient_size TEXT NOT NULL, patient_weight TEXT NOT NULL, occupation TEXT NOT NULL,
  additional_patient_history TEXT NOT NULL, timezone_offset_from_utc TEXT NOT NULL,
  modalities TEXT NOT NULL DEFAULT '', sop_classes TEXT NOT NULL DEFAULT '',
  series_count $BIG NOT NULL DEFAULT 0, instance_count $BIG NOT NULL DEFAULT 0,
  bytes $BIG NOT NULL DEFAULT 0);
CREATE INDEX study_by_patient ON study (patient_key);
CREATE INDEX study_by_accession_number ON study (accession_number);
CREATE INDEX study_by_date ON study (study_date, study_time);

CREATE TABLE series (
  id $ID PRIMARY KEY, study_key $BIG NOT NULL REFERENCES study (id),
  series_instance_uid TEXT NOT NULL,
  modality TEXT NOT NULL, series_number TEXT NOT NULL, series_description TEXT NOT NULL,
  series_date TEXT NOT NULL, series_time TEXT NOT NULL, body_part_examined TEXT NOT NULL,
  laterality TEXT NOT NULL, protocol_name TEXT NOT NULL, manufacturer TEXT NOT NULL,
  manufacturer_model_name TEXT NOT NULL, institution_name TEXT NOT NULL,
  station_name TEXT NOT NULL,
  performing_physician_name TEXT NOT NULL, performing_physician_name_folded TEXT NOT NULL,
  performed_procedure_step_start_date TEXT NOT NULL,
  performed_procedure_step_start_time TEXT NOT NULL, performed_procedure_step_id TEXT NOT NULL,
  scheduled_procedure_step_id TEXT NOT NULL, requested_procedure_id TEXT NOT NULL,
  instance_count $BIG NOT NULL DEFAULT 0, bytes $BIG NOT NULL DEFAULT 0,
  UNIQUE (series_instance_uid, study_key));
CREATE INDEX series_by_study ON series (study_key);

-- What the headers of a series are compressed against (header_compressor.h): its first one. A table
-- of its own, so that looking through series stays quick.
CREATE TABLE header_base (
  series_key $ID PRIMARY KEY REFERENCES series (id), header $BYTES NOT NULL);

-- id is the number of the object in the object store.
CREATE TABLE instance (
  id $ID PRIMARY KEY, series_key $BIG NOT NULL REFERENCES series (id),
  sop_instance_uid TEXT NOT NULL UNIQUE,
  sop_class_key $BIG NOT NULL REFERENCES term (id),
  transfer_syntax_key $BIG NOT NULL REFERENCES term (id),
  source_key $BIG NOT NULL REFERENCES term (id),
  received_ms $BIG NOT NULL, data_set_bytes $BIG NOT NULL, data_set_offset $BIG NOT NULL,
  checksum $BIG NOT NULL,
  instance_number TEXT NOT NULL, content_date TEXT NOT NULL, content_time TEXT NOT NULL,
  acquisition_date TEXT NOT NULL, acquisition_time TEXT NOT NULL,
  number_of_frames TEXT NOT NULL, concept_name_code TEXT NOT NULL,
  header $BYTES NOT NULL);
CREATE INDEX instance_by_series ON instance (series_key);
)sql",
    R"sql(
CREATE TABLE remote_ae (
  ae_title TEXT PRIMARY KEY, host TEXT NOT NULL, port $BIG NOT NULL, tls $BIG NOT NULL,
  comment TEXT NOT NULL);

-- Names of more than one component group, for keys that begin another group than the first.
CREATE INDEX patient_by_other_groups ON patient (patient_name_folded)
  WHERE patient_name_folded LIKE '%=%';
$NAME_TRIGRAMS
)sql",
    R"sql(
-- Scheduled procedure steps (PS3.4 Annex K), one row each. data_set is what a query is answered
-- from, in UTF-8; the columns are taken from it. status is that of the step, whatever data_set says.
-- source is what keeps the item up to date: "file:" and a name in the watched folder, or empty.
CREATE TABLE worklist_item (
  id $ID PRIMARY KEY,
  study_instance_uid TEXT NOT NULL, scheduled_procedure_step_id TEXT NOT NULL,
  status TEXT NOT NULL, start_date TEXT NOT NULL, start_time TEXT NOT NULL,
  station_ae_titles TEXT NOT NULL, modality TEXT NOT NULL,
  patient_id TEXT NOT NULL, patient_name TEXT NOT NULL, patient_name_folded TEXT NOT NULL,
  accession_number TEXT NOT NULL, requested_procedure_id TEXT NOT NULL,
  source TEXT NOT NULL, created_ms $BIG NOT NULL, changed_ms $BIG NOT NULL,
  data_set $BYTES NOT NULL,
  UNIQUE (study_instance_uid, scheduled_procedure_step_id));
-- Each is one way to walk (worklist_plan.h), in its order. Columns behind id are compared in the
-- index, before the row is read.
CREATE INDEX worklist_item_by_start
  ON worklist_item (status, start_date, start_time, id, station_ae_titles, modality);
CREATE INDEX worklist_item_by_station
  ON worklist_item (station_ae_titles, status, start_date, start_time, id, modality);
CREATE INDEX worklist_item_by_stations ON worklist_item (status, start_date, start_time, id)
  WHERE station_ae_titles LIKE '%\\%' ESCAPE '\';
CREATE INDEX worklist_item_by_patient_id ON worklist_item (patient_id, id);
CREATE INDEX worklist_item_by_patient_name ON worklist_item (patient_name_folded, id);
CREATE INDEX worklist_item_by_other_groups ON worklist_item (patient_name_folded, id)
  WHERE patient_name_folded LIKE '%=%';
CREATE INDEX worklist_item_by_accession_number ON worklist_item (accession_number, id);
CREATE INDEX worklist_item_by_requested_procedure ON worklist_item (requested_procedure_id, id);
CREATE INDEX worklist_item_by_step ON worklist_item (scheduled_procedure_step_id, id);
CREATE INDEX worklist_item_by_source ON worklist_item (source);
-- What each source has brought, whatever became of it since: what comes again unchanged is passed
-- over. checksum is of the item's data set.
CREATE TABLE worklist_brought (
  source TEXT NOT NULL, study_instance_uid TEXT NOT NULL,
  scheduled_procedure_step_id TEXT NOT NULL, checksum TEXT NOT NULL,
  PRIMARY KEY (source, study_instance_uid, scheduled_procedure_step_id));
CREATE INDEX worklist_brought_by_step
  ON worklist_brought (study_instance_uid, scheduled_procedure_step_id);

-- Modality performed procedure steps (PS3.4 Annex F), one row each. data_set is the whole object in
-- UTF-8, character_set what its creator sent; the other columns are taken from it.
CREATE TABLE performed_step (
  id $ID PRIMARY KEY, sop_instance_uid TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL, source_ae TEXT NOT NULL, character_set TEXT NOT NULL,
  patient_id TEXT NOT NULL, patient_name TEXT NOT NULL, modality TEXT NOT NULL,
  performed_station_ae_title TEXT NOT NULL, performed_procedure_step_id TEXT NOT NULL,
  start_date TEXT NOT NULL, start_time TEXT NOT NULL,
  end_date TEXT NOT NULL, end_time TEXT NOT NULL,
  created_ms $BIG NOT NULL, changed_ms $BIG NOT NULL, data_set $BYTES NOT NULL);
CREATE INDEX performed_step_by_status ON performed_step (status);
CREATE INDEX performed_step_by_patient_id ON performed_step (patient_id);
-- The scheduled steps that a step performs. holds_objects: its objects belong to the study; 0 for
-- that of a request which the modality grouped into another study.
CREATE TABLE performed_request (
  step_key $BIG NOT NULL REFERENCES performed_step (id),
  study_instance_uid TEXT NOT NULL, scheduled_procedure_step_id TEXT NOT NULL,
  accession_number TEXT NOT NULL, holds_objects $BIG NOT NULL,
  PRIMARY KEY (study_instance_uid, scheduled_procedure_step_id, step_key));
CREATE INDEX performed_request_by_step ON performed_request (step_key);
CREATE INDEX performed_request_by_accession_number ON performed_request (accession_number);
-- What a step says it has made.
CREATE TABLE performed_series (
  id $ID PRIMARY KEY, step_key $BIG NOT NULL REFERENCES performed_step (id),
  series_instance_uid TEXT NOT NULL, series_description TEXT NOT NULL,
  protocol_name TEXT NOT NULL,
  UNIQUE (step_key, series_instance_uid));
CREATE TABLE performed_instance (
  series_key $BIG NOT NULL REFERENCES performed_series (id),
  sop_class_uid TEXT NOT NULL, sop_instance_uid TEXT NOT NULL,
  PRIMARY KEY (sop_instance_uid, series_key));
CREATE INDEX performed_instance_by_series ON performed_instance (series_key);

-- Work that may fail and must happen (jobs.h). once: not empty in at most one row.
CREATE TABLE job (
  id $ID PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, destination TEXT NOT NULL,
  once TEXT NOT NULL,
  state TEXT NOT NULL, priority $BIG NOT NULL, attempts $BIG NOT NULL,
  due_ms $BIG NOT NULL, owner TEXT NOT NULL, lease_ms $BIG NOT NULL,
  created_ms $BIG NOT NULL, changed_ms $BIG NOT NULL,
  progress_done $BIG NOT NULL, progress_total $BIG NOT NULL,
  error TEXT NOT NULL, payload $BYTES NOT NULL);
CREATE INDEX job_by_turn ON job (state, priority DESC, due_ms);
CREATE INDEX job_by_subject ON job (subject);
CREATE UNIQUE INDEX job_once ON job (once) WHERE once <> '';
)sql",
    R"sql(
-- The capital sharp s is folded to SS, as the small one is.
UPDATE patient SET patient_name_folded = replace(patient_name_folded, 'ẞ', 'SS')
  WHERE patient_name_folded LIKE '%ẞ%';
UPDATE patient SET other_patient_names_folded = replace(other_patient_names_folded, 'ẞ', 'SS')
  WHERE other_patient_names_folded LIKE '%ẞ%';
UPDATE study
  SET referring_physician_name_folded = replace(referring_physician_name_folded, 'ẞ', 'SS')
  WHERE referring_physician_name_folded LIKE '%ẞ%';
UPDATE study SET name_of_physicians_reading_study_folded =
    replace(name_of_physicians_reading_study_folded, 'ẞ', 'SS')
  WHERE name_of_physicians_reading_study_folded LIKE '%ẞ%';
UPDATE series
  SET performing_physician_name_folded = replace(performing_physician_name_folded, 'ẞ', 'SS')
  WHERE performing_physician_name_folded LIKE '%ẞ%';
UPDATE worklist_item SET patient_name_folded = replace(patient_name_folded, 'ẞ', 'SS')
  WHERE patient_name_folded LIKE '%ẞ%';
)sql",
    R"sql(
-- Names are folded again as well: voicing marks of kana have become characters of their own.

-- Patients that instances name whose study is filed under another one (patient_conflicts.h), with
-- how many such instances have arrived, and the last of them. decided: 1 once an operator has seen
-- it.
CREATE TABLE patient_conflict (
  study_key $BIG NOT NULL REFERENCES study (id) ON DELETE CASCADE,
  patient_id TEXT NOT NULL, issuer_of_patient_id TEXT NOT NULL, patient_name TEXT NOT NULL,
  instance_count $BIG NOT NULL, sop_instance_uid TEXT NOT NULL, source_ae TEXT NOT NULL,
  first_ms $BIG NOT NULL, last_ms $BIG NOT NULL, decided $BIG NOT NULL,
  PRIMARY KEY (study_key, patient_id, issuer_of_patient_id));
CREATE INDEX patient_conflict_undecided ON patient_conflict (study_key) WHERE decided = 0;

-- The words of patients' names (name_words.h), for names that sound alike. Words that no patient has
-- any more stay.
CREATE TABLE name_word (id $ID PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE patient_word (
  word_key $BIG NOT NULL REFERENCES name_word (id),
  patient_key $BIG NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
  PRIMARY KEY (word_key, patient_key));
CREATE INDEX patient_word_by_patient ON patient_word (patient_key);

-- Columns of few different values in many rows (query_drivers.h).
CREATE INDEX study_by_description ON study (study_description);
CREATE INDEX study_by_referring_physician ON study (referring_physician_name);
CREATE INDEX series_by_institution ON series (institution_name);
CREATE INDEX series_by_station ON series (station_name);
)sql",
    R"sql(
-- The studies of a month as they arrived (merged_rows.h).
CREATE INDEX study_by_month ON study (substr(study_date, 1, 6));
)sql",
};

/// Version 1 kept names as fold() makes them, from 2 on they are as fold_name() makes them; from 5
/// on the voicing marks of kana are characters of their own.
Result<> refold(SqlDatabase& database, std::string_view table, std::string_view name) {
  PACS_TRY(const auto read,
           database.prepare(fmt::format(
               "SELECT id, {0} FROM {1} WHERE {0} <> '' AND id > $1 ORDER BY id LIMIT 1000", name,
               table)));
  PACS_TRY(const auto write,
           database.prepare(fmt::format("UPDATE {1} SET {0}_folded = $1 WHERE id = $2 AND "
                                        "{0}_folded <> $1",
                                        name, table)));
  std::int64_t after = 0;
  std::vector<std::pair<std::int64_t, std::string>> rows;
  do {
    rows.clear();
    PACS_TRY(each_row(*bound(*read, after), [&](SqlStatement& row) {
      rows.emplace_back(row.integer(0), fold_name(row.text(1)));
    }));
    for (const auto& [id, folded] : rows) {
      PACS_TRY(write->run(folded, id));
      after = id;
    }
  } while (!rows.empty());
  return {};
}

Result<> refold_names(SqlDatabase& database) {
  const std::pair<std::string_view, std::span<const IndexColumn>> tables[] = {
      {"patient", patient_columns()},
      {"study", study_columns()},
      {"series", series_columns()},
  };
  for (const auto& [table, columns] : tables) {
    for (const IndexColumn& column : columns) {
      if (column.kind != ColumnKind::Name) continue;
      PACS_TRY(refold(database, table, column.name));
    }
  }
  return {};
}

Result<> keep_name_words(SqlDatabase& database) {
  PACS_TRY(const auto read, database.prepare("SELECT id, patient_name_folded FROM patient WHERE id "
                                             "> $1 ORDER BY id LIMIT 1000"));
  PACS_TRY(const auto words, NameWords::prepare(database));
  std::int64_t after = 0;
  std::vector<std::pair<std::int64_t, std::string>> rows;
  do {
    rows.clear();
    PACS_TRY(each_row(*bound(*read, after),
                      [&](SqlStatement& row) { rows.emplace_back(row.integer(0), row.text(1)); }));
    for (const auto& [id, folded] : rows) {
      PACS_TRY(words.keep(id, folded));
      after = id;
    }
  } while (!rows.empty());
  return {};
}

/// What a step does beside its SQL, by the version that it starts from.
Result<> change_rows(SqlDatabase& database, std::int64_t version) {
  if (version == 1) return refold_names(database);
  if (version != 4) return {};
  PACS_TRY(refold_names(database));
  PACS_TRY(refold(database, "worklist_item", "patient_name"));
  return keep_name_words(database);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string in_dialect(std::string_view sql, const SqlDialect& dialect) {
  std::string text(sql);
  replace_all(text, "$NAME_TRIGRAMS", dialect.name_trigrams);
  replace_all(text, "$ID", dialect.row_id);
  replace_all(text, "$BIG", dialect.big_integer);
  replace_all(text, "$BYTES", dialect.bytes);
  return text;
}

}  // namespace

Result<> migrate(SqlDatabase& database) {
  PACS_TRY(const auto found, database.schema_version());
  if (found > kSchemaVersion) {
    return fail(ErrorKind::Unsupported,
                fmt::format("the index has schema {} of a newer program; this program knows {}",
                            found, kSchemaVersion));
  }
  for (std::int64_t version = found; version < kSchemaVersion; ++version) {
    PACS_TRY(database.execute("BEGIN"));
    auto done = database.execute(
        in_dialect(kSchemaSteps[static_cast<std::size_t>(version)], database.dialect()));
    if (done) done = change_rows(database, version);
    if (done) done = database.set_schema_version(version + 1);
    if (done) done = database.execute("COMMIT");
    if (!done) {
      (void)database.execute("ROLLBACK");
      return done;
    }
  }
  return {};
}

}  // namespace pacs::storage
