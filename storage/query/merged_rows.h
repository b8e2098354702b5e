// MergedRows: the rows that have one of several values in a column, by their numbers. An index has
// the rows of one value in that order; of each value the next rows are kept, and the lowest of all
// comes next.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/index/sql_readers.h"
#include "storage/query/query_sql.h"

namespace pacs::storage {

class MergedRows {
 public:
  /// `list` takes a value, the number of a row and how many rows behind it are wanted; `rows` come
  /// as well. All of it outlives this.
  MergedRows(const SqlQuery& list, std::span<const std::string> values,
             std::span<const std::int64_t> rows)
      : list_(list), values_(values), rows_(rows) {}

  /// Each row once, also when its value changes meanwhile; nullopt at the end.
  [[nodiscard]] Result<std::optional<std::int64_t>> next(SqlReader& reader);

 private:
  struct Ahead {
    std::vector<std::int64_t> rows{};  // the next one last
    std::int64_t after = 0;
    std::int64_t wanted = 1;
    bool ended = false;
  };
  using Next = std::pair<std::int64_t, std::size_t>;  // a row, and the place of its value

  [[nodiscard]] Result<> push_next_of(std::size_t place, SqlReader& reader);

  const SqlQuery& list_;
  std::span<const std::string> values_;
  std::span<const std::int64_t> rows_;  // those not taken yet
  std::vector<Ahead> ahead_;
  std::priority_queue<Next, std::vector<Next>, std::greater<>> next_;
  std::int64_t last_ = 0;
};

}  // namespace pacs::storage
