#include "storage/worklist/sql_worklist.h"

#include <algorithm>
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

/// A step of these was begun: no order makes it wait again.
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

/// Runs a statement that gives at most one row; nullopt for none.
template <typename T>
Result<std::optional<T>> one_row(SqlDatabase& database, const SqlText& sql,
                                 T (*read)(SqlStatement&)) {
  const SqlQuery query(sql);
  PACS_TRY(auto statement, database.prepare(query.text));
  bind_values(*statement, query, {});
  PACS_TRY(const auto row, statement->step());
  if (!row) return std::nullopt;
  return read(*statement);
}

/// Puts items one after the other, with statements that are prepared once.
class Putter {
 public:
  static Result<Putter> create(SqlDatabase& database, std::string_view source) {
    std::string names, places, updates;
    int place = 0;
    const auto column = [&](std::string_view name, bool updated) {
      names += fmt::format("{}{}", place == 0 ? "" : ", ", name);
      places += fmt::format("{}${}", place == 0 ? "" : ", ", place + 1);
      ++place;
      if (!updated) return;
      updates += fmt::format("{}{} = excluded.{}", updates.empty() ? "" : ", ", name, name);
    };
    for (const std::string& name : column_names(worklist_columns())) {
      column(name, name != "study_instance_uid" && name != "scheduled_procedure_step_id");
    }
    column("source", true);
    column("created_ms", false);
    column("changed_ms", true);
    column("data_set", true);
    column("status", false);
    PACS_TRY(
        auto put,
        database.prepare(fmt::format(
            "INSERT INTO worklist_item ({}) VALUES ({}) ON CONFLICT (study_instance_uid, "
            "scheduled_procedure_step_id) DO UPDATE SET {}, status = CASE WHEN "
            "worklist_item.status "
            "IN {} AND excluded.status IN {} THEN worklist_item.status ELSE excluded.status END",
            names, places, updates, kBegun, kWaiting)));
    PACS_TRY(auto look,
             database.prepare("SELECT status FROM worklist_item WHERE study_instance_uid = $1 AND "
                              "scheduled_procedure_step_id = $2"));
    PACS_TRY(auto performed,
             database.prepare("SELECT 1 FROM performed_request WHERE study_instance_uid = $1 AND "
                              "scheduled_procedure_step_id = $2"));
    return Putter(database, std::move(put), std::move(look), std::move(performed), source);
  }

  Result<bool> is_there(const StepId& id) { return holds(*look_, id); }

  /// As it is in the worklist, where it is.
  Result<StepStatus> status_of(const StepId& id) {
    const ResetAtEnd reset(*look_);
    PACS_TRY(const auto there, holds_row(*look_, id));
    const auto status = there ? parse_step_status(look_->text(0)) : std::nullopt;
    if (!status) return fail(ErrorKind::Corrupt, "index: a worklist item has an unknown status");
    return *status;
  }

  Result<> put(const NewWorklistItem& item, std::int64_t at_ms) {
    PACS_TRY(const auto bytes, encode_worklist_data_set(item.data_set));
    const std::vector<std::string> values = column_values(item.data_set, worklist_columns());
    int place = 0;
    for (const std::string& value : values) put_->bind(++place, std::string_view(value));
    put_->bind(++place, std::string_view(source_));
    put_->bind(++place, at_ms);
    put_->bind(++place, at_ms);
    put_->bind_bytes(++place, bytes);
    put_->bind(++place, to_string(item.status));
    PACS_TRY(put_->run());
    // No order takes back what the modality reports of the step, be it before this one came.
    PACS_TRY(const auto performed, holds(*performed_, item.id));
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

  static Result<bool> holds(SqlStatement& select, const StepId& id) {
    const ResetAtEnd reset(select);
    return holds_row(select, id);
  }
  /// The same; the statement stands at the row then.
  static Result<bool> holds_row(SqlStatement& select, const StepId& id) {
    select.bind(1, std::string_view(id.study_instance_uid));
    select.bind(2, std::string_view(id.scheduled_procedure_step_id));
    return select.step();
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
  sql.add(source);
  const SqlQuery query(sql);
  PACS_TRY(auto statement, database.prepare(query.text));
  bind_values(*statement, query, {});
  Brought brought;
  for (auto row = statement->step();; row = statement->step()) {
    if (!row) return fail(row.error());
    if (!*row) return brought;
    SqlStatement& step = *statement;
    brought.emplace(std::pair{std::string(step.text(0)), std::string(step.text(1))}, step.text(2));
  }
}

Result<> remember(SqlDatabase& database, const std::string& source, const StepId& id,
                  const std::string& checksum) {
  SqlText sql(
      "INSERT INTO worklist_brought (source, study_instance_uid, scheduled_procedure_step_id, "
      "checksum) VALUES (");
  sql.add(source) += ", ";
  sql.add(id.study_instance_uid) += ", ";
  sql.add(id.scheduled_procedure_step_id) += ", ";
  sql.add(checksum) +=
      ") ON CONFLICT (source, study_instance_uid, scheduled_procedure_step_id) "
      "DO UPDATE SET checksum = excluded.checksum";
  return run_sql(database, sql);
}

/// The source has the step no more. Another one that brought it too goes on with it; else it is
/// canceled, unless it is begun or a put has taken it from the source.
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
                    fmt::format("the worklist has the step {} of study {} already",
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
  PACS_TRY(auto reader, database_.readers().lease());
  PACS_TRY(auto statement,
           reader->statement("SELECT DISTINCT source FROM worklist_brought ORDER BY source"));
  const ResetAtEnd reset(*statement);
  std::vector<std::string> sources;
  for (auto row = statement->step();; row = statement->step()) {
    if (!row) return fail(row.error());
    if (!*row) return sources;
    sources.emplace_back(statement->text(0));
  }
}

Result<WorklistItem> SqlWorklist::get(const StepId& id) {
  PACS_TRY(auto reader, database_.readers().lease());
  const SqlQuery query(where(fmt::format("SELECT {} FROM worklist_item", kWorklistRow), id));
  PACS_TRY(auto statement, reader->statement(query.text));
  const ResetAtEnd reset(*statement);
  bind_values(*statement, query, {});
  PACS_TRY(const auto row, statement->step());
  if (!row) return no_such_item();
  return worklist_item_of(*statement);
}

Result<> SqlWorklist::cancel(const StepId& id) {
  const auto cancel_it = [&](SqlDatabase& database) -> Result<> {
    PACS_TRY(const auto status,
             one_row<std::string>(database, where("SELECT status FROM worklist_item", id),
                                  [](SqlStatement& row) { return std::string(row.text(0)); }));
    if (!status) return no_such_item();
    if (*status == to_string(StepStatus::Canceled)) return {};
    if (kBegun.find("'" + *status + "'") != std::string_view::npos) {
      return fail(
          ErrorKind::Mismatch,
          fmt::format("the step is {}: only one that was not begun can be canceled", *status));
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
  return search_worklist(database_.readers(), std::move(query), view);
}

Result<std::vector<WorklistItem>> SqlWorklist::list(Query query, WorklistView view) {
  return list_worklist(database_.readers(), std::move(query), view);
}

}  // namespace pacs::storage
