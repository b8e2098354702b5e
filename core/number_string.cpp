#include "core/number_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/text.h"
#include "core/value_check.h"

namespace pacs {
namespace {

/// std::from_chars takes no plus sign, the standard does.
std::string_view without_plus(std::string_view text) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
  return plus ? text.substr(1) : text;
}

}  // namespace

Result<double> read_decimal(std::string_view text) {
  const std::string_view digits = without_plus(text);
  const char* last = digits.data() + digits.size();
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), last, number);
  if (error == std::errc::result_out_of_range && end == last) {
    return fail(ErrorKind::Malformed, fmt::format("'{}' is beyond any double", excerpt(text)));
  }
  if (error != std::errc{} || end != last || !std::isfinite(number)) {
    return not_a("a decimal number", text);
  }
  return number;
}

Result<std::int64_t> read_integer(std::string_view text) {
  const std::string_view digits = without_plus(text);
  const char* last = digits.data() + digits.size();
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(digits.data(), last, number);
  if (error == std::errc::result_out_of_range) {
    return fail(ErrorKind::Malformed, fmt::format("'{}' is beyond 64 bits", excerpt(text)));
  }
  if (error != std::errc{}) return not_a("an integer", text);
  if (end != last && *end == '.')
    end = std::find_if(end + 1, last, [](char c) { return c != '0'; });
  if (end != last) return not_a("an integer", text);
  return number;
}

Result<double> parse_decimal_string(std::string_view text) {
  if (text.size() > kDecimalStringBytesMax) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' passes the 16 bytes of a DS", excerpt(text)));
  }
  const std::string_view number = trimmed(text);
  // from_chars also reads "inf", "nan" and their spellings: letters other than E are no DS.
  if (number.find_first_not_of("0123456789+-Ee.") != number.npos) {
    return not_a("a decimal number", text);
  }
  return read_decimal(number);
}

Result<std::int32_t> parse_integer_string(std::string_view text) {
  if (text.size() > kIntegerStringBytesMax) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' passes the 12 bytes of an IS", excerpt(text)));
  }
  const std::string_view digits = trimmed(text);
  if (digits.find('.') != digits.npos) return not_a("an integer", text);
  PACS_TRY(const std::int64_t number, read_integer(digits));
  // PS3.5 Table 6.2-1: "-2^31 <= n <= (2^31-1)".
  if (number < std::numeric_limits<std::int32_t>::min() ||
      number > std::numeric_limits<std::int32_t>::max()) {
    return fail(ErrorKind::Malformed, fmt::format("{} is beyond 32 bits", number));
  }
  return static_cast<std::int32_t>(number);
}

std::string format_decimal_string(double number) {
  if (!std::isfinite(number)) return {};
  char buffer[64];
  const auto shortest = std::to_chars(std::begin(buffer), std::end(buffer), number);
  std::string text{std::begin(buffer), shortest.ptr};
  for (int digits = 16; text.size() > kDecimalStringBytesMax && digits > 0; --digits) {
    const auto rounded = std::to_chars(std::begin(buffer), std::end(buffer), number,
                                       std::chars_format::general, digits);
    text.assign(std::begin(buffer), rounded.ptr);
  }
  return text;
}

}  // namespace pacs
