#include "core/date_time.h"

#include <fmt/format.h>

#include "core/text.h"
#include "core/value_check.h"

namespace pacs {
namespace {

constexpr std::int64_t kSecond = 1'000'000;  // in microseconds
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

/// Takes `digits` digits off the front when that many are there.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// ".123456" at the front: one to six digits.
bool take_fraction(std::string_view& text, Time& time) {
  if (!take(text, '.')) return true;
  std::uint32_t scale = 100'000;
  std::uint8_t digits = 0;
  while (digits < 6) {
    const auto digit = take_number(text, 1);
    if (!digit) break;
    time.microsecond += static_cast<std::uint32_t>(*digit) * scale;
    scale /= 10;
    ++digits;
  }
  time.fraction_digits = digits;
  time.precision = Precision::Fraction;
  return digits > 0;
}

/// HH[MM[SS[.F]]] at the front of `text`, with colons between when `colons`.
bool take_time(std::string_view& text, Time& time, bool colons) {
  time.precision = Precision::Hour;
  time.fraction_digits = 0;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23) return false;
  time.hour = static_cast<std::uint8_t>(*hour);
  const auto more = [&] {
    return colons ? take(text, ':') : !text.empty() && text.front() >= '0' && text.front() <= '9';
  };
  if (!more()) return true;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return false;
  time.minute = static_cast<std::uint8_t>(*minute);
  time.precision = Precision::Minute;
  if (!more()) return true;
  const auto second = take_number(text, 2);
  // PS3.5 Table 6.2-1: "The SS component may have a value of 60 only for a leap second."
  if (!second || *second > 60) return false;
  time.second = static_cast<std::uint8_t>(*second);
  time.precision = Precision::Second;
  return take_fraction(text, time);
}

}  // namespace

Result<Date> Date::parse(std::string_view text) {
  std::string_view rest = trimmed(text);
  const auto year = take_number(rest, 4);
  const bool dots = take(rest, '.');
  const auto month = take_number(rest, 2);
  const bool second_dot = take(rest, '.');
  const auto day = take_number(rest, 2);
  if (!year || !month || !day || dots != second_dot || !rest.empty() || *month < 1 || *month > 12 ||
      *day < 1 || *day > days_in_month(*year, *month)) {
    return not_a("a date", text);
  }
  return Date{static_cast<std::int16_t>(*year), static_cast<std::uint8_t>(*month),
              static_cast<std::uint8_t>(*day)};
}

std::string Date::to_string() const {
  return fmt::format("{:04}{:02}{:02}", year, month, day);
}

