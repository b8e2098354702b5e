// SqlText: SQL put together from pieces with their parameters, which are numbered when it is whole.
// What comes from outside is never part of the text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "storage/sql/sql.h"

namespace pacs::storage {

using SqlValue = std::variant<std::int64_t, std::string, Bytes>;

class SqlText {
 public:
  SqlText() = default;
  explicit SqlText(std::string_view text) : text_(text) {}

  SqlText& operator+=(std::string_view text) {
    text_ += text;
    return *this;
  }
  SqlText& operator+=(const SqlText& other) {
    text_ += other.text_;
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    return *this;
  }
  /// A parameter with this value.
  SqlText& add(SqlValue value) {
    text_ += kPlace;
    values_.push_back(std::move(value));
    return *this;
  }
  /// A parameter that is bound later: all such stand behind those that have values.
  SqlText& add_open() {
    text_ += kPlace;
    return *this;
  }

  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::vector<SqlValue>& values() const { return values_; }
  /// With $1, $2... where the parameters stand.
  [[nodiscard]] std::string numbered() const;

 private:
  static constexpr char kPlace = '\x01';  // no SQL has it
  std::string text_;
  std::vector<SqlValue> values_;
};

/// Text ready to be prepared, and the values of its first parameters.
struct SqlQuery {
  std::string text;
  std::vector<SqlValue> values;
  SqlQuery() = default;
  explicit SqlQuery(const SqlText& sql) : text(sql.numbered()), values(sql.values()) {}
};

/// Binds the query's own values, then `more`.
void bind_values(SqlStatement& statement, const SqlQuery& query,
                 std::span<const SqlValue> more = {});

/// Runs a statement that returns nothing.
[[nodiscard]] Result<> run_sql(SqlDatabase& database, const SqlText& sql);
/// Calls `visit` with each row, as each_row of a statement does.
template <typename Visit>
[[nodiscard]] Result<> each_row(SqlDatabase& database, const SqlText& sql, Visit visit) {
  const SqlQuery query(sql);
  PACS_TRY(const auto statement, database.prepare(query.text));
  bind_values(*statement, query);
  return each_row(*statement, std::move(visit));
}

/// "INSERT INTO table (a, b) VALUES ($1, $2)", to be prepared once and bound in this order.
[[nodiscard]] std::string insert_text(std::string_view table,
                                      const std::vector<std::string>& columns);
struct SqlColumn {
  std::string_view name;
  SqlValue value;
};
/// The same with the values, which are moved out of `columns`.
[[nodiscard]] SqlText insert_into(std::string_view table, std::span<SqlColumn> columns);
template <std::size_t N>
[[nodiscard]] SqlText insert_into(std::string_view table, SqlColumn (&&columns)[N]) {
  return insert_into(table, std::span<SqlColumn>(columns));
}
/// Runs an INSERT; the id of its row.
[[nodiscard]] Result<std::int64_t> insert_row(SqlDatabase& database, SqlText insert);

}  // namespace pacs::storage
