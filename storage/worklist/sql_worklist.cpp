#include "storage/worklist/sql_worklist.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "integration/clock.h"
#include "storage/disk/checksum.h"
#include "storage/worklist/worklist_columns.h"
#include "storage/worklist/worklist_rows.h"

namespace pacs::storage {
namespace {

using Sync = IndexDatabase::Sync;
using integration::now_ms;

/// A step with one of these has begun: no order makes it wait again.
constexpr std::string_view kBegun = "('STARTED', 'COMPLETED', 'DISCONTINUED')";
constexpr std::string_view kWaiting = "('SCHEDULED', 'ARRIVED', 'READY')";

tl::unexpected<Error> no_such_item() {
  return fail(ErrorKind::NotFound, "the worklist has no such scheduled procedure step");
}

SqlText condition(const StepId& id) {
  SqlText sql("study_instance_uid = ");
  sql.add(id.study_instance_uid) += " AND scheduled_procedure_step_id = ";
  sql.add(id.scheduled_procedure_step_id);
  return sql;
}

SqlText where(std::string_view head, const StepId& id) {
  SqlText sql(head);
  sql += " WHERE ";
  sql += condition(id);
  return sql;
}

/// What stays of an item that another order replaces, and its status, which has a rule of its own.
constexpr std::array<std::string_view, 4> kNotUpdated{
    "study_instance_uid", "scheduled_procedure_step_id", "created_ms", "status"};

/// Puts items one after the other, with statements that are prepared once.
class Putter {
 public:
  static Result<Putter> create(SqlDatabase& database, std::string_view source) {
    std::vector<std::string> columns = column_names(worklist_columns());
    columns.insert(columns.end(), {"source", "created_ms", "changed_ms", "data_set", "status"});
    std::string updates;
    for (const std::string& name : columns) {
      if (std::ranges::count(kNotUpdated, name) == 0) {
        updates += fmt::format("{0} = excluded.{0}, ", name);
      }
    }
    const std::string sql = fmt::format(
        "{} ON CONFLICT (study_instance_uid, scheduled_procedure_step_id) DO UPDATE SET {}status = "
        "CASE WHEN worklist_item.status IN {} AND excluded.status IN {} THEN worklist_item.status "
        "ELSE excluded.status END",
        insert_text("worklist_item", columns), updates, kBegun, kWaiting);
    PACS_TRY(auto put, database.prepare(sql));
    PACS_TRY(auto look,
             database.prepare("SELECT status FROM worklist_item WHERE study_instance_uid = $1 AND "
                              "scheduled_procedure_step_id = $2"));
    PACS_TRY(auto performed,
             database.prepare("SELECT 1 FROM performed_request WHERE study_instance_uid = $1 AND "
                              "scheduled_procedure_step_id = $2"));
    return Putter(database, std::move(put), std::move(look), std::move(performed), source);
  }

  Result<bool> is_there(const StepId& id) { return bound_to(*look_, id)->step(); }

  /// Of a step that is in the worklist.
  Result<StepStatus> status_of(const StepId& id) {
    const auto row = bound_to(*look_, id);
    PACS_TRY(const bool there, row->step());
    const auto status = there ? parse_step_status(row->text(0)) : std::nullopt;
    if (!status) return fail(ErrorKind::Corrupt, "index: a worklist item has an unknown status");
    return *status;
  }

  Result<> put(const NewWorklistItem& item, std::int64_t at_ms) {
    PACS_TRY(const auto bytes, encode_worklist_data_set(item.data_set));
    PACS_TRY(put_->run(column_values(item.data_set, worklist_columns()), source_, at_ms, at_ms,
                       bytes, to_string(item.status)));
    // What the modality reports of a step wins over its order, also over one that comes later.
    PACS_TRY(const bool performed, bound_to(*performed_, item.id)->step());
    return performed ? follow_performed_steps(database_, condition(item.id)) : Result<>{};
  }

 private:
  Putter(SqlDatabase& database, std::unique_ptr<SqlStatement> put,
         std::unique_ptr<SqlStatement> look, std::unique_ptr<SqlStatement> performed,
         std::string_view source)
      : database_(database),
        put_(std::move(put)),
        look_(std::move(look)),
        performed_(std::move(performed)),
        source_(source) {}

