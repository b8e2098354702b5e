// Value representations: PS3.5 Table 6.2-1 as one table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pacs {

/// In the order of PS3.5 Table 6.2-1.
enum class VR : std::uint8_t {
  AE, AS, AT, CS, DA, DS, DT, FL, FD, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH, SL, SQ, SS, ST,
  SV, TM, UC, UI, UL, UN, UR, US, UT, UV,
};
inline constexpr std::size_t kVRCount = 34;

/// How the bytes of a value are to be read.
enum class VRKind : std::uint8_t { Text, Integer, Unsigned, Float, Tag, Bytes, Sequence };

struct VRInfo {
  VR vr;
  std::string_view name;       ///< the two letters
  VRKind kind;
  std::uint8_t unit_bytes;     ///< size of one number, for byte order and value count; 1 for text
  bool long_form;              ///< 32-bit length behind two reserved bytes (PS3.5 §7.1.2)
  char padding;                ///< what makes an odd value even: ' ' or '\0' (PS3.5 §6.2)
  bool multi_valued;           ///< backslash separates values (text) or numbers may repeat
  bool charset_dependent;      ///< affected by Specific Character Set (PS3.5 §6.1.2.2)
  std::uint32_t max_length;    ///< of one value: characters for text, bytes else; 0 = no limit
};

[[nodiscard]] const VRInfo& info(VR vr);
[[nodiscard]] std::span<const VRInfo> vr_table();
/// nullopt when the two letters name no VR of the standard.
[[nodiscard]] std::optional<VR> parse_vr(char first, char second);
[[nodiscard]] inline std::string_view to_string(VR vr) { return info(vr).name; }

}  // namespace pacs
