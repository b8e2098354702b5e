#include "storage/sql/sql_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pacs::storage {

std::string SqlText::numbered() const {
  std::string sql;
  sql.reserve(text_.size() + 64);
  int number = 0;
  for (const char letter : text_) {
    if (letter == kPlace) {
      sql += '$';
      sql += std::to_string(++number);
    } else {
      sql += letter;
    }
  }
  return sql;
}

void bind_values(SqlStatement& statement, const SqlQuery& query, std::span<const SqlValue> more) {
  int place = 0;
  const auto bind_one = [&](const SqlValue& value) {
    ++place;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(place, *number);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      statement.bind_bytes(place, *bytes);
    } else {
      statement.bind(place, std::string_view(std::get<std::string>(value)));
    }
  };
  for (const SqlValue& value : query.values) bind_one(value);
  for (const SqlValue& value : more) bind_one(value);
}

Result<> run_sql(SqlDatabase& database, const SqlText& sql) {
  const SqlQuery query(sql);
  PACS_TRY(const auto statement, database.prepare(query.text));
  bind_values(*statement, query);
  return statement->run();
}

std::string insert_text(std::string_view table, const std::vector<std::string>& columns) {
  SqlText values;
  for (std::size_t i = 0; i < columns.size(); ++i) (values += i == 0 ? "" : ", ").add_open();
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(columns, ", "),
                     values.numbered());
}

SqlText insert_into(std::string_view table, std::span<SqlColumn> columns) {
  SqlText names(fmt::format("INSERT INTO {} (", table));
  SqlText values(") VALUES (");
  std::string_view separator;
  for (auto& [name, value] : columns) {
    (names += separator) += name;
    (values += separator).add(std::move(value));
    separator = ", ";
  }
  return (names += values) += ")";
}

Result<std::int64_t> insert_row(SqlDatabase& database, SqlText insert) {
  std::int64_t id = 0;
  PACS_TRY(each_row(database, insert += " RETURNING id",
                    [&](SqlStatement& row) { id = row.integer(0); }));
  return id;
}

}  // namespace pacs::storage
