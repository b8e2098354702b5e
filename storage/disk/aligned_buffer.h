// AlignedBuffer: memory that direct I/O takes; grows, never shrinks by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include "storage/disk/file_system.h"

namespace pacs::storage {

class AlignedBuffer {
 public:
  /// At least `bytes`; what was in it is lost.
  [[nodiscard]] std::span<std::byte> take(std::size_t bytes) {
    if (capacity_ < bytes) {
      memory_.reset(
          static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{kDirectAlignment})));
      capacity_ = bytes;
    }
    return {memory_.get(), bytes};
  }
  void release() {
    memory_.reset();
    capacity_ = 0;
  }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const {
      ::operator delete[](memory, std::align_val_t{kDirectAlignment});
    }
  };
  std::unique_ptr<std::byte[], Free> memory_;
  std::size_t capacity_ = 0;
};

/// The next whole block.
[[nodiscard]] constexpr std::uint64_t round_to_block(std::uint64_t bytes) {
  return (bytes + kDirectAlignment - 1) / kDirectAlignment * kDirectAlignment;
}

}  // namespace pacs::storage
