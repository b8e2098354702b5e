// What the scanner and those who help it look at in bytes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/bytes.h"
#include "core/tag.h"
#include "core/vr_types.h"

namespace pacs {

inline constexpr std::uint32_t kItemHeaderBytes = 8;  // PS3.5 §7.5: tag and 32-bit length

inline std::uint16_t load16(const std::byte* from, ByteOrder order) {
  return load<std::uint16_t>(from, order);
}
inline std::uint32_t load32(const std::byte* from, ByteOrder order) {
  return load<std::uint32_t>(from, order);
}

inline Tag load_tag(const std::byte* from, ByteOrder order) {
  if (order == ByteOrder::Little) {  // one load and a rotation
    const std::uint32_t raw = load32(from, order);
    return Tag{raw << 16 | raw >> 16};
  }
  return Tag{load32(from, order)};
}

/// An element has a VR that there is.
inline bool names_vr(ByteView element) {
  return parse_vr(static_cast<char>(element[4]), static_cast<char>(element[5])).has_value();
}

inline bool is_nul(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace pacs
