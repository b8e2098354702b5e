// Turning the bytes of numbers around, many at a time.
#pragma once

#include <cstdint>
#include <span>

#include "core/bytes.h"

namespace pacs {

namespace detail {
template <typename Number>
void swap_each(std::span<std::byte> bytes) {
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    store(bytes.data() + at, load<Number>(bytes.data() + at, ByteOrder::Big), ByteOrder::Little);
  }
}
}  // namespace detail

/// Turns numbers of `unit` bytes (1, 2, 4 or 8) around. What is left of an incomplete last one is
/// no number and stays as it is, so doing it twice gives the same bytes.
inline void swap_units(std::span<std::byte> bytes, std::size_t unit) {
  switch (unit) {
    case 2:
      return detail::swap_each<std::uint16_t>(bytes);
    case 4:
      return detail::swap_each<std::uint32_t>(bytes);
    case 8:
      return detail::swap_each<std::uint64_t>(bytes);
    default:
      return;
  }
}

}  // namespace pacs
