// LockFile: one process at a time holds an archive.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace pacs::storage {

/// Held as long as it lives; the kernel frees it when the process dies, however it dies. The file
/// stays behind and carries the process id of its last holder.
class LockFile {
 public:
  /// Rejected when another process holds it: the message says which.
  [[nodiscard]] static Result<LockFile> acquire(const std::filesystem::path& path);
  ~LockFile();
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace pacs::storage
