// Ways: how the walks that answer a query can begin, as far as it is the same for the archive
// (query_drivers.h) and for the worklist (worklist_plan.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "storage/index/sql_readers.h"
#include "storage/query/query_sql.h"

namespace pacs::storage {

/// Rows whose walk costs so little that a better beginning need not be looked for.
inline constexpr std::int64_t kFewRows = 2000;
/// Rows that are counted at most to tell ways from each other: some milliseconds.
inline constexpr std::int64_t kManyRows = 128'000;

/// The first key with this tag that does not match everything; nullptr when there is none.
[[nodiscard]] const QueryKey* restricting_key(std::span<const QueryKey> keys, Tag tag);

/// What the one value of a key with wildcards begins with; nullopt for any other key, and nullptr.
[[nodiscard]] std::optional<TextRange> prefix_range(const QueryKey* key);

/// The one value of a key for a name that is matched literally; nullopt for any other key.
[[nodiscard]] std::optional<NamePattern> literal_name(const QueryKey* key, const QueryRules& rules);

/// How many rows a FROM clause with its conditions has, `most` at most.
[[nodiscard]] Result<std::int64_t> count_rows(SqlReader& reader, const SqlText& from,
                                              std::int64_t most,
                                              std::span<const SqlValue> more = {});

/// The way that walks through the fewest rows, as `rows_of(way, most)` counts them; the first of
/// those that have kManyRows. Counting further than the best way has rows would cost more than it
/// saves: it goes on in steps while all ways have more.
template <typename Way, typename RowsOf>
[[nodiscard]] Result<Way> cheapest(std::vector<Way> ways, RowsOf rows_of) {
  constexpr std::int64_t kStep = 8;
  std::size_t best = 0;
  for (std::int64_t most = kFewRows; ways.size() > 1 && most <= kManyRows; most *= kStep) {
    std::int64_t fewest = most;
    for (std::size_t i = 0; i < ways.size(); ++i) {
      PACS_TRY(const std::int64_t rows, rows_of(ways[i], most));
      if (rows >= fewest) continue;
      fewest = rows;
      best = i;
    }
    if (fewest < most) break;
  }
  return std::move(ways[best]);
}

}  // namespace pacs::storage
