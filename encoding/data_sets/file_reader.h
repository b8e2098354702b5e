// FileReader: a regular file read by position. Unlike a mapped one it may change or its disk may
// fail meanwhile: that is an error then, not a signal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs {

/// Errors name the file: NotFound, OutOfResources (no descriptor or memory), Io.
class FileReader {
 public:
  [[nodiscard]] static Result<FileReader> open(std::filesystem::path path);
  ~FileReader();
  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// When it was opened; 0 for a pipe or a device.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Returns how many bytes were there: fewer than to.size() only at the end of the file.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> to, std::uint64_t offset) const;
  /// Up to `most` bytes from `offset` on in memory of their own.
  [[nodiscard]] Result<SharedBytes> read(std::uint64_t offset, std::uint64_t most) const;

 private:
  friend Result<SharedBytes> map_file(const std::filesystem::path& path);
  FileReader(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  [[nodiscard]] Error error(int code) const;
  /// A pipe or device, which has no positions: to its end.
  [[nodiscard]] Result<SharedBytes> read_stream() const;
  [[nodiscard]] SharedBytes map() const;  ///< a null view when that does not work

  std::filesystem::path path_;
  int descriptor_;
  bool regular_ = true;
  std::uint64_t size_ = 0;
};

}  // namespace pacs
