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

/// The first key with this tag that does not match everything; nullptr when there is none.
[[nodiscard]] const QueryKey* restricting_key(std::span<const QueryKey> keys, Tag tag);

/// What the one value of a key with wildcards begins with; nullopt for any other key, and nullptr.
[[nodiscard]] std::optional<TextRange> prefix_range(const QueryKey* key);

/// The one value of a key for a name that is matched literally; nullopt for any other key.
[[nodiscard]] std::optional<NamePattern> literal_name(const QueryKey* key, const QueryRules& rules);

/// How many rows a FROM clause with its conditions has, kFewRows at most.
[[nodiscard]] Result<std::int64_t> count_few(SqlReader& reader, const SqlText& from,
                                             std::span<const SqlValue> more = {});

/// The way that walks through the fewest rows, as `rows_of` counts them (kFewRows at most); the
/// first of equal ones.
template <typename Way, typename RowsOf>
[[nodiscard]] Result<Way> cheapest(std::vector<Way> ways, RowsOf rows_of) {
  std::size_t best = 0;
  std::int64_t fewest = kFewRows;
  for (std::size_t i = 0; i < ways.size() && ways.size() > 1; ++i) {
    PACS_TRY(const std::int64_t rows, rows_of(ways[i]));
    if (rows >= fewest) continue;
    fewest = rows;
    best = i;
  }
  return std::move(ways[best]);
}

}  // namespace pacs::storage
