#include "storage/query/date_match.h"

#include <limits>
#include <string>

#include "core/date_time.h"
#include "core/dicom_dictionary.h"

namespace pacs::storage {
namespace {

constexpr std::int64_t kMinute = 60'000'000;  // in microseconds
constexpr std::int64_t kDay = 24 * 60 * kMinute;

/// Both ends included, in microseconds (in days for dates).
struct Span {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] bool holds(std::int64_t at) const { return first <= at && at <= last; }
};

std::optional<Span> days_of(std::string_view key) {
  const auto range = parse_date_range(key);
  if (!range) return std::nullopt;
  Span span;
  if (range->first) span.first = range->first->days();
  if (range->last) span.last = range->last->days();
  return span;
}

std::optional<Span> times_of(std::string_view key) {
  const auto range = parse_time_range(key);
  if (!range) return std::nullopt;
  Span span;
  if (range->first) span.first = range->first->first_us();
  if (range->last) span.last = range->last->last_us();
  return span;
}

/// The attribute of the other VR whose keyword differs by one word only.
std::optional<Tag> sibling(Tag tag, VR vr, VR sibling_vr, std::string_view word,
                           std::string_view sibling_word) {
  const DictionaryEntry* entry = lookup(tag);
  if (entry == nullptr || entry->vr() != vr) return std::nullopt;
  std::string keyword{entry->keyword};
  const std::size_t at = keyword.rfind(word);
  if (at == std::string::npos) return std::nullopt;
  keyword.replace(at, word.size(), sibling_word);
  const DictionaryEntry* found = find_keyword(keyword);
  if (found == nullptr || found->vr() != sibling_vr) return std::nullopt;
  return found->tag;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(' ') == std::string_view::npos;
}

}  // namespace

bool date_in_range(std::string_view key, std::string_view value) {
  const auto span = days_of(key);
  const auto date = Date::parse(value);
  return span && date && span->holds(date->days());
}

bool time_in_range(std::string_view key, std::string_view value) {
  return time_in_range(key, value, 0);
}

bool date_time_in_range(std::string_view key, std::string_view value, int key_offset_minutes,
                        int value_offset_minutes) {
  const auto range = parse_date_time_range(key);
  const auto moment = DateTime::parse(value);
  if (!range || !moment) return false;
  Span span;
  if (range->first) span.first = range->first->first_us(key_offset_minutes);
  if (range->last) span.last = range->last->last_us(key_offset_minutes);
  return span.holds(moment->first_us(value_offset_minutes));
}

bool same_form_of_range(std::string_view date_key, std::string_view time_key) {
  const bool ranges = date_key.find('-') != date_key.npos && time_key.find('-') != time_key.npos;
  if (!ranges) return false;
  const auto dates = parse_date_range(date_key);
  const auto times = parse_time_range(time_key);
  return dates && times && dates->first.has_value() == times->first.has_value() &&
         dates->last.has_value() == times->last.has_value();
}

bool moment_in_range(std::string_view date_key, std::string_view time_key, std::string_view date,
                     std::string_view time, int shift_minutes) {
  const auto dates = parse_date_range(date_key);
  const auto times = parse_time_range(time_key);
  const auto day = Date::parse(date);
  if (!dates || !times || !day) return false;
  Span span;
  if (dates->first && times->first) {
    span.first = dates->first->days() * kDay + times->first->first_us();
  }
  if (dates->last && times->last) span.last = dates->last->days() * kDay + times->last->last_us();
  std::int64_t at = day->days() * kDay;
  if (!is_blank(time)) {
    const auto of_day = Time::parse(time);
    if (!of_day) return false;
    at += of_day->first_us() + shift_minutes * kMinute;
  }
  return span.holds(at);
}

bool date_in_range(std::string_view key, std::string_view date, std::string_view time,
                   int shift_minutes) {
  const auto of_day = Time::parse(time);
  if (shift_minutes == 0 || !of_day) return date_in_range(key, date);
  const auto span = days_of(key);
  const auto day = Date::parse(date);
  if (!span || !day) return false;
  const std::int64_t at = of_day->first_us() + shift_minutes * kMinute;
  const std::int64_t days_on = at < 0 ? -1 - (-at - 1) / kDay : at / kDay;
  return span->holds(day->days() + days_on);
}

bool time_in_range(std::string_view key, std::string_view time, int shift_minutes) {
  const auto span = times_of(key);
  const auto of_day = Time::parse(time);
  if (!span || !of_day) return false;
  if (shift_minutes == 0) return span->holds(of_day->first_us());
  // PS3.4 §C.2.2.2.5.2: "the definition of midnight [is] in the specified timezone".
  const std::int64_t at = (of_day->first_us() + shift_minutes * kMinute) % kDay;
  return span->holds(at < 0 ? at + kDay : at);
}

std::optional<int> parse_offset(std::string_view text) {
  // DT knows offsets already; any date does.
  const auto moment = DateTime::parse("2000" + std::string{text});
  if (!moment || !moment->offset_minutes || moment->precision != Precision::Year) {
    return std::nullopt;
  }
  return *moment->offset_minutes;
}

std::optional<Tag> time_of_date(Tag date) {
  return sibling(date, VR::DA, VR::TM, "Date", "Time");
}
std::optional<Tag> date_of_time(Tag time) {
  return sibling(time, VR::TM, VR::DA, "Time", "Date");
}

}  // namespace pacs::storage
