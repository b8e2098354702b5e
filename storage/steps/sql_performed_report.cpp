// Performed steps beside what is stored.
#include <algorithm>
#include <utility>

#include "storage/steps/sql_performed_steps.h"

namespace pacs::storage {
namespace {

constexpr std::string_view kSummary =
    "SELECT id, sop_instance_uid, status, source_ae, patient_id, patient_name, modality, "
    "performed_station_ae_title, performed_procedure_step_id, start_date, start_time, end_date, "
    "end_time, created_ms, changed_ms FROM performed_step ";

constexpr std::string_view kRequests =
    "SELECT study_instance_uid, scheduled_procedure_step_id, accession_number, holds_objects FROM "
    "performed_request WHERE step_key = $1 ORDER BY holds_objects DESC, study_instance_uid, "
    "scheduled_procedure_step_id";

/// An instance as the step lists it and as it is stored.
constexpr std::string_view kListedJoins =
    "FROM performed_series LEFT JOIN performed_instance ON performed_instance.series_key = "
    "performed_series.id LEFT JOIN instance ON instance.sop_instance_uid = "
    "performed_instance.sop_instance_uid LEFT JOIN series ON series.id = instance.series_key LEFT "
    "JOIN study ON study.id = series.study_key LEFT JOIN term ON term.id = instance.sop_class_key "
    "WHERE performed_series.step_key = $1 ";

/// Stored, but not as the step says: another study or series, another class.
constexpr std::string_view kElsewhere =
    "instance.id IS NOT NULL AND (series.series_instance_uid <> "
    "performed_series.series_instance_uid OR term.text <> performed_instance.sop_class_uid OR "
    "study.study_instance_uid NOT IN (SELECT study_instance_uid FROM performed_request WHERE "
    "step_key = $1 AND holds_objects = 1))";

/// Stored in a study of the step, listed by none.
constexpr std::string_view kNotPerformed =
    "FROM study JOIN series ON series.study_key = study.id JOIN instance ON instance.series_key = "
    "series.id JOIN term ON term.id = instance.sop_class_key WHERE study.study_instance_uid IN "
    "(SELECT study_instance_uid FROM performed_request WHERE step_key = $1 AND holds_objects = 1) "
    "AND NOT EXISTS (SELECT 1 FROM performed_instance WHERE performed_instance.sop_instance_uid = "
    "instance.sop_instance_uid) ";

std::uint64_t count(SqlStatement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

/// Calls `each` with the rows of a statement whose one parameter is a step.
template <typename Each>
Result<> for_rows_of(SqlReader& reader, std::string_view sql, std::int64_t step, Each each) {
  PACS_TRY(const auto rows, reader.statement(sql, step));
  return each_row(*rows, each);
}

StepSummary summary_of(SqlStatement& row) {
  StepSummary step;
  step.number = row.integer(0);
  step.sop_instance_uid = row.text(1);
  step.status = parse_performed_status(row.text(2)).value_or(PerformedStatus::InProgress);
  int column = 3;
  for (std::string* const text :
       {&step.source_ae, &step.patient_id, &step.patient_name, &step.modality,
        &step.performed_station_ae_title, &step.performed_procedure_step_id, &step.start_date,
        &step.start_time, &step.end_date, &step.end_time}) {
    *text = row.text(column++);
  }
  step.created_ms = row.integer(column++);
  step.changed_ms = row.integer(column);
  return step;
}

/// Requests, series and counts.
Result<> complete(SqlReader& reader, StepSummary& step) {
  PACS_TRY(for_rows_of(reader, kRequests, step.number, [&](SqlStatement& row) {
    step.requests.push_back({std::string(row.text(0)), std::string(row.text(1)),
                             std::string(row.text(2)), row.integer(3) != 0});
  }));
  std::string sql =
      "SELECT performed_series.series_instance_uid, performed_series.series_description, "
      "performed_series.protocol_name, count(performed_instance.sop_instance_uid), "
      "count(instance.id), sum(CASE WHEN ";
  sql.append(kElsewhere).append(" THEN 1 ELSE 0 END) ").append(kListedJoins);
  sql +=
      "GROUP BY performed_series.id, performed_series.series_instance_uid, "
      "performed_series.series_description, performed_series.protocol_name ORDER BY "
      "performed_series.id";
  PACS_TRY(for_rows_of(reader, sql, step.number, [&](SqlStatement& row) {
    PerformedSeries& one = step.series.emplace_back();
    one.series_instance_uid = row.text(0);
    one.series_description = row.text(1);
    one.protocol_name = row.text(2);
    one.performed = count(row, 3);
    one.stored = count(row, 4);
    one.stored_elsewhere = count(row, 5);
  }));
  return for_rows_of(reader, "SELECT count(*) " + std::string(kNotPerformed), step.number,
                     [&](SqlStatement& row) { step.not_performed = count(row, 0); });
}

SqlText filtered(const StepFilter& filter, std::int64_t before, std::size_t rows) {
  SqlText sql(kSummary);
  sql += "WHERE 1 = 1";
  const auto equal = [&](std::string_view column, std::string_view value) {
    if (value.empty()) return;
    (sql += " AND ") += column;
    (sql += " = ").add(std::string(value));
  };
  const auto requested = [&](std::string_view column, std::string_view value) {
    if (value.empty()) return;
    (sql += " AND id IN (SELECT step_key FROM performed_request WHERE ") += column;
    (sql += " = ").add(std::string(value)) += ")";
  };
  if (filter.status) equal("status", to_string(*filter.status));
  equal("patient_id", filter.patient_id);
  requested("study_instance_uid", filter.study_instance_uid);
  requested("accession_number", filter.accession_number);
  if (before != 0) (sql += " AND id < ").add(before);
  (sql += " ORDER BY id DESC LIMIT ").add(static_cast<std::int64_t>(rows));
  return sql;
}

Result<std::vector<StepSummary>> read_summaries(SqlReader& reader, const SqlText& sql) {
  const SqlQuery query(sql);
  PACS_TRY(const auto rows, reader.statement(query));
  std::vector<StepSummary> steps;
  PACS_TRY(each_row(*rows, [&](SqlStatement& row) { steps.push_back(summary_of(row)); }));
  return steps;
}

Result<> read_references(SqlReader& reader, const std::string& sql, std::int64_t step,
                         std::vector<ObjectReference>& to) {
  const std::string limited = sql + "LIMIT " + std::to_string(kDifferencesMax);
  return for_rows_of(reader, limited, step, [&](SqlStatement& row) {
    to.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                  std::string(row.text(3))});
  });
}

Result<> read_differences(SqlReader& reader, std::int64_t step, StepDifferences& to) {
  const std::string listed =
      "SELECT performed_instance.sop_class_uid, performed_instance.sop_instance_uid, "
      "performed_series.series_instance_uid, '' " +
      std::string(kListedJoins) +
      "AND performed_instance.sop_instance_uid IS NOT NULL AND instance.id IS NULL ORDER BY "
      "performed_series.id, performed_instance.sop_instance_uid ";
  constexpr std::string_view kAsStored =
      "SELECT term.text, instance.sop_instance_uid, series.series_instance_uid, "
      "study.study_instance_uid ";
  std::string elsewhere = std::string(kAsStored).append(kListedJoins);
  elsewhere.append("AND ").append(kElsewhere).append(" ORDER BY instance.id ");
  const std::string others =
      std::string(kAsStored).append(kNotPerformed).append("ORDER BY instance.id ");
  PACS_TRY(read_references(reader, listed, step, to.not_stored));
  PACS_TRY(read_references(reader, elsewhere, step, to.stored_elsewhere));
  return read_references(reader, others, step, to.not_performed);
}

}  // namespace

