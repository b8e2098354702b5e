// ReceiveBuffer: what was received and not yet used, in one piece, so that PDVs can be handed out
// as views. Grows to the largest PDU we take and no further.
#pragma once

#include <cstddef>
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
  [[nodiscard]] std::span<std::byte> room(std::size_t front_bytes);
  void received_more(std::size_t count) { end_ += count; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace pacs::network
