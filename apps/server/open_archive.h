// The archive as configured, for subcommands that work on it without a server.
#pragma once

#include <memory>

#include "apps/config/config.h"
#include "storage/archive.h"

namespace pacs::apps {

[[nodiscard]] storage::ArchiveOptions archive_options(const Config& config);

/// Opens it; when a server (or another import) holds it, the error says so and what to do instead.
[[nodiscard]] Result<std::unique_ptr<storage::Archive>> open_archive(const Config& config);

/// Of a damaged index it says what can be done; other errors are as they were.
[[nodiscard]] Error with_remedy(Error error, const Config& config);

/// The same for who only reads: NotFound, and nothing made, where there is no archive.
[[nodiscard]] Result<std::unique_ptr<storage::Archive>> open_existing_archive(const Config& config);

}  // namespace pacs::apps
