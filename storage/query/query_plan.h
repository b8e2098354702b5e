// QueryPlan: how a query is answered: which rows are walked and in which order (by our own rules,
// so that every database does the same), what else each must fulfil, and where each key's value is.
//
// A walk begins with a driver: the rows of one table that one key picks through an index, or all
// of the level asked for. From there it goes down by parent keys, level by level, to the level
// asked for. At each step the rows come in an order that an index gives, so that a walk can be left
// and taken up again at any row by what that row says: nothing is open between two calls, and
// nothing but a few hundred row numbers is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/query/query_drivers.h"
#include "storage/query/query_sql.h"

namespace pacs::storage {

/// Rows of the upper levels that are fetched ahead: 8 bytes each.
inline constexpr std::size_t kParentsAhead = 256;

/// Rows that are looked at for the number of matches at most: some milliseconds.
inline constexpr std::int64_t kCountedRowsMax = 1000;

/// Row numbers that one statement looks through where no index helps: bounds how long it may take.
inline constexpr std::int64_t kRowsOfWindow = 20'000;

/// One way through the tables; several cover a query together, each row by one of them.
struct Walk {
  Driver driver;
  /// Of the driver's level: from the start, among rows equal to the last one, behind them. The
  /// latter two only for a Span. Columns: row number, `driver.order`, and at the level asked for
  /// those of the plan.
  SqlQuery start{}, equal{}, beyond{};
  SqlQuery list{};  ///< of merged Values: row numbers of one behind another, so many
  /// Of each level below the driver's to the one asked for, by parent.
  std::vector<SqlQuery> children{};
};

/// Where the value of a key comes from.
struct KeySource {
  enum class From : std::uint8_t {
    Row,     ///< a column of the walk's row
    Member,  ///< a column of the member that represents the row
    Header,  ///< the stored header of that member
    Caller,  ///< not the archive's to say
  };
  From from = From::Header;
  int column = 0;
};

struct QueryPlan {
  Query query;
  std::vector<KeySource> sources;  ///< one for each key of the query
  std::vector<Walk> walks;
  bool everything = false;  ///< every row of the level matches

  /// A value to hold a key against.
  struct Check {
    Tag tag;
    VR vr;
    int column;
  };
  /// What SQL has only narrowed: keys with columns of the row, and of the member.
  Query row_query, member_query, header_query;
  std::vector<Check> row_checks, member_checks;
  /// Unique keys with many values: column and sorted values.
  struct UidCheck {
    int column;
    std::vector<std::string> values;
  };
  std::vector<UidCheck> row_uids, member_uids;
  /// Column with the time zone of the study, when it counts: of the row, else of the member.
  int row_zone = -1, member_zone = -1;

  /// Members of a row (series, instances of a study) whose columns or header are asked for, in
  /// their order; the first that fulfils the member's keys represents the row. Empty when none is
  /// needed, or the row is the member itself.
  std::optional<SqlQuery> members;
  bool wants_header = false;
  /// Column of the member, or of the row at the level IMAGE; the next one is its series' number.
  int header_column = -1;
};

/// Asks the database how many rows each way to begin would walk through, so far as that is cheap.
[[nodiscard]] Result<QueryPlan> plan(Query query, SqlReader& reader);

}  // namespace pacs::storage
