#include "storage/disk/free_space.h"

#include <fmt/format.h>

namespace pacs::storage {

std::uint64_t FreeSpace::bytes() {
  constexpr std::chrono::milliseconds kFresh{100};
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!looked_ || now - *looked_ >= kFresh) {
    // What cannot be asked counts as plenty: the write itself will tell.
    bytes_ = files_->free_bytes(path_).value_or(UINT64_MAX);
    looked_ = now;
  }
  return bytes_;
}

void FreeSpace::look_again() {
  const std::lock_guard lock(mutex_);
  looked_.reset();
}

Result<> FreeSpace::check() {
  const std::uint64_t free = bytes();
  if (free >= bytes_min_) return {};
  look_again();  // whoever makes room is believed at once
  return fail(Error{ErrorKind::OutOfResources,
                    fmt::format("disk full: {} MiB free, {} MiB must stay free: make room",
                                free >> 20, bytes_min_ >> 20)}
                  .in(path_.native()));
}

}  // namespace pacs::storage
