// Matching of dates, times and moments (PS3.4 §C.2.2.2.1.3 and §C.2.2.2.5): by their meaning, never
// as text.
//
// A key of less precision means the whole span: the TM key "2230" matches 22:30:00 to
// 22:30:59.999999, and "1000-1800" ends with 18:00:59.999999. A stored value of less precision
// counts as the first moment that it may mean. A value that its VR does not allow matches nothing.
#pragma once

#include <optional>
#include <string_view>

#include "core/tag.h"

namespace pacs::storage {

/// `key` is a value or a range; ends are included, a range from late to early holds nothing. Old
/// forms with dots and colons are read on both sides.
[[nodiscard]] bool date_in_range(std::string_view key, std::string_view value);
[[nodiscard]] bool time_in_range(std::string_view key, std::string_view value);
/// Without an offset of their own, key and value are `key_offset_minutes` and
/// `value_offset_minutes` from UTC.
[[nodiscard]] bool date_time_in_range(std::string_view key, std::string_view value,
                                      int key_offset_minutes = 0, int value_offset_minutes = 0);

/// Whether both are ranges that are open at the same ends. PS3.4 §C.2.2.2.5.4: only "a pair of
/// Attributes that are of VR DA and TM, both of which specify the same form of Range Matching" is
/// one range of moments.
[[nodiscard]] bool same_form_of_range(std::string_view date_key, std::string_view time_key);
/// A stored date and time in a range of dates and one of times read as one range of moments. A date
/// without a time counts as its midnight.
[[nodiscard]] bool moment_in_range(std::string_view date_key, std::string_view time_key,
                                   std::string_view date, std::string_view time,
                                   int shift_minutes = 0);

/// Matching in another zone: `shift_minutes` is what must be added to the stored local time to get
/// the time of the zone that the key is in. A date moves only when its time is known.
[[nodiscard]] bool date_in_range(std::string_view key, std::string_view date, std::string_view time,
                                 int shift_minutes);
[[nodiscard]] bool time_in_range(std::string_view key, std::string_view time, int shift_minutes);

/// "+0100" as Timezone Offset From UTC (0008,0201) has it, in minutes.
[[nodiscard]] std::optional<int> parse_offset(std::string_view text);

/// The TM attribute that belongs to a DA attribute, and the other way: Study Date and Study Time.
[[nodiscard]] std::optional<Tag> time_of_date(Tag date);
[[nodiscard]] std::optional<Tag> date_of_time(Tag time);

}  // namespace pacs::storage
