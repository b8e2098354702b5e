// The code sets of PS3.3 Tables C.12-2 to C.12-5, and ICU's converters for them: what decoding and
// encoding of text share. Everybody else uses encoding/character_sets/character_set.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pacs::code_sets {

/// How the bytes of a designated set become characters.
enum class Width : std::uint8_t {
  None,      // nothing is designated: no byte is text
  Ascii,     // 7 bits, as they are
  Romaji,    // JIS X 0201 Romaji: ASCII but for two characters
  Single,    // G1, one byte each, by the converter
  Katakana,  // JIS X 0201 Katakana in G1: U+FF61 and following
  PairG0,    // two 7-bit bytes each: the converter wants them with `high` set
  PairG1,    // two bytes each with the high bit, by the converter
  Utf8,
  Whole,  // a converter for the whole string
};

struct CodeSet {
  std::string_view term;    // what follows "ISO_IR " or "ISO 2022 IR ", or the whole term
  std::string_view escape;  // after ESC, designates it (PS3.3 Tables C.12-3 and C.12-4)
  bool in_g1;
  Width width;
  const char* converter;  // ICU's name
  std::uint8_t high;      // 0x80: the converter is of the EUC family
};

// PS3.3 Tables C.12-2 to C.12-5. Row 0 and 1 are referred to by kAscii and kNothing.
// clang-format off
inline constexpr std::array kCodeSets{
  CodeSet{"6",       "(B",  false, Width::Ascii,    nullptr,       0},
  CodeSet{"",        "",    true,  Width::None,     nullptr,       0},
  CodeSet{"100",     "-A",  true,  Width::Single,   "ISO-8859-1",  0},
  CodeSet{"101",     "-B",  true,  Width::Single,   "ISO-8859-2",  0},
  CodeSet{"109",     "-C",  true,  Width::Single,   "ISO-8859-3",  0},
  CodeSet{"110",     "-D",  true,  Width::Single,   "ISO-8859-4",  0},
  CodeSet{"144",     "-L",  true,  Width::Single,   "ISO-8859-5",  0},
  CodeSet{"127",     "-G",  true,  Width::Single,   "ISO-8859-6",  0},
  CodeSet{"126",     "-F",  true,  Width::Single,   "ISO-8859-7",  0},
  CodeSet{"138",     "-H",  true,  Width::Single,   "ISO-8859-8",  0},
  CodeSet{"148",     "-M",  true,  Width::Single,   "ISO-8859-9",  0},
  CodeSet{"203",     "-b",  true,  Width::Single,   "ISO-8859-15", 0},
  CodeSet{"166",     "-T",  true,  Width::Single,   "TIS-620",     0},
  CodeSet{"13",      ")I",  true,  Width::Katakana, nullptr,       0},
  CodeSet{"14",      "(J",  false, Width::Romaji,   nullptr,       0},
  CodeSet{"87",      "$B",  false, Width::PairG0,   "EUC-JP",      0x80},
  CodeSet{"159",     "$(D", false, Width::PairG0,   "jisx-212",    0},
  CodeSet{"149",     "$)C", true,  Width::PairG1,   "EUC-KR",      0},
  CodeSet{"58",      "$)A", true,  Width::PairG1,   "GB2312",      0},
  CodeSet{"192",     "",    true,  Width::Utf8,     nullptr,       0},
  CodeSet{"GB18030", "",    true,  Width::Whole,    "GB18030",     0},
  CodeSet{"GBK",     "",    true,  Width::Whole,    "GBK",         0},
  // Not in PS3.3: what Japanese devices write that name no character set.
  CodeSet{"SHIFT_JIS", "",  true,  Width::Whole,    "Shift_JIS",   0},
};
// clang-format on
inline constexpr std::uint8_t kAscii = 0;
inline constexpr std::uint8_t kNothing = 1;
static_assert(kCodeSets[kAscii].width == Width::Ascii && kCodeSets[kNothing].width == Width::None);

/// The row of what follows "ISO_IR " in a term; kCodeSets.size() when there is none.
constexpr std::uint8_t set_with_term(std::string_view term) {
  const auto found = std::ranges::find(kCodeSets, term, &CodeSet::term);
  return static_cast<std::uint8_t>(found - kCodeSets.begin());
}
inline constexpr std::uint8_t kRomaji = set_with_term("14");

/// A defined term as PS3.3 spells it, and its row.
struct Term {
  std::string spelt;
  std::uint8_t set;
  bool code_extension;  ///< escape sequences may bring other sets in
};
/// The term that is meant, whatever letters are small and whatever stands between its parts, also
/// under the name that the rest of the world has for the set ("UTF-8", "ISO-8859-1"). An empty one
/// is the default repertoire. nullopt when nothing is meant that we know.
[[nodiscard]] std::optional<Term> read_term(std::string_view term);

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append_utf8(std::string& to, char32_t letter);
/// Moves `at` behind the letter that begins there in UTF-8; nullopt for a broken sequence, which is
/// passed too.
[[nodiscard]] std::optional<char32_t> next_letter(std::string_view utf8, std::size_t& at);
/// UTF-8 as stored, each broken sequence replaced.
[[nodiscard]] std::string checked_utf8(std::string_view stored);
[[nodiscard]] bool is_plain_ascii(std::string_view text);  ///< escape characters are not plain

/// Appends what ICU makes of bytes in a set; what it cannot read becomes U+FFFD.
void append_decoded(std::string& to, std::string_view bytes, std::size_t set);
/// Appends text in a set, all of it or nothing.
[[nodiscard]] bool append_encoded(std::string& to, std::string_view utf8, std::size_t set);

}  // namespace pacs::code_sets
