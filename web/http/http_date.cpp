#include "web/http/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/date_time.h"
#include "web/http/field_value.h"

namespace pacs::web {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::array<std::string_view, 7> kWeekDays{"Thu", "Fri", "Sat", "Sun",
                                                    "Mon", "Tue", "Wed"};  // 1970 began so
constexpr std::array<std::string_view, 12> kMonthNames{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc{} || stop != end || value < 0) return std::nullopt;
  return value;
}

/// Two digits are the year within fifty of now (RFC 9110 §5.6.7); the servers of 2076 will be
/// others.
int whole_year(int year, std::string_view digits) {
  if (digits.size() != 2) return year;
  return year < 76 ? 2000 + year : 1900 + year;
}

/// "08:49:37"
std::optional<std::int64_t> seconds_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2));
  const auto minute = number(text.substr(3, 2));
  const auto second = number(text.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

struct Words {
  std::string_view day, month, year, time;
};

std::optional<std::int64_t> seconds_of(const Words& words) {
  const auto month = std::ranges::find(kMonthNames, words.month);
  const auto day = number(words.day);
  const auto year = number(words.year);
  const auto time = seconds_of_day(words.time);
  if (month == kMonthNames.end() || !day || !year || !time) return std::nullopt;
  const auto month_number = static_cast<int>(month - kMonthNames.begin()) + 1;
  const auto date = Date::parse(
      fmt::format("{:04}{:02}{:02}", whole_year(*year, words.year), month_number, *day));
  if (!date) return std::nullopt;
  return date->days() * kDaySeconds + *time;
}

}  // namespace

std::string http_date(std::int64_t seconds) {
  const std::int64_t of_day = ((seconds % kDaySeconds) + kDaySeconds) % kDaySeconds;
  const std::int64_t days = (seconds - of_day) / kDaySeconds;
  const Date date = Date::from_days(static_cast<std::int32_t>(days));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kWeekDays[static_cast<std::size_t>(((days % 7) + 7) % 7)], date.day,
                     kMonthNames[date.month - 1U], date.year, of_day / 3600, of_day / 60 % 60,
                     of_day % 60);
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  FieldCursor cursor(text);
  std::array<std::string_view, 6> words;  // the name of the day aside
  (void)cursor.word(",");
  const bool has_comma = cursor.take(',');
  for (auto& word : words) {
    word = cursor.word("-");
    (void)cursor.take('-');
  }
  if (!cursor.at_end()) return std::nullopt;
  const auto& [a, b, c, d, e, f] = words;
  if (!has_comma) {  // asctime: month, day, time, year
    if (!e.empty()) return std::nullopt;
    return seconds_of({.day = b, .month = a, .year = d, .time = c});
  }
  if (e != "GMT" || !f.empty()) return std::nullopt;
  return seconds_of({.day = a, .month = b, .year = c, .time = d});
}

}  // namespace pacs::web
