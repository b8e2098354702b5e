#include "core/age_string.h"

#include <fmt/format.h>

#include <algorithm>

namespace pacs {

Result<Age> Age::parse(std::string_view text) {
  const bool shaped = text.size() == 4 && std::all_of(text.begin(), text.begin() + 3,
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!shaped || std::string_view{"DWMY"}.find(text[3]) == std::string_view::npos) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("an age of {} bytes is not three digits and D, W, M or Y", text.size()));
  }
  const int count = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  return Age{static_cast<std::uint16_t>(count), static_cast<Unit>(text[3])};
}

Result<Age> Age::between(Date birth, Date on) {
  if (on < birth) return fail(ErrorKind::InvalidArgument, "the day is before the birth");
  int months = (on.year - birth.year) * 12 + (on.month - birth.month);
  if (on.day < birth.day) --months;
  const std::int32_t days = on.days() - birth.days();
  const auto age = [](int number, Unit in) {
    return Age{static_cast<std::uint16_t>(std::min(number, 999)), in};
  };
  if (months >= 24) return age(months / 12, Unit::Years);
  if (months >= 2) return age(months, Unit::Months);
  if (days >= 14) return age(days / 7, Unit::Weeks);
  return age(days, Unit::Days);
}

std::string Age::to_string() const {
  return fmt::format("{:03}{}", std::min<int>(count, 999), static_cast<char>(unit));
}

}  // namespace pacs
