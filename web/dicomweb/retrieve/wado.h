// WADO-RS and WADO-URI: what is stored, as whole objects, metadata, frames, bulk data and pictures
// (PS3.18 §9, §10.4).
#pragma once

#include "web/dicomweb/resources.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

/// What `setup` names outlives the router.
void add_wado(Resources& resources, const ImageSetup& setup);

}  // namespace pacs::web
