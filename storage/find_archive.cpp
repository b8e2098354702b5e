#include "storage/find_archive.h"

#include <system_error>

namespace pacs::storage {

Result<> find_archive(const std::filesystem::path& path) {
  // Any of them: one that has lost the others is an archive to be told about.
  for (const char* part : {"index.sqlite", "objects", "journal"}) {
    std::error_code code;
    if (std::filesystem::exists(path / part, code)) return {};
    if (code) {
      return fail(
          Error{ErrorKind::Io, "cannot look for an archive: " + code.message()}.in(path.native()));
    }
  }
  return fail(
      Error{ErrorKind::NotFound, "there is no archive here: name its folder as storage.path"}.in(
          path.native()));
}

}  // namespace pacs::storage
