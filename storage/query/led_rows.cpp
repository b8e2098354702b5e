#include "storage/query/led_rows.h"

#include <utility>

#include <fmt/format.h>

#include "core/sort_unique.h"
#include "storage/query/query_columns.h"

namespace pacs::storage {
namespace {

/// "patient CROSS JOIN study": CROSS JOIN keeps SQLite to this order.
Joined join_down(QueryLevel level, QueryLevel lowest) {
  Joined joined{std::string(table_of(level).table), {}};
  for (QueryLevel at = level; at != lowest;) {
    at = below(at);
    joined.from += fmt::format(" CROSS JOIN {}", table_of(at).table);
    joined.conditions +=
        fmt::format(" AND {} = {}", table_of(at).parent_key, table_of(above(at)).id);
  }
  return joined;
}

/// Its last parameter is the value or row where the driver has several.
SqlQuery rows_of(const Driver& driver, QueryLevel level) {
  Joined joined = join_down(driver.level, level);
  if (driver.kind == Driver::Kind::Names) {
    joined.from = "patient_name_trigram CROSS JOIN " + joined.from;
    joined.conditions += " AND patient.id = patient_name_trigram.rowid";
  }
  SqlText sql(fmt::format("SELECT {} FROM {} WHERE true{}", table_of(level).id, joined.from,
                          joined.conditions));
  if (!driver.restriction.empty()) {
    sql += " AND ";
    sql += driver.restriction;
  }
  switch (driver.kind) {
    case Driver::Kind::Span:
      sql += fmt::format(" AND {} >= ", driver.column);
      sql.add(driver.range.first);
      if (driver.range.last) {
        sql += fmt::format(" AND {} < ", driver.column);
        sql.add(*driver.range.last);
      }
      break;
    case Driver::Kind::Names:
      sql += " AND patient_name_trigram MATCH ";
      sql.add(driver.match);
      break;
    case Driver::Kind::Values:
      sql += fmt::format(" AND {} = ", driver.column);
      sql.add_open();
      break;
    case Driver::Kind::Rows:
      sql += fmt::format(" AND {} = ", table_of(driver.level).id);
      sql.add_open();
      break;
    case Driver::Kind::All:
      break;
  }
  return SqlQuery(sql);
}

class Collector {
 public:
  Collector(std::size_t most, SqlReader& reader, const std::stop_token& stop)
      : most_(most), reader_(reader), stop_(stop) {}

  Result<> add(const Driver& driver, QueryLevel level) {
    const SqlQuery query = rows_of(driver, level);
    switch (driver.kind) {
      case Driver::Kind::Values:
        return add_each(query, driver.values);
      case Driver::Kind::Rows:
        return add_each(query, driver.rows);
      default:
        return run(query, {});
    }
  }
  [[nodiscard]] bool has_too_many() const { return rows_.size() > most_; }
  [[nodiscard]] std::vector<std::int64_t> sorted() && {
    sort_unique(rows_);
    return std::move(rows_);
  }

 private:
  template <typename Value>
  Result<> add_each(const SqlQuery& query, const std::vector<Value>& values) {
    for (const Value& value : values) {
      const SqlValue last = value;
      PACS_TRY(run(query, std::span(&last, 1)));
      if (has_too_many()) break;
    }
    return {};
  }

  Result<> run(const SqlQuery& query, std::span<const SqlValue> more) {
    PACS_TRY(const auto statement, reader_.statement(query, more));
    while (!has_too_many()) {
      if (stop_.stop_requested()) return fail(ErrorKind::Cancelled, "the query was cancelled");
      PACS_TRY(const bool there, statement->step());
      if (!there) break;
      rows_.push_back(statement->integer(0));
    }
    return {};
  }

  const std::size_t most_;
  SqlReader& reader_;
  const std::stop_token& stop_;
  std::vector<std::int64_t> rows_;
};

}  // namespace

Result<std::optional<std::vector<std::int64_t>>> rows_led_to(std::span<const Driver> drivers,
                                                             QueryLevel level, std::size_t most,
                                                             SqlReader& reader,
                                                             const std::stop_token& stop) {
  Collector collector(most, reader, stop);
  for (const Driver& driver : drivers) {
    PACS_TRY(collector.add(driver, level));
    if (collector.has_too_many()) return std::nullopt;
  }
  return std::move(collector).sorted();
}

}  // namespace pacs::storage
