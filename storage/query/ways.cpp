#include "storage/query/ways.h"

#include <algorithm>

#include <fmt/format.h>

#include "storage/query/query_match.h"

namespace pacs::storage {

const QueryKey* restricting_key(std::span<const QueryKey> keys, Tag tag) {
  const auto found = std::ranges::find_if(
      keys, [tag](const QueryKey& key) { return key.tag == tag && !is_universal(key); });
  return found != keys.end() ? &*found : nullptr;
}

std::optional<TextRange> prefix_range(const QueryKey* key) {
  if (key == nullptr || key->matching != Matching::Wildcard || key->values.size() != 1) {
    return std::nullopt;
  }
  const std::string_view prefix = literal_prefix(key->values.front());
  if (prefix.empty()) return std::nullopt;
  return begins_with(std::string(prefix));
}

std::optional<NamePattern> literal_name(const QueryKey* key, const QueryRules& rules) {
  if (key == nullptr || key->values.size() != 1 || rules.fuzzy_names) return std::nullopt;
  return name_pattern(key->values.front());
}

Result<std::int64_t> count_rows(SqlReader& reader, const SqlText& from, std::int64_t most,
                                std::span<const SqlValue> more) {
  SqlText sql("SELECT count(*) FROM (SELECT 1 FROM ");
  sql += from;
  const SqlQuery query(sql += fmt::format(" LIMIT {}) counted", most));
  PACS_TRY(const auto row, reader.statement(query, more));
  PACS_TRY(const bool there, row->step());
  return there ? row->integer(0) : 0;
}

}  // namespace pacs::storage
