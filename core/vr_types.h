// Value representations: PS3.5 Table 6.2-1 as one table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pacs {

/// In the order of PS3.5 Table 6.2-1.
enum class VR : std::uint8_t {
  // clang-format off
  AE, AS, AT, CS, DA, DS, DT, FL, FD, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH, SL, SQ, SS, ST,
  SV, TM, UC, UI, UL, UN, UR, US, UT, UV,
  // clang-format on
};
inline constexpr std::size_t kVRCount = 34;

/// How the bytes of a value are to be read.
enum class VRKind : std::uint8_t { Text, Integer, Unsigned, Float, Tag, Bytes, Sequence };

struct VRInfo {
  VR vr;
  std::string_view name;  ///< the two letters
  VRKind kind;
  std::uint8_t unit_bytes;   ///< size of one number, for byte order and value count; 1 for text
  bool long_form;            ///< 32-bit length behind two reserved bytes (PS3.5 §7.1.2)
  char padding;              ///< what makes an odd value even: ' ' or '\0' (PS3.5 §6.2)
  bool multi_valued;         ///< backslash separates values (text) or numbers may repeat
  bool charset_dependent;    ///< affected by Specific Character Set (PS3.5 §6.1.2.2)
  std::uint32_t max_length;  ///< of one value: characters for text (PN: of one component group),
                             ///< bytes else; 0 = no limit
};

// clang-format off
inline constexpr std::array<VRInfo, kVRCount> kVRTable{{
  // vr      name  kind              unit long   pad   multi  charset max
  {VR::AE, "AE", VRKind::Text,      1, false, ' ',  true,  false, 16},
  {VR::AS, "AS", VRKind::Text,      1, false, ' ',  true,  false, 4},
  {VR::AT, "AT", VRKind::Tag,       2, false, '\0', true,  false, 4},
  {VR::CS, "CS", VRKind::Text,      1, false, ' ',  true,  false, 16},
  {VR::DA, "DA", VRKind::Text,      1, false, ' ',  true,  false, 8},
  {VR::DS, "DS", VRKind::Text,      1, false, ' ',  true,  false, 16},
  {VR::DT, "DT", VRKind::Text,      1, false, ' ',  true,  false, 26},
  {VR::FL, "FL", VRKind::Float,     4, false, '\0', true,  false, 4},
  {VR::FD, "FD", VRKind::Float,     8, false, '\0', true,  false, 8},
  {VR::IS, "IS", VRKind::Text,      1, false, ' ',  true,  false, 12},
  {VR::LO, "LO", VRKind::Text,      1, false, ' ',  true,  true,  64},
  {VR::LT, "LT", VRKind::Text,      1, false, ' ',  false, true,  10240},
  {VR::OB, "OB", VRKind::Bytes,     1, true,  '\0', false, false, 0},
  {VR::OD, "OD", VRKind::Bytes,     8, true,  '\0', false, false, 0},
  {VR::OF, "OF", VRKind::Bytes,     4, true,  '\0', false, false, 0},
  {VR::OL, "OL", VRKind::Bytes,     4, true,  '\0', false, false, 0},
  {VR::OV, "OV", VRKind::Bytes,     8, true,  '\0', false, false, 0},
  {VR::OW, "OW", VRKind::Bytes,     2, true,  '\0', false, false, 0},
  {VR::PN, "PN", VRKind::Text,      1, false, ' ',  true,  true,  64},
  {VR::SH, "SH", VRKind::Text,      1, false, ' ',  true,  true,  16},
  {VR::SL, "SL", VRKind::Integer,   4, false, '\0', true,  false, 4},
  {VR::SQ, "SQ", VRKind::Sequence,  1, true,  '\0', false, false, 0},
  {VR::SS, "SS", VRKind::Integer,   2, false, '\0', true,  false, 2},
  {VR::ST, "ST", VRKind::Text,      1, false, ' ',  false, true,  1024},
  {VR::SV, "SV", VRKind::Integer,   8, true,  '\0', true,  false, 8},
  {VR::TM, "TM", VRKind::Text,      1, false, ' ',  true,  false, 14},
  {VR::UC, "UC", VRKind::Text,      1, true,  ' ',  true,  true,  0},
  {VR::UI, "UI", VRKind::Text,      1, false, '\0', true,  false, 64},
  {VR::UL, "UL", VRKind::Unsigned,  4, false, '\0', true,  false, 4},
  {VR::UN, "UN", VRKind::Bytes,     1, true,  '\0', false, false, 0},
  {VR::UR, "UR", VRKind::Text,      1, true,  ' ',  false, false, 0},
  {VR::US, "US", VRKind::Unsigned,  2, false, '\0', true,  false, 2},
  {VR::UT, "UT", VRKind::Text,      1, true,  ' ',  false, true,  0},
  {VR::UV, "UV", VRKind::Unsigned,  8, true,  '\0', true,  false, 8},
}};
// clang-format on

[[nodiscard]] constexpr const VRInfo& info(VR vr) {
  return kVRTable[static_cast<std::size_t>(vr)];
}
[[nodiscard]] constexpr std::span<const VRInfo> vr_table() {
  return kVRTable;
}
[[nodiscard]] constexpr std::string_view to_string(VR vr) {
  return info(vr).name;
}

namespace detail {
inline constexpr std::uint8_t kNoVR = 0xFF;
/// 26 rows of 32 columns: the VR for each pair of capital letters. The parser asks for every
/// element.
inline constexpr auto kVRByLetters = [] {
  std::array<std::uint8_t, 26 * 32> table{};
  for (auto& cell : table) cell = kNoVR;
  for (const VRInfo& row : kVRTable) {
    table[static_cast<std::size_t>((row.name[0] - 'A') * 32 + (row.name[1] - 'A'))] =
        static_cast<std::uint8_t>(row.vr);
  }
  return table;
}();
}  // namespace detail

/// nullopt when the two letters name no VR of the standard.
[[nodiscard]] constexpr std::optional<VR> parse_vr(char first, char second) {
  const unsigned row = static_cast<unsigned char>(first) - static_cast<unsigned>('A');
  const unsigned column = static_cast<unsigned char>(second) - static_cast<unsigned>('A');
  if (row >= 26 || column >= 26) return std::nullopt;
  const std::uint8_t found = detail::kVRByLetters[row * 32 + column];
  if (found == detail::kNoVR) return std::nullopt;
  return static_cast<VR>(found);
}

}  // namespace pacs
