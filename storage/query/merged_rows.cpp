#include "storage/query/merged_rows.h"

#include <algorithm>
#include <array>

namespace pacs::storage {
namespace {

/// Rows of one value that are read at once when many have been wanted: 8 bytes each.
constexpr std::int64_t kAheadMax = 64;

}  // namespace

Result<std::optional<std::int64_t>> MergedRows::next(SqlReader& reader) {
  while (ahead_.size() < values_.size()) {
    ahead_.emplace_back();
    PACS_TRY(push_next_of(ahead_.size() - 1, reader));
  }
  while (!next_.empty() || !rows_.empty()) {
    std::int64_t row = 0;
    if (next_.empty() || (!rows_.empty() && rows_.front() < next_.top().first)) {
      row = rows_.front();
      rows_ = rows_.subspan(1);
    } else {
      const std::size_t place = next_.top().second;
      row = next_.top().first;
      next_.pop();
      PACS_TRY(push_next_of(place, reader));
    }
    if (row <= last_) continue;
    last_ = row;
    return row;
  }
  return std::nullopt;
}

Result<> MergedRows::push_next_of(std::size_t place, SqlReader& reader) {
  Ahead& ahead = ahead_[place];
  if (ahead.rows.empty() && !ahead.ended) {
    const std::array<SqlValue, 3> range{values_[place], ahead.after, ahead.wanted};
    PACS_TRY(const auto statement, reader.statement(list_, range));
    PACS_TRY(
        each_row(*statement, [&](SqlStatement& row) { ahead.rows.push_back(row.integer(0)); }));
    ahead.ended = static_cast<std::int64_t>(ahead.rows.size()) < ahead.wanted;
    if (!ahead.rows.empty()) ahead.after = ahead.rows.back();
    ahead.wanted = std::min(ahead.wanted * 4, kAheadMax);
    std::ranges::reverse(ahead.rows);
  }
  if (ahead.rows.empty()) return {};
  next_.emplace(ahead.rows.back(), place);
  ahead.rows.pop_back();
  return {};
}

}  // namespace pacs::storage
