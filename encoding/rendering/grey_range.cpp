// The window that a frame has where nothing states one.
#include <algorithm>
#include <cmath>
#include <limits>

#include "encoding/frames/cells.h"
#include "encoding/rendering/grey.h"

namespace pacs {
namespace {

struct ValueRange {
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -std::numeric_limits<double>::infinity();

  void take(double value) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
};

/// Limits in the pixels' own type, which is compared faster than doubles; these hold all numbers of
/// up to 32 bits.
template <typename Number>
Number nearest_number(double value) {
  const auto lowest = static_cast<double>(std::numeric_limits<Number>::min());
  const auto highest = static_cast<double>(std::numeric_limits<Number>::max());
  return static_cast<Number>(std::clamp(value, lowest, highest));
}

/// Signed numbers of the same width in the same order: what the usual processors compare at once.
template <typename Number>
auto as_signed(Number number) {
  using Signed = std::make_signed_t<Number>;
  constexpr auto kFlip = static_cast<Number>(std::numeric_limits<Signed>::min());
  return static_cast<Signed>(std::is_signed_v<Number> ? number
                                                      : static_cast<Number>(number ^ kFlip));
}
template <typename Number>
Number from_signed(std::make_signed_t<Number> number) {
  return static_cast<Number>(as_signed(static_cast<Number>(number)));
}

template <typename Number>
struct NumberRange {
  Number lowest, highest;
};

/// Of all numbers, lowest above highest for none. Written without choices, so that compilers
/// compare several at once.
template <typename Reader, typename Number = typename Reader::Number>
NumberRange<Number> range_of_all(Reader read, ByteView pixels) {
  Number lowest = std::numeric_limits<Number>::max(), highest = std::numeric_limits<Number>::min();
  for (std::size_t i = 0; i < pixels.size() / sizeof(Number); ++i) {
    const Number number = read(pixels.data() + i * sizeof(Number));
    lowest = std::min(lowest, number);
    highest = std::max(highest, number);
  }
  return {lowest, highest};
}

/// The same without padding and what is above `greys_to`.
template <typename Reader, typename Number = typename Reader::Number>
NumberRange<Number> range_without(Reader read, ByteView pixels, NumberRange<Number> padding,
                                  Number greys_to) {
  using Signed = std::make_signed_t<Number>;
  constexpr Signed kLowest = std::numeric_limits<Signed>::min();
  constexpr Signed kHighest = std::numeric_limits<Signed>::max();
  const Signed from = as_signed(padding.lowest), to = as_signed(padding.highest);
  const Signed last = as_signed(greys_to);
  const auto mask = [](bool holds) { return static_cast<Signed>(-static_cast<Signed>(holds)); };
  Signed lowest = kHighest, highest = kLowest;
  for (std::size_t i = 0; i < pixels.size() / sizeof(Number); ++i) {
    const Signed number = as_signed(read(pixels.data() + i * sizeof(Number)));
    const auto is_padding = static_cast<Signed>(mask(number >= from) & mask(number <= to));
    const auto is_out = static_cast<Signed>(mask(number > last) | is_padding);
    lowest = std::min(lowest, static_cast<Signed>((number & ~is_out) | (kHighest & is_out)));
    highest = std::max(highest, static_cast<Signed>((number & ~is_out) | (kLowest & is_out)));
  }
  return {from_signed<Number>(lowest), from_signed<Number>(highest)};
}

template <typename Reader>
ValueRange range_of_integers(Reader read, ByteView pixels, const Excluded& excluded) {
  using Number = typename Reader::Number;
  constexpr Number kLowest = std::numeric_limits<Number>::min();
  constexpr Number kHighest = std::numeric_limits<Number>::max();
  // Padding that no pixel of this type can be excludes none.
  const bool has_padding = excluded.padding_lowest <= excluded.padding_highest &&
                           excluded.padding_lowest <= static_cast<double>(kHighest) &&
                           excluded.padding_highest >= static_cast<double>(kLowest);
  const Number padding_lowest =
      has_padding ? nearest_number<Number>(std::ceil(excluded.padding_lowest)) : kHighest;
  const Number padding_highest =
      has_padding ? nearest_number<Number>(std::floor(excluded.padding_highest)) : kLowest;
  const bool has_colours = excluded.colours_from <= static_cast<double>(kHighest);
  const Number greys_to =
      has_colours ? static_cast<Number>(nearest_number<Number>(excluded.colours_from - 1))
                  : kHighest;
  const auto found = has_padding || has_colours
                         ? range_without(read, pixels, {padding_lowest, padding_highest}, greys_to)
                         : range_of_all(read, pixels);
  ValueRange range;
  if (found.lowest <= found.highest) {
    range.take(static_cast<double>(found.lowest));
    range.take(static_cast<double>(found.highest));
  }
  return range;
}

/// Of values in general: floating point, and what a modality's table makes of any pixel.
template <typename Reader>
ValueRange range_of_values(const GreyTransform& transform, Reader read, ByteView pixels,
                           const Excluded& excluded) {
  ValueRange range;
  constexpr std::size_t kCell = sizeof(typename Reader::Number);
  for (std::size_t i = 0; i < pixels.size() / kCell; ++i) {
    const auto stored = static_cast<double>(read(pixels.data() + i * kCell));
    if (std::isfinite(stored) && !excluded.contains(stored)) range.take(transform.value(stored));
  }
  return range;
}

}  // namespace

Window window_of_frame(const GreyTransform& transform, const FramePixels& what,
                       PixelFormat::Kind kind, ByteView pixels, const Excluded& excluded) {
  ValueRange values;
  if (what.format.bits_allocated == 1) {
    values.take(transform.value(0));
    values.take(transform.value(1));
  }
  with_reader(what, kind, [&](auto read) {
    using Number = typename decltype(read)::Number;
    if constexpr (std::is_integral_v<Number> && sizeof(Number) <= 4) {
      if (!transform.modality) {
        const ValueRange stored = range_of_integers(read, pixels, excluded);
        if (stored.lowest > stored.highest) return;
        values.take(transform.value(stored.lowest));
        values.take(transform.value(stored.highest));
        return;
      }
    }
    values = range_of_values(transform, read, pixels, excluded);
  });
  // Nothing but padding is black.
  return values.lowest <= values.highest ? window_over(values.lowest, values.highest)
                                         : window_over(0, 0);
}

}  // namespace pacs
