// Which attributes of a worklist item have columns of their own, and what each is called.
#pragma once

#include <span>

#include "storage/index/index_columns.h"
#include "storage/query/query_columns.h"

namespace pacs::storage {

/// The columns of worklist_item that are taken from the data set: those that worklists are asked by
/// (PS3.4 Table K.6-1).
[[nodiscard]] std::span<const IndexColumn> worklist_columns();

/// nullptr for what only the data set holds. `sequence`: Scheduled Procedure Step Sequence for what
/// lies in its item, none for the rest.
[[nodiscard]] const KeyColumn* find_worklist_column(Tag sequence, Tag tag);

}  // namespace pacs::storage
