// FreeSpace: whether there is room for another object, asked often and looked up seldom.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/result.h"
#include "storage/file_system.h"

namespace pacs::storage {

/// Thread-safe.
class FreeSpace {
 public:
  FreeSpace(std::shared_ptr<FileSystem> files, std::filesystem::path path, std::uint64_t bytes_min)
      : files_(std::move(files)), path_(std::move(path)), bytes_min_(bytes_min) {}
  /// OutOfResources when less than the minimum is free. The answer may be 100 ms old.
  [[nodiscard]] Status check();
  [[nodiscard]] std::uint64_t bytes();

 private:
  std::shared_ptr<FileSystem> files_;
  std::filesystem::path path_;
  std::uint64_t bytes_min_;
  std::atomic<std::int64_t> looked_ms_{-1};
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace pacs::storage
