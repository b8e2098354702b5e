// The SQL form of matching: for a key with a column a condition that holds for every row that
// matches it, and for few others. What the condition lets through too much, `matches` sorts out
// over the values of the row, so that both forms agree by construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/query/query_columns.h"
#include "storage/sql/sql_text.h"

namespace pacs::storage {

/// nullopt when SQL cannot narrow it.
[[nodiscard]] std::optional<SqlText> condition(const QueryKey& key, const KeyColumn& column,
                                               const Query& query);
/// The same for the sequence keys whose values lie in columns.
[[nodiscard]] std::vector<SqlText> sequence_conditions(const QueryKey& key);

/// Rows from `first` (included) to `last` (excluded) in the order of bytes; no last: to the end.
struct TextRange {
  std::string first;
  std::optional<std::string> last{};
};
/// "(...)": whether an expression lies in it; no planner takes an index for that.
[[nodiscard]] SqlText within(const std::string& expression, const TextRange& range);
/// All text that begins with `prefix`.
[[nodiscard]] TextRange begins_with(std::string prefix);
/// The days that a DA key may mean, whatever zone is asked for; nullopt when it does not restrict.
[[nodiscard]] std::optional<TextRange> days_of(const QueryKey& key, const Query& query);

/// What a key for a name says, folded as the index folds.
struct NamePattern {
  std::vector<std::string> groups;  ///< with * and ?; what may be absent at the end is left out
  bool exact = false;               ///< one group without wildcards
};
[[nodiscard]] NamePattern name_pattern(std::string_view key_value);

/// What precedes the first wildcard.
[[nodiscard]] std::string_view literal_prefix(std::string_view pattern);
/// As LIKE ... ESCAPE '\' wants it: % and _ of the pattern are ordinary letters.
[[nodiscard]] std::string like_pattern(std::string_view pattern);
/// The runs of three letters in a pattern without wildcards between them, each once; at most
/// `most`.
[[nodiscard]] std::vector<std::string> trigrams(std::string_view pattern, std::size_t most);

}  // namespace pacs::storage
