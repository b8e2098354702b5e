// map_file: the one place where encoding touches the operating system (POSIX).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "encoding/dicom_file.h"

namespace pacs {
namespace {

constexpr std::size_t kMapAboveBytes = 256 * 1024;   // below it reading costs less than mapping
constexpr std::size_t kStreamBytesMax = 2ULL << 30;  // of a pipe, which must fit in memory
constexpr std::size_t kReadBytes = 1 << 20;

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

tl::unexpected<Error> io_error(const std::filesystem::path& path, int code) {
  const ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::NotFound
                         : code == EMFILE || code == ENFILE || code == ENOMEM
                             ? ErrorKind::OutOfResources
                             : ErrorKind::Io;
  return fail(Error{kind, std::system_category().message(code)}.in(path.string()));
}

Result<SharedBytes> read_all(int file, std::size_t expected, const std::filesystem::path& path) {
  Bytes bytes;
  bytes.resize(expected);
  std::size_t size = 0;
  while (true) {
    if (size == bytes.size()) {
      if (size >= kStreamBytesMax) {
        return fail(Error{ErrorKind::LimitExceeded,
                          fmt::format("stream passes kStreamBytesMax = {}", kStreamBytesMax)}
                        .in(path.string()));
      }
      bytes.resize(size + kReadBytes);
    }
    const ssize_t got = ::read(file, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size == expected) break;
  }
  bytes.resize(size);
  return share(std::move(bytes));
}

}  // namespace

Result<SharedBytes> map_file(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) return io_error(path, errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return io_error(path, errno);
  if (S_ISDIR(status.st_mode)) return io_error(path, EISDIR);
  const std::size_t size = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  if (size > kMapAboveBytes) {
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (address != MAP_FAILED) {
      const std::shared_ptr<const void> keeper{
          address, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); }};
      return SharedBytes{keeper, ByteView{static_cast<const std::byte*>(address), size}};
    }
  }
  return read_all(file.number, size, path);
}

}  // namespace pacs
