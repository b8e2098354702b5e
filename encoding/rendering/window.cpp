#include "encoding/rendering/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dicom_tags.h"
#include "encoding/frames/optional_values.h"

namespace pacs {
namespace {

Result<VoiFunction> read_function(const DataSet& data_set) {
  const std::string_view name = data_set.text(tags::VOILUTFunction, 0);
  if (name.empty() || name == "LINEAR") return VoiFunction::Linear;
  if (name == "LINEAR_EXACT") return VoiFunction::LinearExact;
  if (name == "SIGMOID") return VoiFunction::Sigmoid;
  return fail(
      Error{ErrorKind::Malformed, fmt::format("'{}' is not LINEAR, LINEAR_EXACT or SIGMOID", name)}
          .on(tags::VOILUTFunction));
}

}  // namespace

double Window::shade(double value) const {
  // §C.11.2.1.3.1, with an output from 0 to 1.
  if (function == VoiFunction::Sigmoid) return 1 / (1 + std::exp(-4 * (value - center) / width));
  // §C.11.2.1.2.1: "if (x <= c - 0.5 - (w-1) / 2), then y = ymin", the only case left at w = 1.
  if (!is_line()) return value <= line_center() ? 0 : 1;
  return std::clamp((value - line_center()) / line_width() + 0.5, 0.0, 1.0);
}

Result<> check(const Window& window) {
  const auto wrong = [](Tag tag, std::string message) {
    return fail(Error{ErrorKind::Malformed, std::move(message)}.on(tag));
  };
  if (!std::isfinite(window.center)) {
    return wrong(tags::WindowCenter, "the center of the window is not finite");
  }
  const bool linear = window.function == VoiFunction::Linear;
  if (std::isfinite(window.width) && (linear ? window.width >= 1 : window.width > 0)) return {};
  return wrong(tags::WindowWidth,
               fmt::format("a window {} wide; {}", window.width,
                           linear ? "LINEAR wants at least 1" : "it must be above 0"));
}

Window window_over(double lowest, double highest) {
  if (!(highest > lowest)) return {lowest + 0.5, 1, VoiFunction::LinearExact};
  // Halves, so that the widest range of doubles does not pass their highest.
  const double width = std::min(highest - lowest, std::numeric_limits<double>::max());
  return {lowest / 2 + highest / 2, width, VoiFunction::LinearExact};
}

Result<std::optional<Window>> read_window(const DataSet& data_set, std::size_t index,
                                          Departures& met) {
  PACS_TRY(const auto center, optional_number(data_set, tags::WindowCenter, index));
  PACS_TRY(const auto width, optional_number(data_set, tags::WindowWidth, index));
  if (!center || !width) return std::optional<Window>{};
  Window window{*center, *width};
  PACS_TRY(window.function, read_function(data_set));
  if (window.function == VoiFunction::Linear && window.width > 0 && window.width < 1) {
    window.function = VoiFunction::LinearExact;
    met.add(Departure::Display);
  }
  PACS_TRY(check(window));
  return std::optional<Window>{window};
}

}  // namespace pacs
