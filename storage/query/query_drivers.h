// Drivers: where the walks through the tables that answer a query begin. A unique key first, then
// values that few rows share, else the cheapest index that a key can use; or all rows.
//
// Some columns have few different values in many rows: descriptions, institutions, stations,
// referring physicians. For these the index is asked for its different values, one after the other,
// and each is held against the key as a row's value would be: so a key of any form, an infix or a
// name that sounds alike, becomes a list of values. For patients' names that sound alike there is
// the same of words (storage/index/name_words.h).
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/index/sql_readers.h"
#include "storage/query/query_sql.h"

namespace pacs::storage {

/// Where a walk begins.
struct Driver {
  enum class Kind : std::uint8_t {
    All,     ///< by row number, behind `after` up to `last`
    Values,  ///< rows with each of `values` in `column`
    Rows,    ///< the rows of these numbers
    Span,    ///< `column` within `range`, in its order
    Names,   ///< rows of the trigram index, by row number
  };
  Kind kind = Kind::All;
  QueryLevel level = QueryLevel::Patient;
  std::string column{};
  std::vector<std::string> order{};  ///< of a Span: the columns of its index
  bool descending = false;           ///< of a Span
  std::vector<std::string> values{};
  bool merged = false;  ///< of Values: all their rows by row number, and also those in `rows`
  std::vector<std::int64_t> rows{};
  std::int64_t after = 0;       ///< of All
  std::int64_t last = 0;        ///< of All and merged Values: no row behind it
  std::int64_t candidates = 0;  ///< of All: rows that may match; 0 for all
  TextRange range{};
  std::string match{};    ///< of Names: the full text query
  SqlText restriction{};  ///< beside the conditions of the keys; may be empty
};

/// Asks the database how many rows each way to begin would walk through, so far as that is cheap.
/// Several drivers cover the query together, each row by one of them.
[[nodiscard]] Result<std::vector<Driver>> choose_drivers(const Query& query, SqlReader& reader);

/// The same rows by row number, found one after the other where the index has few different values:
/// the first ones cost little however many there are. nullopt for all other drivers.
[[nodiscard]] Result<std::optional<Driver>> merged(Driver driver, SqlReader& reader,
                                                   const std::stop_token& stop);

/// All rows of a level in the order of one of ordering_attributes(): a Span.
[[nodiscard]] Driver rows_in_order(Tag attribute);

/// All rows that a level has now.
[[nodiscard]] Result<Driver> all_rows(QueryLevel level, SqlReader& reader);

}  // namespace pacs::storage
