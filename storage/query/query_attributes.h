// Which level of the hierarchy an attribute describes, as far as the index keeps it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "storage/query/query.h"

namespace pacs::storage {

/// Of an attribute or a sequence with a column of the index; nullopt for what only the stored
/// headers hold.
[[nodiscard]] std::optional<QueryLevel> level_of_attribute(Tag tag);

/// All attributes and sequences of a level that the index keeps, by tag.
[[nodiscard]] std::vector<Tag> indexed_attributes(QueryLevel level);

/// The attributes that answers can be ordered by, of patients and studies.
[[nodiscard]] std::span<const Tag> ordering_attributes();

}  // namespace pacs::storage
