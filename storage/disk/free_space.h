// FreeSpace: whether there is room for another object, asked often and looked up seldom.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "core/result.h"
#include "storage/disk/file_system.h"

namespace pacs::storage {

/// Thread-safe.
class FreeSpace {
 public:
  FreeSpace(std::shared_ptr<FileSystem> files, std::filesystem::path path, std::uint64_t bytes_min)
      : files_(std::move(files)), path_(std::move(path)), bytes_min_(bytes_min) {}
  /// OutOfResources when less than the minimum is free. The answer may be 100 ms old
  /// while there is room; that there is none is always looked up.
  [[nodiscard]] Result<> check();
  [[nodiscard]] std::uint64_t bytes();
  /// A write met a full disk: the next call looks again.
  void look_again();

 private:
  std::shared_ptr<FileSystem> files_;
  std::filesystem::path path_;
  std::uint64_t bytes_min_;
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> looked_;
  std::uint64_t bytes_ = 0;
};

}  // namespace pacs::storage
