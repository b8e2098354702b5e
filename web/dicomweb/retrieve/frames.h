// Frames of an instance (PS3.18 §10.4.1.6).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/archive.h"
#include "web/dicomweb/resources.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

/// "1,3,2" as numbers counted from 0. InvalidArgument for what is no list of numbers above 0.
[[nodiscard]] Result<std::vector<std::uint32_t>> read_frame_list(std::string_view text);

void add_frames(Resources& resources, storage::Archive& archive,
                std::shared_ptr<ImageCache> images);

}  // namespace pacs::web
