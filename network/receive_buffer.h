// ReceiveBuffer: what was received and not yet used, in one piece, so that PDVs can be handed out
// as views. Grows to the largest PDU we take and no further.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "core/bytes.h"

namespace pacs::network {

class ReceiveBuffer {
 public:
  [[nodiscard]] ByteView received() const { return {bytes_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  void drop(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  /// Room behind what was received, so that its front can grow to `front_bytes` in all. Views taken
  /// before are void.
  [[nodiscard]] std::span<std::byte> room(std::size_t front_bytes) {
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
  void received_more(std::size_t count) { end_ += count; }

 private:
  static constexpr std::size_t kInitialBytes = 16 * 1024;  // a command and a small data set

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace pacs::network
