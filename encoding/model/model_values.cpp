#include "encoding/model/model_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "encoding/byte_order.h"

namespace pacs {
namespace {

// Below it a double holds every whole number: one beyond it does not survive readers that use
// doubles. PS3.18 Table F.2.3-1 allows SV and UV as strings.
constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;

template <typename Float>
bool append_float(std::string& to, Float number) {
  if (!std::isfinite(number)) {
    to += std::isnan(number) ? "NaN" : number > 0 ? "inf" : "-inf";
    return false;
  }
  if (number == 0 && std::signbit(number)) {
    to += "-0.0";  // "-0" is an integer to many readers, which has no sign
    return true;
  }
  std::array<char, 32> digits{};
  to.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  return true;
}

template <typename Integer>
bool append_whole(std::string& to, Integer number) {
  fmt::format_to(std::back_inserter(to), "{}", number);
  return std::cmp_less_equal(number, kExactInDouble) &&
         std::cmp_greater_equal(number, -kExactInDouble);
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A whole number that is written as another, like 12.0 or 1e3.
template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  const auto real = parse_number<double>(text);
  if (!real || *real != std::trunc(*real) || std::fabs(*real) > kExactInDouble) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(*real);
  const auto number = static_cast<Number>(whole);
  const bool fits = std::is_signed_v<Number>
                        ? static_cast<std::int64_t>(number) == whole
                        : whole >= 0 && static_cast<std::int64_t>(number) == whole;
  return fits ? std::optional{number} : std::nullopt;
}

template <typename Number>
bool append_parsed(Bytes& to, std::string_view text) {
  auto number = parse_number<Number>(text);
  if constexpr (std::is_integral_v<Number>) {
    if (!number) number = parse_whole<Number>(text);
  }
  if (number) append(to, *number, ByteOrder::Little);
  return number.has_value();
}

bool append_tag(Bytes& to, std::string_view text) {
  const auto tag = text.size() == 8 ? Tag::parse(text) : std::nullopt;
  if (!tag) return false;
  append(to, tag->group(), ByteOrder::Little);
  append(to, tag->element(), ByteOrder::Little);
  return true;
}

}  // namespace

bool append_digits(std::string& to, const Element& element, std::size_t index) {
  const std::byte* at = element.value().data() + index * info(element.vr()).unit_bytes;
  switch (element.vr()) {
    case VR::FL:
      return append_float(to, load<float>(at, element.byte_order()));
    case VR::FD:
      return append_float(to, load<double>(at, element.byte_order()));
    case VR::UV:
      return append_whole(to, load<std::uint64_t>(at, element.byte_order()));
    case VR::AT:
      fmt::format_to(std::back_inserter(to), "{:08X}", element.integer(index).value_or(0));
      return false;
    default:
      return append_whole(to, element.integer(index).value_or(0));
  }
}

void append_shortest(std::string& to, double number) {
  append_float(to, number);
}

bool append_from_text(Bytes& to, VR vr, std::string_view text) {
  switch (vr) {
    case VR::FL:
      return append_parsed<float>(to, text);
    case VR::FD:
      return append_parsed<double>(to, text);
    case VR::US:
      return append_parsed<std::uint16_t>(to, text);
    case VR::SS:
      return append_parsed<std::int16_t>(to, text);
    case VR::UL:
      return append_parsed<std::uint32_t>(to, text);
    case VR::SL:
      return append_parsed<std::int32_t>(to, text);
    case VR::UV:
      return append_parsed<std::uint64_t>(to, text);
    case VR::SV:
      return append_parsed<std::int64_t>(to, text);
    case VR::AT:
      return append_tag(to, text);
    default:
      return false;
  }
}

Bytes bytes_for_model(const Element& element) {
  Bytes bytes;
  const auto add_item = [&bytes](ByteView fragment) {
    append(bytes, kItem.group(), ByteOrder::Little);
    append(bytes, kItem.element(), ByteOrder::Little);
    append(bytes, static_cast<std::uint32_t>(fragment.size()), ByteOrder::Little);
    append(bytes, fragment);
  };
  if (const Fragments* fragments = element.fragments()) {
    add_item(fragments->basic_offset_table);
    for (const ByteView fragment : fragments->fragments) add_item(fragment);
    return bytes;
  }
  append(bytes, element.value());
  if (element.byte_order() == ByteOrder::Big) swap_units(bytes, info(element.vr()).unit_bytes);
  return bytes;
}

}  // namespace pacs
