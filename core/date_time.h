// Dates, times and date-times: the values of DA, TM and DT (PS3.5 Table 6.2-1), and the ranges of
// them that queries carry (PS3.4 §C.2.2.2.5).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace pacs {

struct Date {
  std::int16_t year = 1;  ///< 0 to 9999, proleptic Gregorian
  std::uint8_t month = 1;
  std::uint8_t day = 1;

  /// "19930822", or "1993.08.22" as ACR-NEMA wrote it (PS3.5 Table 6.2-1, DA, Note).
  [[nodiscard]] static Result<Date> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;  ///< "19930822"
  /// Days since 1970-01-01.
  [[nodiscard]] std::int32_t days() const;
  [[nodiscard]] static Date from_days(std::int32_t days);

  friend constexpr auto operator<=>(const Date&, const Date&) = default;
};

/// How much of a time or date-time is given; the rest is unknown, not zero.
enum class Precision : std::uint8_t { Year, Month, Day, Hour, Minute, Second, Fraction };

struct Time {
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;  ///< 60 in a leap second
  std::uint32_t microsecond = 0;
  Precision precision = Precision::Fraction;  ///< Hour to Fraction
  std::uint8_t fraction_digits = 6;           ///< 1 to 6 when precision is Fraction

  /// "070907.0705", "1010", "10", or "07:09:07.0705" as ACR-NEMA wrote it.
  [[nodiscard]] static Result<Time> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;  ///< with the precision it has
  /// Microseconds since midnight of the first and the last moment it may mean: "10" is 10:00:00 to
  /// 10:59:59.999999.
  [[nodiscard]] std::int64_t first_us() const;
  [[nodiscard]] std::int64_t last_us() const;

  friend constexpr bool operator==(const Time&, const Time&) = default;
};

struct DateTime {
  Date date;
  Time time;
  Precision precision = Precision::Fraction;   ///< Year to Fraction
  std::optional<std::int16_t> offset_minutes;  ///< of local time from UTC, when the value says so

  /// "20070310123000.123456-0500" and everything shorter down to the year.
  [[nodiscard]] static Result<DateTime> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  /// Microseconds since 1970-01-01 00:00 UTC of the first and the last moment it may mean; a value
  /// without offset is taken to be `default_offset_minutes` from UTC.
  [[nodiscard]] std::int64_t first_us(int default_offset_minutes = 0) const;
  [[nodiscard]] std::int64_t last_us(int default_offset_minutes = 0) const;

  friend constexpr bool operator==(const DateTime&, const DateTime&) = default;
};

/// From `first` to `last`, both included; an end that is not given is open. A single value is the
/// range from itself to itself.
template <typename T>
struct Range {
  std::optional<T> first;
  std::optional<T> last;
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

/// "19930101-19931231", "19930101-", "-19931231" or a single value.
[[nodiscard]] Result<Range<Date>> parse_date_range(std::string_view text);
[[nodiscard]] Result<Range<Time>> parse_time_range(std::string_view text);
/// A hyphen also begins an offset west of UTC: "20200101-0500" is one value, since -0500 is an
/// offset; "2010-2020" is a range, since no offset goes beyond -1200 (PS3.5 Table 6.2-1, DT).
[[nodiscard]] Result<Range<DateTime>> parse_date_time_range(std::string_view text);

}  // namespace pacs
