// Writing performed steps; sql_performed_report.cpp reads them beside what is stored.
#include "storage/steps/sql_performed_steps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "integration/clock.h"
#include "storage/worklist/sql_worklist.h"

namespace pacs::storage {
namespace {

constexpr std::string_view kStepColumns =
    "SELECT sop_instance_uid, status, source_ae, character_set, created_ms, changed_ms, "
    "data_set FROM performed_step WHERE sop_instance_uid = $1";

using integration::now_ms;

tl::unexpected<Error> unknown_step(std::string_view sop_instance_uid) {
  return fail(ErrorKind::NotFound,
              "no performed procedure step " + std::string(sop_instance_uid.substr(0, 64)));
}

Result<Bytes> encoded(const DataSet& data_set) {
  return write_data_set(data_set, explicit_vr_little_endian(), {.conforming = true});
}

/// The step of a SELECT of kStepColumns.
Result<PerformedStep> read_step(SqlStatement& select, std::string_view sop_instance_uid) {
  PACS_TRY(const bool there, select.step());
  if (!there) return unknown_step(sop_instance_uid);
  PerformedStep step;
  step.sop_instance_uid = select.text(0);
  const auto status = parse_performed_status(select.text(1));
  if (!status) return fail(ErrorKind::Corrupt, "index: a performed step has an unknown status");
  step.status = *status;
  step.source_ae = select.text(2);
  step.character_set = select.text(3);
  step.created_ms = select.integer(4);
  step.changed_ms = select.integer(5);
  const ByteView stored = select.bytes(6);
  auto data_set = read_data_set(share(Bytes(stored.begin(), stored.end())),
                                explicit_vr_little_endian(), {.limits = limits_of_stored()});
  if (!data_set) return fail(ErrorKind::Corrupt, "index: " + data_set.error().to_string());
  step.data_set = std::move(*data_set);
  return step;
}

/// The columns that are taken from the data set.
std::vector<SqlColumn> columns_of(const DataSet& step) {
  const auto text = [&](Tag tag) { return std::string(step.text(tag)); };
  return {
      {"status", text(tags::PerformedProcedureStepStatus)},
      {"patient_id", text(tags::PatientID)},
      {"patient_name", text(tags::PatientName)},
      {"modality", text(tags::Modality)},
      {"performed_station_ae_title", text(tags::PerformedStationAETitle)},
      {"performed_procedure_step_id", text(tags::PerformedProcedureStepID)},
      {"start_date", text(tags::PerformedProcedureStepStartDate)},
      {"start_time", text(tags::PerformedProcedureStepStartTime)},
      {"end_date", text(tags::PerformedProcedureStepEndDate)},
      {"end_time", text(tags::PerformedProcedureStepEndTime)},
  };
}

/// The id of the new row. Duplicate when its UID is taken.
Result<std::int64_t> insert_step(SqlDatabase& database, const PerformedStep& step, Bytes data_set) {
  const std::int64_t now = now_ms();
  std::vector<SqlColumn> columns = columns_of(step.data_set);
  columns.push_back({"sop_instance_uid", step.sop_instance_uid});
  columns.push_back({"source_ae", step.source_ae});
  columns.push_back({"character_set", step.character_set});
  columns.push_back({"created_ms", now});
  columns.push_back({"changed_ms", now});
  columns.push_back({"data_set", std::move(data_set)});
  return insert_row(database, insert_into("performed_step", columns));
}

/// Gives the step's id; nullopt when it is no longer as `before`.
Result<std::optional<std::int64_t>> update_step(SqlDatabase& database, const PerformedStep& before,
                                                const DataSet& after, Bytes data_set) {
  SqlText sql("UPDATE performed_step SET ");
  for (auto& [name, value] : columns_of(after)) {
    (sql += name) += " = ";
    sql.add(std::move(value)) += ", ";
  }
  sql += "changed_ms = ";
  sql.add(std::max(now_ms(), before.changed_ms + 1)) += ", data_set = ";
  sql.add(std::move(data_set)) += " WHERE sop_instance_uid = ";
  sql.add(before.sop_instance_uid) += " AND changed_ms = ";
  sql.add(before.changed_ms) += " AND status = ";
  sql.add(std::string(to_string(PerformedStatus::InProgress))) += " RETURNING id";
  std::optional<std::int64_t> id;
  PACS_TRY(each_row(database, sql, [&](SqlStatement& row) { id = row.integer(0); }));
  return id;
}

Result<> insert_requests(SqlDatabase& database, std::int64_t step, const DataSet& data_set) {
  for (PerformedRequest& request : performed_requests(data_set)) {
    const std::int64_t holds_objects = request.holds_objects ? 1 : 0;
    const SqlText insert = insert_into(
        "performed_request",
        {{"step_key", step},
         {"study_instance_uid", std::move(request.study_instance_uid)},
         {"scheduled_procedure_step_id", std::move(request.scheduled_procedure_step_id)},
         {"accession_number", std::move(request.accession_number)},
         {"holds_objects", holds_objects}});
    PACS_TRY(run_sql(database, insert));
  }
  return {};
}

Result<> insert_made(SqlDatabase& database, std::int64_t step, const DataSet& data_set) {
  PACS_TRY(const auto instances,
           database.prepare(insert_text("performed_instance",
                                        {"series_key", "sop_class_uid", "sop_instance_uid"})));
  for (const PerformedSeries& series : performed_series(data_set)) {
    SqlText insert =
        insert_into("performed_series", {{"step_key", step},
                                         {"series_instance_uid", series.series_instance_uid},
                                         {"series_description", series.series_description},
                                         {"protocol_name", series.protocol_name}});
    PACS_TRY(const auto key, insert_row(database, std::move(insert)));
    for (const ObjectReference& instance : series.instances) {
      PACS_TRY(instances->run(key, instance.sop_class_uid, instance.sop_instance_uid));
    }
  }
  return {};
}

Result<> remove_made(SqlDatabase& database, std::int64_t step) {
  SqlText instances(
      "DELETE FROM performed_instance WHERE series_key IN (SELECT id FROM performed_series WHERE "
      "step_key = ");
  instances.add(step) += ")";
  PACS_TRY(run_sql(database, instances));
  SqlText series("DELETE FROM performed_series WHERE step_key = ");
  series.add(step);
  return run_sql(database, series);
}

Result<> add_jobs(SqlDatabase& database, std::span<const NewJob> jobs) {
  for (const NewJob& job : jobs) {
    PACS_TRY(add_job(database, job, now_ms()));
  }
  return {};
}

/// Those that the step performs.
Result<> advance_worklist(SqlDatabase& database, std::int64_t step) {
  SqlText items(
      "id IN (SELECT worklist_item.id FROM performed_request JOIN worklist_item ON "
      "worklist_item.study_instance_uid = performed_request.study_instance_uid AND "
      "worklist_item.scheduled_procedure_step_id = performed_request.scheduled_procedure_step_id "
      "WHERE performed_request.step_key = ");
  items.add(step) += ")";
  return follow_performed_steps(database, items);
}

}  // namespace

Result<> SqlPerformedSteps::create(const PerformedStep& step, std::span<const NewJob> jobs) {
  PACS_TRY(auto data_set, encoded(step.data_set));
  const auto work = [&](SqlDatabase& database) -> Result<> {
    auto id = insert_step(database, step, std::move(data_set));
    if (!id && id.error().kind == ErrorKind::Duplicate) {
      return fail(ErrorKind::Duplicate, "there is a performed procedure step with this UID");
    }
    PACS_TRY(const auto key, std::move(id));
    PACS_TRY(insert_requests(database, key, step.data_set));
    PACS_TRY(insert_made(database, key, step.data_set));
    PACS_TRY(advance_worklist(database, key));
    return add_jobs(database, jobs);
  };
  return database_.write(work, IndexDatabase::Sync::Now);
}

Result<bool> SqlPerformedSteps::replace(const PerformedStep& before, const DataSet& after,
                                        std::span<const NewJob> jobs) {
  PACS_TRY(Bytes data_set, encoded(after));
  bool is_replaced = false;
  const auto work = [&](SqlDatabase& database) -> Result<> {
    PACS_TRY(const auto id, update_step(database, before, after, std::move(data_set)));
    is_replaced = id.has_value();
    if (!id) return {};
    PACS_TRY(remove_made(database, *id));
    PACS_TRY(insert_made(database, *id, after));
    PACS_TRY(advance_worklist(database, *id));
    return add_jobs(database, jobs);
  };
  PACS_TRY(database_.write(work, IndexDatabase::Sync::Now));
  return is_replaced;
}

Result<PerformedStep> SqlPerformedSteps::get(std::string_view sop_instance_uid) {
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto select, reader->statement(kStepColumns, sop_instance_uid));
  return read_step(*select, sop_instance_uid);
}

}  // namespace pacs::storage
