// The archive as configured, for subcommands that work on it without a server.
#pragma once

#include <filesystem>
#include <memory>

#include "apps/config/config.h"
#include "storage/archive.h"

namespace pacs::apps {

[[nodiscard]] storage::ArchiveOptions archive_options(const Config& config);

/// What peers mean that name no character set.
[[nodiscard]] DefaultCharacterSets default_character_sets(const Config& config);

/// The file of its API tokens (web/auth/tokens.h).
[[nodiscard]] std::filesystem::path tokens_file(const Config& config);

/// Opens it; when a server (or another import) holds it, the error says so and what to do instead.
[[nodiscard]] Result<std::unique_ptr<storage::Archive>> open_archive(const Config& config);

/// Adds to the error of a damaged index what to do; leaves other errors as they are.
[[nodiscard]] Error with_remedy(Error error, const Config& config);

/// The same for reading only: where there is no archive, NotFound, and none is created.
[[nodiscard]] Result<std::unique_ptr<storage::Archive>> open_existing_archive(const Config& config);

}  // namespace pacs::apps
