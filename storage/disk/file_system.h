// FileSystem: the only way storage touches files, so that a test can fail any step of it or drop
// what was not flushed. Few calls; the one implementation for production is file_system_posix.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::storage {

/// What direct I/O asks of addresses, offsets and lengths on every disk we know, in bytes.
inline constexpr std::size_t kDirectAlignment = 4096;

/// One open file. Positional calls, safe from several threads at once on different ranges.
class File {
 public:
  virtual ~File() = default;
  /// Writes all of `parts`, one behind the other, or fails.
  [[nodiscard]] virtual Result<> write(std::span<const ByteView> parts, std::uint64_t offset) = 0;
  /// Returns how many bytes were there: fewer than to.size() only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> to, std::uint64_t offset) = 0;
  /// Makes content and length durable. After a failure nothing may be assumed of what was written:
  /// the kernel may have dropped it and call the next flush a success. Never retry.
  [[nodiscard]] virtual Result<> sync() = 0;
  /// Asks for these bytes to go to disk soon, so that a later sync has little to do.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t length) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
  /// Writes from now on go through the page cache: the end of a file is not a whole block.
  [[nodiscard]] virtual Result<> leave_direct() = 0;
  /// Cuts or extends to `length`.
  [[nodiscard]] virtual Result<> resize(std::uint64_t length) = 0;
};

enum class OpenMode : std::uint8_t {
  Read,          ///< must exist
  Create,        ///< write only; emptied if it exists
  CreateDirect,  ///< the same past the page cache where the file system can; see kDirectAlignment
  Update,        ///< read and write; must exist
  UpdateDirect,  ///< the same past the page cache
};

/// Thread-safe. Errors: NotFound, OutOfResources (no space, quota, file size limit, no descriptor
/// or memory), Io; each names the path.
class FileSystem {
 public:
  using Path = std::filesystem::path;
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) = 0;
  /// Replaces `to` if it exists. A power loss leaves one of the two names, never none and never
  /// both, also between directories: true of every journaling file system (ext4, XFS, btrfs, ZFS).
  [[nodiscard]] virtual Result<> rename(const Path& from, const Path& to) = 0;
  /// Removing what is not there is a success.
  [[nodiscard]] virtual Result<> remove(const Path& path) = 0;
  [[nodiscard]] virtual Result<> make_directories(const Path& path) = 0;
  /// Makes the entries of a directory durable.
  [[nodiscard]] virtual Result<> sync_directory(const Path& path) = 0;
  /// Makes everything durable that was written before on the file system that holds `path`. Io when
  /// that failed, OutOfResources when it could not even be begun.
  [[nodiscard]] virtual Result<> sync_all(const Path& path) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const Path& path) = 0;
  /// Names of the entries, in no order; none for a directory that is not there.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const Path& path) = 0;
};

/// The operating system's files.
[[nodiscard]] std::shared_ptr<FileSystem> make_file_system();

/// Writes one part.
[[nodiscard]] inline Result<> write(File& file, ByteView bytes, std::uint64_t offset) {
  return file.write(std::span{&bytes, 1}, offset);
}

}  // namespace pacs::storage
