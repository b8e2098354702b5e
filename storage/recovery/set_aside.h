// What may have been acknowledged and cannot be served is set aside and named, never removed.
#pragma once

#include "integration/logging.h"
#include "storage/index/index.h"
#include "storage/objects/storage_interface.h"

namespace pacs::storage {

/// Sets the object of `instance` aside and says so. NotFound as `why`: it is not there.
void set_object_aside(ObjectStore& store, const IndexedInstance& instance, const Error& why,
                      const integration::Logger& logger);

}  // namespace pacs::storage
