#include "web/dicomweb/store/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace pacs::web {
namespace {

tl::unexpected<Error> file_error(int code) {
  const bool no_room = code == ENOSPC || code == EDQUOT || code == EMFILE || code == ENFILE;
  return fail(no_room ? ErrorKind::OutOfResources : ErrorKind::Io,
              "the temporary file for bulk data: " + std::generic_category().message(code));
}

}  // namespace

Result<SpoolFile> SpoolFile::create(const std::string& folder) {
  std::error_code none;
  std::string name = folder.empty() ? std::filesystem::temp_directory_path(none).string() : folder;
  const int nameless = ::open(name.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0) return SpoolFile(nameless);
  name += "/pacs-bulk-XXXXXX";  // on a file system that has none
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return file_error(errno);
  ::unlink(name.c_str());
  return SpoolFile(descriptor);
}

SpoolFile::~SpoolFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

Result<> SpoolFile::append(ByteView bytes) {
  PACS_TRY(put(size_, bytes));
  size_ += bytes.size();
  return {};
}

Result<> SpoolFile::put(std::uint64_t offset, ByteView bytes) const {
  while (!bytes.empty()) {
    const auto count =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<> SpoolFile::read(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const auto count = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno);
    if (count == 0) return fail(ErrorKind::Io, "the temporary file for bulk data is cut");
    into = into.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

}  // namespace pacs::web