Result<StepPage> SqlPerformedSteps::list(const StepFilter& filter) {
  settle_();
  StepPage page;
  page.next_before = filter.before;
  std::size_t examined = 0;
  const auto full = [&] {
    return page.steps.size() >= filter.limit || examined >= filter.examined_max;
  };
  for (;;) {
    // Batch by batch: a reader kept for all of them would be missed by others.
    PACS_TRY(const auto reader, database_.readers().lease());
    // One more, to know whether there is one.
    PACS_TRY(auto steps,
             read_summaries(*reader, filtered(filter, page.next_before, filter.limit + 1)));
    const bool more = steps.size() > filter.limit;
    if (more) steps.pop_back();
    for (StepSummary& step : steps) {
      if (full()) return page;
      ++examined;
      page.next_before = step.number;
      PACS_TRY(complete(*reader, step));
      if (!filter.only_mismatches || !step.agrees()) page.steps.push_back(std::move(step));
    }
    if (!more) page.next_before = 0;
    if (!more || full()) return page;
  }
}

Result<PerformedSteps::Comparison> SqlPerformedSteps::compare(std::string_view sop_instance_uid) {
  settle_();
  PACS_TRY(const auto reader, database_.readers().lease());
  SqlText sql(kSummary);
  (sql += "WHERE sop_instance_uid = ").add(std::string(sop_instance_uid));
  PACS_TRY(auto steps, read_summaries(*reader, sql));
  if (steps.empty()) {
    return fail(ErrorKind::NotFound, "there is no performed procedure step with this UID");
  }
  Comparison comparison{std::move(steps.front()), {}};
  PACS_TRY(complete(*reader, comparison.step));
  PACS_TRY(read_differences(*reader, comparison.step.number, comparison.differences));
  return comparison;
}

}  // namespace pacs::storage
