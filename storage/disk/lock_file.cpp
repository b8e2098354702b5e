#include "storage/disk/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace pacs::storage {

Result<LockFile> LockFile::acquire(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return fail(
        Error{ErrorKind::Io, "cannot open the lock file: " + std::generic_category().message(errno)}
            .in(path.native()));
  }
  LockFile lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 16> holder{};
    const ssize_t length = ::pread(descriptor, holder.data(), holder.size(), 0);
    std::string id(holder.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return fail(Error{ErrorKind::Rejected,
                      "the archive is in use by process " + (id.empty() ? "(unknown)" : id) +
                          ": stop that one first or choose another storage.path"}
                    .in(path.native()));
  }
  const std::string id = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, id.data(), id.size(), 0) < 0) {
    // On a full disk the lock still holds; only its label is missing.
  }
  return lock;
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace pacs::storage
