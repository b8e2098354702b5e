// find_archive: whether a folder holds an archive, without making one.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace pacs::storage {

/// NotFound when nothing of an archive lies there; Io when that cannot be told.
[[nodiscard]] Result<> find_archive(const std::filesystem::path& path);

}  // namespace pacs::storage
