#include "apps/server/open_archive.h"

#include <fmt/format.h>

#include "apps/server/process_setup.h"
#include "core/text.h"
#include "storage/find_archive.h"

namespace pacs::apps {

namespace {

/// Prints what recovery reports of objects that a disk lost, and nothing else.
integration::Logger errors_to_standard_error() {
  integration::LogOptions options;
  options.level = integration::LogLevel::Error;
  options.queue_lines_max = 64;
  return integration::Logger::create(options).value_or(integration::Logger{});
}

}  // namespace

std::filesystem::path tokens_file(const Config& config) {
  return config.storage.path / "api-tokens.json";
}

DefaultCharacterSets default_character_sets(const Config& config) {
  DefaultCharacterSets sets{config.dicom.default_character_set, {}};
  for (const RemoteAe& remote : config.remote_ae) {
    if (!remote.character_set.empty()) sets.of_ae[remote.ae_title] = remote.character_set;
  }
  return sets;
}

storage::ArchiveOptions archive_options(const Config& config) {
  storage::ArchiveOptions options;
  options.logger = errors_to_standard_error();
  options.path = config.storage.path;
  options.index_url = config.index.url;
  options.durability = config.storage.durability;
  options.on_duplicate = config.storage.on_duplicate;
  options.limits = config.limits;
  options.character_sets = default_character_sets(config);
  options.free_bytes_min = config.storage.free_bytes_min;
  return options;
}

Error with_remedy(Error error, const Config& config) {
  if (error.kind != ErrorKind::Corrupt || !error.message.starts_with("index: ")) return error;
  // docs/STORAGE_FORMAT.md, "A damaged index".
  error.message += fmt::format(
      ": the index is damaged. Move index.sqlite, index.sqlite-wal and index.sqlite-shm out of {} "
      "and put a copy from the backup there, if there is one: the next start reads every image "
      "that the index does not know. Worklist, performed procedure steps, remote AEs and jobs are "
      "those of the backup, because only the index holds them",
      printable(config.storage.path.string()));
  return error;
}

Result<std::unique_ptr<storage::Archive>> open_archive(const Config& config) {
  keep_archive_private();
  Result<std::unique_ptr<storage::Archive>> archive =
      storage::Archive::open(archive_options(config));
  if (!archive && archive.error().kind == ErrorKind::Rejected) {
    archive.error().message += ", or send to the running server with `pacs store`";
  }
  if (!archive) return fail(with_remedy(std::move(archive.error()), config));
  return archive;
}

Result<std::unique_ptr<storage::Archive>> open_existing_archive(const Config& config) {
  PACS_TRY(storage::find_archive(config.storage.path));
  return open_archive(config);
}

}  // namespace pacs::apps
