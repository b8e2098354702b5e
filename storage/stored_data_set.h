// The bytes of a stored data set, wherever the archive keeps them.
#pragma once

#include "encoding/data_sets/streamed_data_set.h"
#include "storage/archive.h"

namespace pacs::storage {

/// Reads the data set as it is stored, of a deflated one the deflated bytes. Corrupt when the
/// object is shorter than its record says. Several threads may use it at once; the archive outlives
/// it.
[[nodiscard]] ReadStored stored_data_set(Archive& archive, InstanceRecord instance);

}  // namespace pacs::storage
