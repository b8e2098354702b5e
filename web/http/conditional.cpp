#include "web/http/conditional.h"

#include <algorithm>
#include <ctime>

#include "web/http/field_value.h"
#include "web/http/http_date.h"

namespace pacs::web {
namespace {

enum class Comparison : std::uint8_t { Strong, Weak };

/// Whether a list of entity tags (RFC 9110 §8.8.3), or "*", names `etag`.
bool names_etag(std::string_view list, std::string_view etag, Comparison comparison) {
  if (list == "*") return true;
  if (etag.empty()) return false;
  while (!list.empty()) {
    const bool weak = list.starts_with("W/\"");
    const std::size_t open = weak ? 2 : 0;
    const std::size_t close = list.starts_with('"') || weak ? list.find('"', open + 1) : list.npos;
    if (close != list.npos) {
      const std::string_view tag = list.substr(open, close - open + 1);
      if (tag == etag && !(weak && comparison == Comparison::Strong)) return true;
      list.remove_prefix(close + 1);
    } else {  // a blank, a comma, or a mark of someone who left the quotes out
      list.remove_prefix(1);
    }
  }
  return false;
}

/// Whether the representation is younger than the date that a field gives; nullopt when it gives
/// none, or nothing is known of the representation.
std::optional<bool> younger_than(const std::optional<std::string>& field,
                                 const Validators& validators) {
  if (!field || !validators.last_modified_s) return std::nullopt;
  const auto date = parse_http_date(*field);
  if (!date) return std::nullopt;
  return *validators.last_modified_s > *date;
}

}  // namespace

Fields Validators::fields() const {
  Fields fields;
  if (!etag.empty()) fields.emplace_back("ETag", etag);
  if (last_modified_s) {
    const std::int64_t now_s = std::time(nullptr);
    fields.emplace_back("Last-Modified", http_date(std::min(*last_modified_s, now_s)));
  }
  return fields;
}

std::string strong_etag(std::string_view content) {
  return "\"" + std::string(content) + "\"";
}

Precondition check_preconditions(const Fields& headers, const Validators& validators) {
  if (const auto match = listed_field(headers, "If-Match")) {
    if (!names_etag(*match, validators.etag, Comparison::Strong)) return Precondition::Failed;
  } else if (younger_than(listed_field(headers, "If-Unmodified-Since"), validators) == true) {
    return Precondition::Failed;
  }
  if (const auto match = listed_field(headers, "If-None-Match")) {
    const bool has_it = names_etag(*match, validators.etag, Comparison::Weak);
    return has_it ? Precondition::NotModified : Precondition::Met;
  }
  const auto changed = younger_than(listed_field(headers, "If-Modified-Since"), validators);
  return changed == false ? Precondition::NotModified : Precondition::Met;
}

bool range_applies(const Fields& headers, const Validators& validators) {
  const auto field = listed_field(headers, "If-Range");
  if (!field) return true;
  // A weak entity tag never counts, and a date only when it is the very one.
  if (field->starts_with('"')) return !validators.etag.empty() && *field == validators.etag;
  return validators.last_modified_s && parse_http_date(*field) == validators.last_modified_s;
}

}  // namespace pacs::web
