// Ages: the values of AS (PS3.5 Table 6.2-1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/date_time.h"
#include "core/result.h"

namespace pacs {

struct Age {
  enum class Unit : char { Days = 'D', Weeks = 'W', Months = 'M', Years = 'Y' };

  std::uint16_t count = 0;  ///< 0 to 999
  Unit unit = Unit::Years;

  /// "018M": three digits and one of D, W, M, Y.
  [[nodiscard]] static Result<Age> parse(std::string_view text);
  /// The age of somebody born on `birth` on the day `on`, in the largest unit that says 2 or more
  /// (years from two years, months from two months...). InvalidArgument when `on` is earlier.
  [[nodiscard]] static Result<Age> between(Date birth, Date on);
  [[nodiscard]] std::string to_string() const;

  friend constexpr bool operator==(const Age&, const Age&) = default;
};

}  // namespace pacs
