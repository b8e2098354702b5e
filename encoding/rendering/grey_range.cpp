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
  Number lowest = kHighest, highest = kLowest;
  const std::size_t count = pixels.size() / sizeof(Number);
  for (std::size_t i = 0; i < count; ++i) {
    const Number number = read(pixels.data() + i * sizeof(Number));
    if (number > greys_to || (number >= padding_lowest && number <= padding_highest)) continue;
    lowest = std::min(lowest, number);
    highest = std::max(highest, number);
  }
  ValueRange range;
  if (lowest <= highest) {
    range.take(static_cast<double>(lowest));
    range.take(static_cast<double>(highest));
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
