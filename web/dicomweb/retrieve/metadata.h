// Metadata of a study, a series, or an instance (PS3.18 §10.4.1.1.2).
#pragma once

#include "storage/archive.h"
#include "web/dicomweb/resources.h"

namespace pacs::web {

void add_metadata(Resources& resources, storage::Archive& archive);

}  // namespace pacs::web
