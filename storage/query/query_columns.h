// Where the index keeps what a key asks for: the columns of index_columns.h, the unique keys, and
// what the index counts and collects (PS3.4 Table C.3-1 "additional Query/Retrieve attributes").
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "core/tag.h"
#include "storage/index/index_columns.h"
#include "storage/query/query.h"

namespace pacs::storage {

/// The table of each level and how it hangs on the one above.
struct LevelTable {
  std::string_view table;       ///< "study"
  std::string_view parent_key;  ///< "study.patient_key"; empty at the top
  std::string_view id;          ///< "study.id"
};
inline constexpr std::array<LevelTable, 4> kLevelTables{{
    {"patient", "", "patient.id"},
    {"study", "study.patient_key", "study.id"},
    {"series", "series.study_key", "series.id"},
    {"instance", "instance.series_key", "instance.id"},
}};
[[nodiscard]] constexpr const LevelTable& table_of(QueryLevel level) {
  return kLevelTables[static_cast<std::size_t>(level)];
}
/// The column of archive_state with the number of its rows.
[[nodiscard]] constexpr std::string_view counter_of(QueryLevel level) {
  constexpr std::array<std::string_view, 4> kCounters{"patients", "studies", "series", "instances"};
  return kCounters[static_cast<std::size_t>(level)];
}
[[nodiscard]] constexpr QueryLevel above(QueryLevel level) {
  return static_cast<QueryLevel>(static_cast<int>(level) - 1);
}
[[nodiscard]] constexpr QueryLevel below(QueryLevel level) {
  return static_cast<QueryLevel>(static_cast<int>(level) + 1);
}

/// "study CROSS JOIN patient" and "patient.id = study.patient_key": CROSS JOIN keeps SQLite to this
/// order.
struct Joined {
  std::string from, conditions;
};
[[nodiscard]] Joined join_up(QueryLevel level, QueryLevel highest);

struct KeyColumn {
  enum class Kind : std::uint8_t {
    Text,
    Date,
    Time,
    Name,
    Number,  ///< IS and DS: how a number is written does not count
    Unique,  ///< the UIDs: one value, compared exactly
    Term,    ///< in the table of shared text
    List,    ///< several values, separated by backslashes
    Count,   ///< an integer
  };
  Tag tag;
  QueryLevel level = QueryLevel::Patient;
  Kind kind = Kind::Text;
  std::string expression;  ///< "patient.patient_name"
  std::string folded{};    ///< of a Name: the column with what is compared
  /// A column of its values from the items of this sequence.
  Tag sequence{};
};

/// As `table` keeps it, at the level PATIENT; `text`: what a column of text is.
[[nodiscard]] KeyColumn key_column(const IndexColumn& column, std::string_view table,
                                   KeyColumn::Kind text);

/// The column with the values of an attribute, within a sequence if that is not zero; nullptr when
/// there is none.
[[nodiscard]] const KeyColumn* find_column(std::span<const KeyColumn> columns, Tag sequence,
                                           Tag tag);

/// nullptr for what only the stored headers hold.
[[nodiscard]] const KeyColumn* find_key_column(Tag tag);
/// Within a sequence; nullptr when there is none.
[[nodiscard]] const KeyColumn* find_key_column(Tag sequence, Tag tag);

}  // namespace pacs::storage