// Howard Hinnant's days_from_civil and civil_from_days, over eras of 400 years from 1 March 0000.
std::int32_t Date::days() const {
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

Date Date::from_days(std::int32_t days) {
  const int shifted = days + 719468;
  const int era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int day_of_era = shifted - era * 146097;
  const int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return Date{static_cast<std::int16_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
              static_cast<std::uint8_t>(month),
              static_cast<std::uint8_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

Result<Time> Time::parse(std::string_view text) {
  std::string_view rest = trimmed(text);
  Time time;
  time.microsecond = 0;
  const bool colons = rest.size() > 2 && rest[2] == ':';
  if (!take_time(rest, time, colons) || !rest.empty()) return not_a("a time", text);
  return time;
}

std::string Time::to_string() const {
  std::string text = fmt::format("{:02}", hour);
  if (precision >= Precision::Minute) text += fmt::format("{:02}", minute);
  if (precision >= Precision::Second) text += fmt::format("{:02}", second);
  if (precision == Precision::Fraction) {
    text.append(".").append(fmt::format("{:06}", microsecond).substr(0, fraction_digits));
  }
  return text;
}

std::int64_t Time::first_us() const {
  return hour * kHour + minute * kMinute + second * kSecond + microsecond;
}

std::int64_t Time::last_us() const {
  std::int64_t span = 1;
  switch (precision) {
    case Precision::Hour:
      span = kHour;
      break;
    case Precision::Minute:
      span = kMinute;
      break;
    case Precision::Second:
      span = kSecond;
      break;
    default:
      for (int digits = fraction_digits; digits < 6; ++digits) span *= 10;
      break;
  }
  return first_us() + span - 1;
}

Result<DateTime> DateTime::parse(std::string_view text) {
  // YYYYMMDDHHMMSS.FFFFFF&ZZXX: each component may be left out from the right, the offset not.
  std::string_view rest = trimmed(text);
  const auto bad = [&] { return not_a("a date and time", text); };
  DateTime value;
  value.time.microsecond = 0;
  value.time.precision = Precision::Hour;
  value.time.fraction_digits = 0;
  const auto more = [&] { return !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; };

  const auto year = take_number(rest, 4);
  if (!year) return bad();
  value.date.year = static_cast<std::int16_t>(*year);
  value.precision = Precision::Year;
  if (more()) {
    const auto month = take_number(rest, 2);
    if (!month || *month < 1 || *month > 12) return bad();
    value.date.month = static_cast<std::uint8_t>(*month);
    value.precision = Precision::Month;
  }
  if (more()) {
    const auto day = take_number(rest, 2);
    if (!day || *day < 1 || *day > days_in_month(*year, value.date.month)) return bad();
    value.date.day = static_cast<std::uint8_t>(*day);
    value.precision = Precision::Day;
  }
  if (more()) {
    if (!take_time(rest, value.time, false)) return bad();
    value.precision = value.time.precision;
  }
  if (!rest.empty()) {
    const bool west = rest.front() == '-';
    if (!west && rest.front() != '+') return bad();
    rest.remove_prefix(1);
    const auto hours = take_number(rest, 2);
    const auto minutes = take_number(rest, 2);
    if (!hours || !minutes || *minutes > 59 || !rest.empty()) return bad();
    const int offset = (west ? -1 : 1) * (*hours * 60 + *minutes);
    // PS3.5 Table 6.2-1: "-1200 to +1400", and "-0000 shall not be used".
    if (offset < -12 * 60 || offset > 14 * 60 || (west && offset == 0)) return bad();
    value.offset_minutes = static_cast<std::int16_t>(offset);
  }
  return value;
}

std::string DateTime::to_string() const {
  std::string text = fmt::format("{:04}", date.year);
  if (precision >= Precision::Month) text += fmt::format("{:02}", date.month);
  if (precision >= Precision::Day) text += fmt::format("{:02}", date.day);
  if (precision >= Precision::Hour) text += time.to_string();
  if (offset_minutes) {
    const int minutes = *offset_minutes < 0 ? -*offset_minutes : *offset_minutes;
    text +=
        fmt::format("{}{:02}{:02}", *offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
  }
  return text;
}

std::int64_t DateTime::first_us(int default_offset_minutes) const {
  const std::int64_t local =
      date.days() * kDay + (precision >= Precision::Hour ? time.first_us() : 0);
  return local -
         offset_minutes.value_or(static_cast<std::int16_t>(default_offset_minutes)) * kMinute;
}

std::int64_t DateTime::last_us(int default_offset_minutes) const {
  if (precision >= Precision::Hour) {
    return first_us(default_offset_minutes) + time.last_us() - time.first_us();
  }
  int days = 1;
  if (precision == Precision::Month) days = days_in_month(date.year, date.month);
  if (precision == Precision::Year) days = 337 + days_in_month(date.year, 2);
  return first_us(default_offset_minutes) + days * kDay - 1;
}

namespace {

template <typename T>
Result<Range<T>> parse_range(std::string_view text) {
  const std::string_view all = trimmed(text);
  const std::size_t hyphen = all.find('-');
  const std::string_view before = trimmed(all.substr(0, hyphen));
  Range<T> range;
  if (!before.empty()) {
    PACS_TRY(range.first, T::parse(before));
  }
  if (hyphen == all.npos) {
    if (before.empty()) return not_a("a value or range", text);
    range.last = range.first;
    return range;
  }
  const std::string_view after = trimmed(all.substr(hyphen + 1));
  if (before.empty() && after.empty()) return not_a("a range", text);
  if (!after.empty()) {
    PACS_TRY(range.last, T::parse(after));
  }
  return range;
}

}  // namespace

Result<Range<Date>> parse_date_range(std::string_view text) {
  return parse_range<Date>(text);
}
Result<Range<Time>> parse_time_range(std::string_view text) {
  return parse_range<Time>(text);
}

Result<Range<DateTime>> parse_date_time_range(std::string_view text) {
  const std::string_view all = trimmed(text);
  if (auto single = DateTime::parse(all)) return Range<DateTime>{*single, *single};
  // Any hyphen may be the one between: take the first that leaves a value or nothing on each side.
  for (std::size_t at = all.find('-'); at != all.npos; at = all.find('-', at + 1)) {
    const std::string_view before = trimmed(all.substr(0, at));
    const std::string_view after = trimmed(all.substr(at + 1));
    if (before.empty() && after.empty()) continue;
    Range<DateTime> range;
    if (auto first = DateTime::parse(before)) range.first = *first;
    if (auto last = DateTime::parse(after)) range.last = *last;
    if (range.first.has_value() == !before.empty() && range.last.has_value() == !after.empty()) {
      return range;
    }
  }
  return not_a("a date and time or a range", text);
}

}  // namespace pacs