  static BoundStatement bound_to(SqlStatement& select, const StepId& id) {
    return bound(select, id.study_instance_uid, id.scheduled_procedure_step_id);
  }

  SqlDatabase& database_;
  std::unique_ptr<SqlStatement> put_, look_, performed_;
  std::string source_;
};

Result<std::string> checksum_of(const NewWorklistItem& item) {
  PACS_TRY(const auto bytes, encode_worklist_data_set(item.data_set));
  return fmt::format("{:016x}", checksum(bytes));
}

/// What a source has brought: its steps, with their checksums.
using Brought = std::map<std::pair<std::string, std::string>, std::string>;

Result<Brought> brought_by(SqlDatabase& database, const std::string& source) {
  SqlText sql(
      "SELECT study_instance_uid, scheduled_procedure_step_id, checksum FROM worklist_brought "
      "WHERE source = ");
  Brought brought;
  PACS_TRY(each_row(database, sql.add(source), [&](SqlStatement& row) {
    brought.emplace(std::pair{std::string(row.text(0)), std::string(row.text(1))}, row.text(2));
  }));
  return brought;
}

Result<> remember(SqlDatabase& database, const std::string& source, const StepId& id,
                  const std::string& checksum) {
  SqlText sql = insert_into("worklist_brought",
                            {{"source", source},
                             {"study_instance_uid", id.study_instance_uid},
                             {"scheduled_procedure_step_id", id.scheduled_procedure_step_id},
                             {"checksum", checksum}});
  sql +=
      " ON CONFLICT (source, study_instance_uid, scheduled_procedure_step_id) DO UPDATE SET "
      "checksum = excluded.checksum";
  return run_sql(database, sql);
}

/// The source no longer has the step. Another source that brought it too takes it over; else it is
/// canceled, unless it has begun or a put has taken it from the source.
Result<> take_back(SqlDatabase& database, const std::string& source, const StepId& id,
                   std::int64_t at_ms) {
  SqlText forget = where("DELETE FROM worklist_brought", id);
  (forget += " AND source = ").add(source);
  PACS_TRY(run_sql(database, forget));
  SqlText other = where("(SELECT min(source) FROM worklist_brought", id);
  other += ")";
  SqlText sql("UPDATE worklist_item SET changed_ms = ");
  sql.add(at_ms) += ", source = coalesce(";
  (sql += other) += ", ''), status = CASE WHEN ";
  (sql += other) +=
      fmt::format(" IS NULL AND status IN {} THEN 'CANCELED' ELSE status END WHERE ", kWaiting);
  sql += condition(id);
  sql += " AND source = ";
  sql.add(source);
  return run_sql(database, sql);
}

}  // namespace

Result<> follow_performed_steps(SqlDatabase& database, const SqlText& items) {
  constexpr std::string_view kWithStatus =
      "EXISTS (SELECT 1 FROM performed_request JOIN performed_step ON performed_step.id = "
      "performed_request.step_key WHERE performed_request.study_instance_uid = "
      "worklist_item.study_instance_uid AND performed_request.scheduled_procedure_step_id = "
      "worklist_item.scheduled_procedure_step_id AND performed_step.status = ";
  SqlText sql("UPDATE worklist_item SET changed_ms = ");
  sql.add(now_ms()) += ", status = CASE WHEN ";
  (sql += kWithStatus) += "'COMPLETED') THEN 'COMPLETED' WHEN ";
  (sql += kWithStatus) += "'IN PROGRESS') THEN 'STARTED' ELSE 'DISCONTINUED' END WHERE ";
  sql += items;
  return run_sql(database, sql);
}

Result<std::vector<PutItem>> SqlWorklist::put(std::span<const NewWorklistItem> items,
                                              Existing existing) {
  std::vector<PutItem> outcome;
  const auto put_all = [&](SqlDatabase& database) -> Result<> {
    PACS_TRY(auto putter, Putter::create(database, ""));
    const std::int64_t at_ms = now_ms();
    for (const NewWorklistItem& item : items) {
      PACS_TRY(const auto there, putter.is_there(item.id));
      if (there && existing == Existing::Refuse) {
        return fail(ErrorKind::Duplicate,
                    fmt::format("step {} of study {} is already in the worklist",
                                item.id.scheduled_procedure_step_id, item.id.study_instance_uid));
      }
      PACS_TRY(putter.put(item, at_ms));
      PACS_TRY(const auto status, putter.status_of(item.id));
      outcome.push_back({!there, status});
    }
    return {};
  };
  PACS_TRY(database_.write(put_all, Sync::Now));
  return outcome;
}

Result<> SqlWorklist::put_source(std::string_view source, std::span<const NewWorklistItem> items) {
  const std::string name(source);
  const auto put_all = [&](SqlDatabase& database) -> Result<> {
    const std::int64_t at_ms = now_ms();
    PACS_TRY(auto left, brought_by(database, name));
    PACS_TRY(auto putter, Putter::create(database, source));
    for (const NewWorklistItem& item : items) {
      PACS_TRY(const auto sum, checksum_of(item));
      const auto before =
          left.extract({item.id.study_instance_uid, item.id.scheduled_procedure_step_id});
      // Unchanged: it does not undo what an operator, or a modality, did to the step meanwhile.
      if (!before.empty() && before.mapped() == sum) continue;
      PACS_TRY(putter.put(item, at_ms));
      PACS_TRY(remember(database, name, item.id, sum));
    }
    for (const auto& [step, sum] : left) {
      PACS_TRY(take_back(database, name, {step.first, step.second}, at_ms));
    }
    return {};
  };
  return database_.write(put_all, Sync::Now);
}

Result<> SqlWorklist::forget_source(std::string_view source) {
  const auto forget = [&](SqlDatabase& database) -> Result<> {
    for (const std::string_view statement : {"UPDATE worklist_item SET source = '' WHERE source = ",
                                             "DELETE FROM worklist_brought WHERE source = "}) {
      SqlText sql(statement);
      sql.add(std::string(source));
      PACS_TRY(run_sql(database, sql));
    }
    return {};
  };
  return database_.write(forget, Sync::Now);
}

Result<std::vector<std::string>> SqlWorklist::sources() {
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto rows,
           reader->statement("SELECT DISTINCT source FROM worklist_brought ORDER BY source"));
  std::vector<std::string> sources;
  PACS_TRY(each_row(*rows, [&](SqlStatement& row) { sources.emplace_back(row.text(0)); }));
  return sources;
}

