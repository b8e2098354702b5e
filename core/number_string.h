// Decimal and integer strings: the values of DS and IS (PS3.5 Table 6.2-1), whatever the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace pacs {

inline constexpr std::size_t kDecimalStringBytesMax = 16;  // PS3.5 Table 6.2-1, padding included
inline constexpr std::size_t kIntegerStringBytesMax = 12;

/// One DS value to the letter: at most 16 bytes of digits, sign, point and exponent, spaces around.
[[nodiscard]] Result<double> parse_decimal_string(std::string_view text);
/// One IS value to the letter: at most 12 bytes, from -2^31 to 2^31-1.
[[nodiscard]] Result<std::int32_t> parse_integer_string(std::string_view text);

/// As real objects write them: of any length, integers beyond 32 bits and as "12.0". Surrounding
/// spaces must be gone.
[[nodiscard]] Result<double> read_decimal(std::string_view text);
[[nodiscard]] Result<std::int64_t> read_integer(std::string_view text);

/// The shortest DS that gives the number back; when none does so in 16 bytes, the nearest one.
/// Empty for infinities and NaN, which DS cannot say.
[[nodiscard]] std::string format_decimal_string(double number);

}  // namespace pacs
