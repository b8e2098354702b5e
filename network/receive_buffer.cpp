// Where room is made: by moving what is left, or by growing.
#include "network/receive_buffer.h"

#include <algorithm>
#include <cstring>

namespace pacs::network {
namespace {

constexpr std::size_t kInitialBytes = 16 * 1024;  // a command and a small data set

}  // namespace

std::span<std::byte> ReceiveBuffer::room(std::size_t front_bytes) {
  const std::size_t held = end_ - begin_;
  if (begin_ + front_bytes > capacity_) {  // the rest would not fit behind: move or grow
    if (front_bytes > capacity_) {
      const std::size_t capacity = std::max(front_bytes, kInitialBytes);
      auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
      if (held > 0) std::memcpy(larger.get(), bytes_.get() + begin_, held);
      bytes_ = std::move(larger);
      capacity_ = capacity;
    } else if (held > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, held);
    }
    begin_ = 0;
    end_ = held;
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

}  // namespace pacs::network
