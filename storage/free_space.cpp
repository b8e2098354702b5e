#include "storage/free_space.h"

#include <chrono>

#include <fmt/format.h>

namespace pacs::storage {

std::uint64_t FreeSpace::bytes() {
  constexpr std::int64_t kFreshMs = 100;
  const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::steady_clock::now().time_since_epoch())
                               .count();
  const std::int64_t looked = looked_ms_.load();
  if (looked < 0 || now - looked >= kFreshMs) {
    // What cannot be asked counts as plenty: the write itself will tell.
    bytes_ = files_->free_bytes(path_).value_or(UINT64_MAX);
    looked_ms_ = now;
  }
  return bytes_;
}

Status FreeSpace::check() {
  const std::uint64_t free = bytes();
  if (free >= bytes_min_) return {};
  return fail(Error{ErrorKind::OutOfResources,
                    fmt::format("only {} MiB are free where {} MiB are to stay free: make room",
                                free >> 20, bytes_min_ >> 20)}
                  .in(path_.native()));
}

}  // namespace pacs::storage
