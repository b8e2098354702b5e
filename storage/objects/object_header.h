// The header of a stored object, read again from the object itself: where the index has none, or a
// damaged one.
#pragma once

#include <string_view>

#include "core/result.h"
#include "encoding/character_sets/default_character_set.h"
#include "encoding/data_sets/header_reader.h"
#include "encoding/limits.h"
#include "storage/objects/instance_record.h"
#include "storage/objects/object_check.h"

namespace pacs::storage {

/// How headers are read.
struct HeaderRules {
  Limits limits{};
  DefaultCharacterSets character_sets{};  ///< of text in objects that name none, by their source
};

/// What was admitted once is read whatever the limits are now. Unsupported: the transfer syntax is
/// not known any more.
[[nodiscard]] Result<Header> header_of_object(const InstanceRecord& record,
                                              std::string_view source_ae, const HeaderRules& rules,
                                              const ObjectReading& read);

}  // namespace pacs::storage
