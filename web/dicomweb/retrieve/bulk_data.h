// Bulk data (PS3.18 §10.4.1.1.5): the values that metadata names by their URLs.
#pragma once

#include <memory>
#include <string_view>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/archive.h"
#include "web/dicomweb/resources.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

/// The element at a path as metadata gives it (ModelOptions::bulk_data_uri): "00880200.1.7FE00010".
/// NotFound, also for what is no path at all.
[[nodiscard]] Result<const Element*> element_at(const DataSet& data_set, std::string_view path);

void add_bulk_data(Resources& resources, storage::Archive& archive,
                   std::shared_ptr<ImageCache> images);

}  // namespace pacs::web
