// FileSystem over POSIX calls.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "storage/disk/file_system.h"
#include "storage/disk/platform.h"

namespace pacs::storage {
namespace {

ErrorKind kind_of_errno(int code) {
  switch (code) {
    case ENOENT:
      return ErrorKind::NotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // RLIMIT_FSIZE, or the file system's largest file
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorKind::OutOfResources;
    default:
      return ErrorKind::Io;
  }
}

tl::unexpected<Error> refuse(int code, std::string_view what, const FileSystem::Path& path) {
  return fail(Error{kind_of_errno(code), std::string("cannot ").append(what).append(": ").append(
                                             std::generic_category().message(code))}
                  .in(path.native()));
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, FileSystem::Path path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<> write(std::span<const ByteView> parts, std::uint64_t offset) override {
    constexpr std::size_t kVectors = 256;  // of pwritev at a time; IOV_MAX is at least 1024
    std::array<iovec, kVectors> vectors;
    std::size_t skip = 0;  // bytes of the first part that are written already
    while (!parts.empty()) {
      std::size_t count = 0;
      for (; count < kVectors && count < parts.size(); ++count) {
        const ByteView part = count == 0 ? parts[0].subspan(skip) : parts[count];
        vectors[count] = {const_cast<std::byte*>(part.data()), part.size()};
      }
      const ssize_t written = ::pwritev(descriptor_, vectors.data(), static_cast<int>(count),
                                        static_cast<off_t>(offset));
      if (written < 0) {
        if (errno == EINTR) continue;
        return refuse(errno, "write", path_);
      }
      offset += static_cast<std::uint64_t>(written);
      auto left = static_cast<std::size_t>(written);
      while (!parts.empty() && left >= parts[0].size() - skip) {
        left -= parts[0].size() - skip;
        skip = 0;
        parts = parts.subspan(1);
      }
      skip += left;
    }
    return {};
  }

  Result<std::size_t> read(std::span<std::byte> to, std::uint64_t offset) override {
    std::size_t done = 0;
    while (done < to.size()) {
      const ssize_t got = ::pread(descriptor_, to.data() + done, to.size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return refuse(errno, "read", path_);
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<> sync() override {
    if (::fdatasync(descriptor_) != 0) return refuse(errno, "flush", path_);
    return {};
  }

  void start_writeback(std::uint64_t offset, std::uint64_t length) override {
    platform::start_writeback(descriptor_, offset, length);
  }

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return refuse(errno, "stat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<> leave_direct() override {
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags < 0 || ::fcntl(descriptor_, F_SETFL, flags & ~platform::direct_io_flag()) != 0) {
      return refuse(errno, "change", path_);
    }
    return {};
  }

  Result<> resize(std::uint64_t length) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(length)) != 0) {
      return refuse(errno, "resize", path_);
    }
    return {};
  }

 private:
  int descriptor_;
  FileSystem::Path path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::Read:
        flags |= O_RDONLY;
        break;
      case OpenMode::Create:
        flags |= O_WRONLY | O_CREAT | O_TRUNC;
        break;
      case OpenMode::CreateDirect:
        flags |= O_WRONLY | O_CREAT | O_TRUNC | platform::direct_io_flag();
        break;
      case OpenMode::Update:
        flags |= O_RDWR;
        break;
      case OpenMode::UpdateDirect:
        flags |= O_RDWR | platform::direct_io_flag();
        break;
    }
    constexpr mode_t kMode = 0640;  // patient data: nothing for others
    int descriptor = ::open(path.c_str(), flags, kMode);
    if (descriptor < 0 && errno == EINVAL) {  // tmpfs and others know no direct I/O
      descriptor = ::open(path.c_str(), flags & ~platform::direct_io_flag(), kMode);
    }
    if (descriptor < 0) return refuse(errno, "open", path);
    return std::make_unique<PosixFile>(descriptor, path);
  }

  Result<> rename(const Path& from, const Path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return refuse(errno, "rename", from);
    return {};
  }

  Result<> remove(const Path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return refuse(errno, "remove", path);
    return {};
  }

  Result<> make_directories(const Path& path) override {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) return refuse(code.value(), "make directory", path);
    return {};
  }

  Result<> sync_directory(const Path& path) override {
    return with_directory(path, "flush directory",
                          [](int descriptor) { return ::fsync(descriptor); });
  }

  Result<> sync_all(const Path& path) override {
    return with_directory(path, "flush", platform::sync_file_system);
  }

  Result<std::uint64_t> free_bytes(const Path& path) override {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0) return refuse(errno, "ask for free space", path);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }

  Result<std::vector<std::string>> list(const Path& path) override {
    std::vector<std::string> names;
    std::error_code code;
    std::filesystem::directory_iterator entry(path, code);
    if (code == std::errc::no_such_file_or_directory) return names;
    for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
      names.push_back(entry->path().filename().native());
    }
    if (code) return refuse(code.value(), "list", path);
    return names;
  }

 private:
  template <typename Call>
  static Result<> with_directory(const Path& path, std::string_view what, Call call) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return refuse(errno, "open", path);
    const int result = call(descriptor);
    const int code = errno;
    ::close(descriptor);
    if (result != 0) return refuse(code == ENOSPC ? EIO : code, what, path);  // see File::sync
    return {};
  }
};

}  // namespace

std::shared_ptr<FileSystem> make_file_system() {
  return std::make_shared<PosixFileSystem>();
}

}  // namespace pacs::storage
