// WADO-URI: one object by the parameters of a query (PS3.18 §9).
#pragma once

#include <memory>

#include "storage/archive.h"
#include "web/dicomweb/resources.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

/// At "/wado" below the service.
void add_wado_uri(Resources& resources, storage::Archive& archive,
                  std::shared_ptr<ImageCache> images);

}  // namespace pacs::web
