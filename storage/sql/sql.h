// The SQL seam: what the index asks of a database. SQLite is behind it now, PostgreSQL can be: the
// statements keep to what both know, with parameters $1, $2... in the order of first appearance.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::storage {

/// A prepared statement. Bound text and bytes must live until reset; returned ones live until the
/// next step or reset. Not for use from two threads at once.
class SqlStatement {
 public:
  virtual ~SqlStatement() = default;
  virtual void bind(int parameter, std::int64_t number) = 0;  ///< from 1
  virtual void bind(int parameter, std::string_view text) = 0;
  virtual void bind_bytes(int parameter, ByteView bytes) = 0;
  /// True with a row, false at the end. OutOfResources (disk full), Duplicate (a uniqueness or
  /// another rule is violated), LimitExceeded (a value is too long), Mismatch, Corrupt, Io,
  /// Internal.
  [[nodiscard]] virtual Result<bool> step() = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) = 0;  ///< from 0
  [[nodiscard]] virtual std::string_view text(int column) = 0;
  [[nodiscard]] virtual ByteView bytes(int column) = 0;
  /// Forgets parameters and rows; ready to be bound again.
  virtual void reset() = 0;

  /// Binds these, the first as $1: numbers, text, bytes, lists of text.
  template <typename... Values>
  void bind_all(const Values&... values) {
    [[maybe_unused]] int place = 0;
    (bind_next(place, values), ...);
  }
  /// Runs a statement that returns nothing.
  template <typename... Values>
  [[nodiscard]] Result<> run(const Values&... values) {
    bind_all(values...);
    auto stepped = step();
    reset();
    return std::move(stepped).map([](bool) {});
  }

 private:
  template <std::integral Number>
  void bind_next(int& place, Number number) {
    bind(++place, static_cast<std::int64_t>(number));
  }
  void bind_next(int& place, std::string_view text) { bind(++place, text); }
  void bind_next(int& place, ByteView bytes) { bind_bytes(++place, bytes); }
  void bind_next(int& place, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) bind(++place, std::string_view(text));
  }
};

/// A statement for the time of a block: reset at its end, so that it holds no row and no lock.
struct ResetStatement {
  void operator()(SqlStatement* statement) const { statement->reset(); }
};
using BoundStatement = std::unique_ptr<SqlStatement, ResetStatement>;
template <typename... Values>
[[nodiscard]] BoundStatement bound(SqlStatement& statement, const Values&... values) {
  statement.bind_all(values...);
  return BoundStatement(&statement);
}

/// Calls `visit` with the statement at each row, to the last one or until it returns an error: it
/// returns a Result<> or nothing.
template <typename Visit>
[[nodiscard]] Result<> each_row(SqlStatement& statement, Visit visit) {
  for (;;) {
    PACS_TRY(const bool row, statement.step());
    if (!row) return {};
    if constexpr (std::is_void_v<std::invoke_result_t<Visit&, SqlStatement&>>) {
      visit(statement);
    } else {
      PACS_TRY(visit(statement));
    }
  }
}

/// How the same thing is called in each database.
struct SqlDialect {
  std::string_view row_id;  ///< type of an integer key
  std::string_view big_integer;
  std::string_view bytes;
  /// Statements that create patient_name_trigram: a full text index over the runs of three letters
  /// in patient_name_folded, its rowid that of the patient, kept by the database itself.
  std::string_view name_trigrams;
};

/// One connection. Not for use from two threads at once.
class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<SqlStatement>> prepare(std::string_view sql) = 0;
  /// Runs one or more statements without parameters.
  [[nodiscard]] virtual Result<> execute(std::string_view sql) = 0;
  /// Version of the schema, 0 for an empty database.
  [[nodiscard]] virtual Result<std::int64_t> schema_version() = 0;
  [[nodiscard]] virtual Result<> set_schema_version(std::int64_t version) = 0;
  [[nodiscard]] virtual const SqlDialect& dialect() const = 0;
  /// Rows changed by the last statement.
  [[nodiscard]] virtual std::int64_t changes() = 0;
  /// Io once the database failed to flush something by itself, which no statement reports. Any
  /// thread.
  [[nodiscard]] virtual Result<> flushed() const = 0;
  /// From now on, when a stop is requested, steps fail with Cancelled, also long ones in the
  /// middle; a token without state ends that.
  virtual void stop_when(std::stop_token stop) = 0;
  /// Looks at the database's own structure; one message for each fault. Reads all of it.
  [[nodiscard]] virtual Result<std::vector<std::string>> check() = 0;
};

}  // namespace pacs::storage
