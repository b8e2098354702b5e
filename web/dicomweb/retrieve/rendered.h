// Rendered resources and thumbnails of studies, series, instances and frames (PS3.18 §10.4.1.1.3,
// §10.4.1.1.4).
#pragma once

#include <memory>

#include "storage/archive.h"
#include "web/dicomweb/resources.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

void add_rendered(Resources& resources, storage::Archive& archive,
                  std::shared_ptr<ImageCache> images);

}  // namespace pacs::web
