#include "encoding/model/model_values.h"

#include <optional>
#include <type_traits>

#include "encoding/byte_order.h"

namespace pacs {
namespace {

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
  constexpr double kExact = 9007199254740992;  // 2^53: below it a double holds every whole number
  const auto real = parse_number<double>(text);
  if (!real || *real != std::trunc(*real) || std::fabs(*real) > kExact) return std::nullopt;
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