Result<WorklistItem> SqlWorklist::get(const StepId& id) {
  const SqlQuery query(where(fmt::format("SELECT {} FROM worklist_item", kWorklistRow), id));
  PACS_TRY(const auto reader, database_.readers().lease());
  PACS_TRY(const auto row, reader->statement(query));
  PACS_TRY(const bool there, row->step());
  if (!there) return no_such_item();
  return worklist_item_of(*row);
}

Result<> SqlWorklist::cancel(const StepId& id) {
  const auto cancel_it = [&](SqlDatabase& database) -> Result<> {
    std::string status;
    PACS_TRY(each_row(database, where("SELECT status FROM worklist_item", id),
                      [&](SqlStatement& row) { status = row.text(0); }));
    if (status.empty()) return no_such_item();
    if (status == to_string(StepStatus::Canceled)) return {};
    if (kBegun.find("'" + status + "'") != std::string_view::npos) {
      return fail(
          ErrorKind::Mismatch,
          fmt::format("the step is {}: only a step that has not begun can be canceled", status));
    }
    SqlText head("UPDATE worklist_item SET status = 'CANCELED', changed_ms = ");
    head.add(now_ms());
    head += where("", id);
    return run_sql(database, head);
  };
  return database_.write(cancel_it, Sync::Now);
}

Result<> SqlWorklist::remove(const StepId& id) {
  PACS_TRY(const auto changed, database_.write(where("DELETE FROM worklist_item", id), Sync::Now));
  return changed != 0 ? Result<>{} : no_such_item();
}

Result<std::unique_ptr<Matches>> SqlWorklist::find(Query query, WorklistView view) {
  return search_worklist(database_.readers(), std::move(query), view, logger_);
}

Result<std::vector<WorklistItem>> SqlWorklist::list(Query query, WorklistView view) {
  return list_worklist(database_.readers(), std::move(query), view, logger_);
}

}  // namespace pacs::storage
