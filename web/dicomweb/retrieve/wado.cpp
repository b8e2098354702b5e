#include "web/dicomweb/retrieve/wado.h"

#include <memory>

#include "web/dicomweb/retrieve/bulk_data.h"
#include "web/dicomweb/retrieve/frames.h"
#include "web/dicomweb/retrieve/image_cache.h"
#include "web/dicomweb/retrieve/metadata.h"
#include "web/dicomweb/retrieve/rendered.h"
#include "web/dicomweb/retrieve/retrieve.h"
#include "web/dicomweb/retrieve/wado_uri.h"

namespace pacs::web {

void add_wado(Resources& resources, const ImageSetup& setup) {
  storage::Archive& archive = setup.archive;
  const auto images = std::make_shared<ImageCache>(setup);
  add_retrieve(resources, setup);
  add_metadata(resources, archive);
  add_frames(resources, archive, images);
  add_bulk_data(resources, archive, images);
  add_rendered(resources, archive, images);
  add_wado_uri(resources, archive, images);
}

}  // namespace pacs::web
