// Byte views and buffers, and the one reader and writer of numbers in either byte order.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pacs {

using ByteView = std::span<const std::byte>;
using Bytes = std::vector<std::byte>;

/// Immutable bytes with shared ownership: a whole file (mapped or read) or one value. `keeper`
/// owns what `view` looks at.
struct SharedBytes {
  std::shared_ptr<const void> keeper;
  ByteView view;
};
[[nodiscard]] inline SharedBytes share(Bytes bytes) {
  auto owner = std::make_shared<const Bytes>(std::move(bytes));
  return {owner, ByteView{*owner}};
}

enum class ByteOrder : std::uint8_t { Little, Big };

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads a number at `from`, which must hold sizeof(T) bytes.
template <typename T>
requires std::is_arithmetic_v<T>
[[nodiscard]] inline T load(const std::byte* from, ByteOrder order) {
  using U = std::conditional_t<
      sizeof(T) == 1, std::uint8_t,
      std::conditional_t<sizeof(T) == 2, std::uint16_t,
                         std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;
  U raw;
  std::memcpy(&raw, from, sizeof raw);
  if ((order == ByteOrder::Big) == (std::endian::native == std::endian::little)) {
    if constexpr (sizeof(T) == 2) raw = __builtin_bswap16(raw);
    if constexpr (sizeof(T) == 4) raw = __builtin_bswap32(raw);
    if constexpr (sizeof(T) == 8) raw = __builtin_bswap64(raw);
  }
  return std::bit_cast<T>(raw);
}

/// Writes a number at `to`, where sizeof(T) bytes have room: a length that is known only now.
template <typename T>
requires std::is_arithmetic_v<T>
inline void store(std::byte* to, T number, ByteOrder order) {
  std::byte raw[sizeof(T)];
  std::memcpy(raw, &number, sizeof raw);
  number = load<T>(raw, order);  // loading in `order` what lies in native order swaps iff needed
  std::memcpy(to, &number, sizeof number);
}

/// Appends a number to `to`.
template <typename T>
requires std::is_arithmetic_v<T>
inline void append(Bytes& to, T number, ByteOrder order) {
  to.resize(to.size() + sizeof number);
  store(to.data() + to.size() - sizeof number, number, order);
}
inline void append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace pacs
