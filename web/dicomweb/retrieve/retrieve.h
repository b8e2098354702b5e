// Retrieve: whole objects of a study, a series, or one (PS3.18 §10.4.1.1.1).
#pragma once

#include "web/dicomweb/resources.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

void add_retrieve(Resources& resources, const ImageSetup& setup);

}  // namespace pacs::web
