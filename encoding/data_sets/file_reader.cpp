// The one place where encoding touches the operating system (POSIX).
#include "encoding/data_sets/file_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "encoding/data_sets/dicom_file.h"

namespace pacs {
namespace {

/// Up to here a file is read into memory: a bad sector or a file that is cut meanwhile is an error
/// then. Above it a mapped one costs no memory, but such a fault kills the program.
constexpr std::uint64_t kMapAboveBytes = 64ULL << 20;
constexpr std::size_t kStreamBytesMax = 2ULL << 30;  // of a pipe, which must fit in memory
constexpr std::size_t kReadBytes = 1 << 20;

}  // namespace

Result<FileReader> FileReader::open(std::filesystem::path path) {
  FileReader file{std::move(path), -1};
  file.descriptor_ = ::open(file.path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file.descriptor_ < 0) return fail(file.error(errno));
  struct stat status {};
  if (::fstat(file.descriptor_, &status) != 0) return fail(file.error(errno));
  if (S_ISDIR(status.st_mode)) return fail(file.error(EISDIR));
  file.regular_ = S_ISREG(status.st_mode);
  if (file.regular_) file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

FileReader::~FileReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
FileReader::FileReader(FileReader&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      regular_(other.regular_),
      size_(other.size_) {}

Error FileReader::error(int code) const {
  const ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::NotFound
                         : code == EMFILE || code == ENFILE || code == ENOMEM
                             ? ErrorKind::OutOfResources
                             : ErrorKind::Io;
  return Error{kind, std::system_category().message(code)}.in(path_.string());
}

Result<std::size_t> FileReader::read(std::span<std::byte> to, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got =
        ::pread(descriptor_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<SharedBytes> FileReader::read(std::uint64_t offset, std::uint64_t most) const {
  Bytes bytes(static_cast<std::size_t>(std::min(most, size_ - std::min(offset, size_))));
  PACS_TRY(const std::size_t got, read(bytes, offset));
  bytes.resize(got);
  return share(std::move(bytes));
}

Result<SharedBytes> FileReader::read_stream() const {
  Bytes bytes;
  for (std::size_t size = 0;;) {
    if (size == bytes.size()) {
      if (size >= kStreamBytesMax) {
        return fail(Error{ErrorKind::LimitExceeded,
                          fmt::format("stream passes kStreamBytesMax = {}", kStreamBytesMax)}
                        .in(path_.string()));
      }
      bytes.resize(size + kReadBytes);
    }
    const ssize_t got = ::read(descriptor_, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error(errno));
    size += static_cast<std::size_t>(got);
    if (got == 0) {
      bytes.resize(size);
      return share(std::move(bytes));
    }
  }
}

SharedBytes FileReader::map() const {
  const auto size = static_cast<std::size_t>(size_);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (address == MAP_FAILED) return {};
  const std::shared_ptr<const void> keeper{
      address, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); }};
  return {keeper, ByteView{static_cast<const std::byte*>(address), size}};
}

Result<SharedBytes> map_file(const std::filesystem::path& path) {
  PACS_TRY(const FileReader file, FileReader::open(path));
  // Files below /proc and the like have size 0 and content.
  if (!file.regular_ || file.size() == 0) return file.read_stream();
  if (file.size() > kMapAboveBytes) {
    if (SharedBytes mapped = file.map(); mapped.keeper) return mapped;
  }
  return file.read(0, file.size());
}

}  // namespace pacs
