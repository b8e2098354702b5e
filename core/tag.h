// Tag: the (group, element) number that names a data element (PS3.5 §7.1).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pacs {

struct Tag {
  std::uint32_t value = 0;  ///< group in the high 16 bits, element in the low 16

  constexpr Tag() = default;
  constexpr explicit Tag(std::uint32_t v) : value(v) {}
  constexpr Tag(std::uint16_t group, std::uint16_t element)
      : value(static_cast<std::uint32_t>(group) << 16 | element) {}

  [[nodiscard]] constexpr std::uint16_t group() const {
    return static_cast<std::uint16_t>(value >> 16);
  }
  [[nodiscard]] constexpr std::uint16_t element() const {
    return static_cast<std::uint16_t>(value);
  }
  /// Odd groups are private (PS3.5 §7.8).
  [[nodiscard]] constexpr bool is_private() const { return (value & 0x10000U) != 0; }
  /// (gggg,0010-00FF) with odd group reserves a block of private elements (PS3.5 §7.8.1).
  [[nodiscard]] constexpr bool is_private_creator() const {
    return is_private() && element() >= 0x10 && element() <= 0xFF;
  }
  [[nodiscard]] constexpr bool is_group_length() const { return element() == 0; }

  friend constexpr auto operator<=>(Tag, Tag) = default;

  /// "(0010,0010)", hexadecimal digits in lower case as dcmdump prints them.
  [[nodiscard]] std::string to_string() const;
  /// Reads "0010,0010", "(0010,0010)" or "00100010".
  [[nodiscard]] static std::optional<Tag> parse(std::string_view text);
};

inline constexpr Tag kItem{0xFFFE, 0xE000};  // PS3.5 §7.5
inline constexpr Tag kItemDelimitation{0xFFFE, 0xE00D};
inline constexpr Tag kSequenceDelimitation{0xFFFE, 0xE0DD};
inline constexpr Tag kPixelData{0x7FE0, 0x0010};

}  // namespace pacs

template <>
struct std::hash<pacs::Tag> {
  std::size_t operator()(pacs::Tag tag) const noexcept {
    return std::hash<std::uint32_t>{}(tag.value);
  }
};
