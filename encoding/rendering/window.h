// Window: which part of the values is spread over all shades, and how (PS3.3 §C.11.2.1.2,
// §C.11.2.1.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/result.h"
#include "encoding/scan/departure.h"

namespace pacs {

class DataSet;

enum class VoiFunction : std::uint8_t { Linear, LinearExact, Sigmoid };

struct Window {
  double center = 0;
  double width = 1;
  VoiFunction function = VoiFunction::Linear;

  /// Of a value that is center - width / 2 or below 0, of one above that range 1 (in terms of the
  /// function); for the sigmoid it only comes near.
  [[nodiscard]] double shade(double value) const;
  /// `shade` is (value - line_center) / line_width + 0.5 within 0 and 1; not of the sigmoid, and
  /// not of the linear function with a width of 1, which is a step.
  [[nodiscard]] bool is_line() const {
    return function == VoiFunction::LinearExact || (function == VoiFunction::Linear && width > 1);
  }
  [[nodiscard]] double line_center() const {
    return function == VoiFunction::Linear ? center - 0.5 : center;
  }
  [[nodiscard]] double line_width() const {
    return function == VoiFunction::Linear ? width - 1 : width;
  }
};

/// Malformed, naming Window Width, for one that the function cannot have: below 1 for LINEAR, not
/// above 0 for the others.
[[nodiscard]] Result<> check(const Window& window);
/// The window that spreads just these values.
[[nodiscard]] Window window_over(double lowest, double highest);
/// The index-th window, its function LINEAR where none is said, LINEAR_EXACT for one narrower than
/// LINEAR allows (Departure::Display). Nothing where the data set has none, or a center without a
/// width.
[[nodiscard]] Result<std::optional<Window>> read_window(const DataSet& data_set, std::size_t index,
                                                        Departures& met);

}  // namespace pacs
