// Which attributes the index keeps as columns of their own, level by level: the required and the
// common optional keys of PS3.4 Tables C.6-1 to C.6-4. All others are in the stored headers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tag.h"

namespace pacs {
class DataSet;
}

namespace pacs::storage {

enum class ColumnKind : std::uint8_t {
  Text,  ///< UTF-8, outer spaces removed
  Date,  ///< YYYYMMDD, also where the old form with dots came (PS3.5 §6.2 DA)
  Time,  ///< without the colons of the old form
  Name,  ///< UTF-8; a second column <name>_folded holds it folded for matching
};

struct IndexColumn {
  std::string_view name;
  Tag tag;
  ColumnKind kind = ColumnKind::Text;
  /// Not zero: the attribute lies in the items of this sequence; values of several items are
  /// separated by backslashes.
  Tag sequence{};
};

[[nodiscard]] std::span<const IndexColumn> patient_columns();
[[nodiscard]] std::span<const IndexColumn> study_columns();
[[nodiscard]] std::span<const IndexColumn> series_columns();
[[nodiscard]] std::span<const IndexColumn> instance_columns();

/// The names of all columns of a level in the order of the values below: a Name gives two.
[[nodiscard]] std::vector<std::string> column_names(std::span<const IndexColumn> columns);

/// What a header says for each column; "" where it says nothing. Never fails: text that is not
/// valid in its character set comes with replacement characters.
struct ColumnValues {
  std::vector<std::string> patient, study, series, instance;
};
[[nodiscard]] ColumnValues column_values(const DataSet& header);
/// The same for other columns, in the order of column_names.
[[nodiscard]] std::vector<std::string> column_values(const DataSet& data_set,
                                                     std::span<const IndexColumn> columns);

}  // namespace pacs::storage
