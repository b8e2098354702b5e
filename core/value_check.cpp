#include "core/value_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/age_string.h"
#include "core/date_time.h"
#include "core/number_string.h"
#include "core/text.h"
#include "core/uid_registry.h"

namespace pacs {
namespace {

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::Malformed, std::move(message));
}

Result<> check_length(std::string_view value, std::size_t length_max) {
  const std::size_t length = characters(value);
  if (length_max == 0 || length <= length_max) return {};
  return wrong(fmt::format("{} characters pass the {} allowed", length, length_max));
}

/// LO, SH, PN, UC: no control characters but ESC, which switches character sets.
Result<> check_line(std::string_view value) {
  if (std::ranges::any_of(value, [](char c) { return is_control(c) && c != 0x1B; })) {
    return wrong("a control character is in it");
  }
  return {};
}

/// LT, ST, UT: PS3.5 §6.1.3 allows TAB, LF, FF and CR besides.
Result<> check_paragraphs(std::string_view value) {
  const auto bad = [](char c) {
    return is_control(c) && std::string_view{"\t\n\f\r\x1B"}.find(c) == std::string_view::npos;
  };
  if (std::ranges::any_of(value, bad)) return wrong("a control character is in it");
  return {};
}

Result<> check_application_entity(std::string_view value) {
  // "A string of characters ... leading and trailing spaces being non-significant. A value
  // consisting solely of spaces shall not be used."
  if (value.find_first_not_of(' ') == value.npos) return wrong("an AE title is only spaces");
  if (std::ranges::any_of(
          value, [](char c) { return is_control(c) || static_cast<unsigned char>(c) > 0x7E; })) {
    return wrong("an AE title holds characters outside the default repertoire");
  }
  return {};
}

Result<> check_code(std::string_view value) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
  };
  if (std::ranges::all_of(value, fits)) return {};
  return wrong("a code string holds something else than A-Z, 0-9, space and underscore");
}

Result<> check_person_name(std::string_view value) {
  if (auto line = check_line(value); !line) return line;
  std::size_t groups = 0;
  for (std::size_t start = 0; start <= value.size(); ++groups) {
    const std::size_t end = std::min(value.find('=', start), value.size());
    const std::string_view group = value.substr(start, end - start);
    if (std::ranges::count(group, '^') > 4)
      return wrong("a person name has more than 5 components");
    if (characters(group) > 64) return wrong("a component group passes 64 characters");
    start = end + 1;
  }
  if (groups > 3) return wrong("a person name has more than 3 component groups");
  return {};
}

Result<> check_uri(std::string_view value) {
  if (value.starts_with(' ')) return wrong("a URI begins with a space");
  const auto bad = [](char c) {
    return is_control(c) || c == ' ' || static_cast<unsigned char>(c) > 0x7E ||
           std::string_view{"\"<>\\^`{|}"}.find(c) != std::string_view::npos;
  };
  if (std::ranges::any_of(value, bad)) return wrong("a URI holds a character it must escape");
  return {};
}

template <typename T>
Result<> only_status(Result<T> result) {
  PACS_TRY(std::move(result));
  return {};
}

Result<> check_one(VR vr, std::string_view value) {
  switch (vr) {
    case VR::AE:
      return check_application_entity(value);
    case VR::AS:
      return only_status(Age::parse(value));
    case VR::CS:
      return check_code(value);
    case VR::DA:
      if (value.find('.') != value.npos) return wrong("the date is in the form of ACR-NEMA");
      return only_status(Date::parse(value));
    case VR::DS:
      return only_status(parse_decimal_string(value));
    case VR::DT:
      return only_status(DateTime::parse(value));
    case VR::IS:
      return only_status(parse_integer_string(value));
    case VR::LO:
    case VR::SH:
    case VR::UC:
      return check_line(value);
    case VR::LT:
    case VR::ST:
    case VR::UT:
      return check_paragraphs(value);
    case VR::PN:
      return check_person_name(value);
    case VR::TM:
      if (value.find(':') != value.npos) return wrong("the time is in the form of ACR-NEMA");
      return only_status(Time::parse(value));
    case VR::UI:
      return check_uid(value);
    case VR::UR:
      return check_uri(value);
    default:
      return {};
  }
}

}  // namespace

Result<> check_value(VR vr, std::string_view text) {
  const VRInfo& row = info(vr);
  if (row.kind != VRKind::Text || text.empty()) return {};
  std::size_t number = 1;
  for (std::size_t start = 0; start <= text.size(); ++number) {
    const std::size_t end =
        row.multi_valued ? std::min(text.find('\\', start), text.size()) : text.size();
    const std::string_view value = text.substr(start, end - start);
    start = end + 1;
    if (value.empty()) continue;  // an empty value among others is allowed (PS3.5 §6.4)
    Result<> status = check_one(vr, value);
    // The 64 characters of a PN count for each component group, not for the value.
    if (status && vr != VR::PN) status = check_length(value, row.max_length);
    if (!status) {
      status.error().message =
          fmt::format("value {} of VR {}: {}", number, row.name, status.error().message);
      return status;
    }
  }
  return {};
}

Result<> check_single_value(VR vr, std::string_view text) {
  const VRInfo& row = info(vr);
  if (row.kind != VRKind::Text) return {};
  if (row.multi_valued && text.find('\\') != text.npos) {
    return wrong("has more than one value");
  }
  const bool lines = vr == VR::LT || vr == VR::ST || vr == VR::UT;
  const Result<> without_controls = lines ? check_paragraphs(text) : check_line(text);
  return without_controls ? Result<>{} : wrong("holds a control character");
}

tl::unexpected<Error> not_a(std::string_view what, std::string_view text) {
  return fail(ErrorKind::Malformed, fmt::format("'{}' is not {}", excerpt(text), what));
}

}  // namespace pacs
