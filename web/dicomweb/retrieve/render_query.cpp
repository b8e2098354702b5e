#include "web/dicomweb/retrieve/render_query.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/text.h"

namespace pacs::web {
namespace {

tl::unexpected<Error> not_understood(std::string_view name, std::string_view text,
                                     std::string_view rule) {
  return bad_request(fmt::format("{}: \"{}\" is not understood: {}", name, excerpt(text), rule));
}

Result<VoiFunction> read_function(std::string_view name) {
  std::string lower(trimmed(name));
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "linear") return VoiFunction::Linear;
  if (lower == "linear-exact" || lower == "linear_exact") return VoiFunction::LinearExact;
  if (lower == "sigmoid") return VoiFunction::Sigmoid;
  return not_understood("window", name, "the function is linear, linear-exact or sigmoid");
}

/// §8.3.5.1.4: "center,width,function".
Result<Window> read_window_parameter(std::string_view text) {
  constexpr std::string_view kRule = "it is center,width,function: 40,400,linear say";
  const std::size_t second = text.find(',');
  const std::size_t third = second == text.npos ? text.npos : text.find(',', second + 1);
  PACS_TRY(const auto numbers, read_numbers("window", text.substr(0, third)));
  if (numbers.size() != 2 || !numbers[0] || !numbers[1]) {
    return not_understood("window", text, kRule);
  }
  Window window{*numbers[0], *numbers[1]};
  if (third != text.npos) {
    PACS_TRY(window.function, read_function(text.substr(third + 1)));
  }
  if (Result<> checked = check(window); !checked) {
    return not_understood("window", text, checked.error().message);
  }
  return window;
}

/// §8.3.5.1.3: "vw,vh" or "vw,vh,sx,sy,sw,sh".
Result<> read_viewport(std::string_view text, RenderQuery& query) {
  constexpr std::string_view kRule =
      "it is vw,vh or vw,vh,sx,sy,sw,sh: 512,512 say, at most 4096 at a side";
  PACS_TRY(const auto numbers, read_numbers("viewport", text));
  const auto is_side = [](const std::optional<double>& side) {
    return side && *side >= 1 && *side <= kPictureSideMax && *side == std::floor(*side);
  };
  if ((numbers.size() != 2 && numbers.size() != 6) || !is_side(numbers[0]) ||
      !is_side(numbers[1])) {
    return not_understood("viewport", text, kRule);
  }
  query.width = static_cast<std::uint32_t>(*numbers[0]);
  query.height = static_cast<std::uint32_t>(*numbers[1]);
  if (numbers.size() == 6) {
    query.source =
        RenderQuery::Source{numbers[2].value_or(0), numbers[3].value_or(0), numbers[4], numbers[5]};
  }
  return {};
}

Result<int> read_quality(std::string_view text) {
  PACS_TRY(const auto numbers, read_numbers("quality", text));
  if (numbers.size() == 1 && numbers[0] && *numbers[0] >= 1 && *numbers[0] <= 100) {
    return static_cast<int>(*numbers[0]);
  }
  return not_understood("quality", text, "it is a number from 1 to 100");
}

/// One side of the region: whole pixels that hold what was asked for.
struct Side {
  std::uint32_t first, count;
  bool turned;
};
Result<Side> side_of(double first, std::optional<double> length, std::uint32_t all) {
  const double whole = length.value_or(all - first);
  const double from = std::floor(first), to = std::ceil(first + std::abs(whole));
  if (!(first >= 0) || whole == 0 || !(to <= all)) {
    return bad_request("viewport: the region does not lie within the image");
  }
  return Side{static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from), whole < 0};
}

}  // namespace

Result<std::vector<std::optional<double>>> read_numbers(std::string_view name,
                                                        std::string_view text) {
  std::vector<std::optional<double>> numbers;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view one = trimmed(text.substr(0, comma));
    double number = 0;
    const auto [end, code] = std::from_chars(one.data(), one.data() + one.size(), number);
    const bool whole = code == std::errc{} && end == one.data() + one.size();
    if (!one.empty() && (!whole || !std::isfinite(number))) {
      return not_understood(name, one, "it has numbers between commas");
    }
    numbers.push_back(one.empty() ? std::nullopt : std::optional(number));
    if (comma == text.npos || numbers.size() > 6) return numbers;
    text.remove_prefix(comma + 1);
  }
}

Result<RenderQuery> read_render_query(const Fields& fields) {
  RenderQuery query;
  for (const auto& [name, value] : fields) {
    if (name == "window") {
      PACS_TRY(query.window, read_window_parameter(value));
    } else if (name == "viewport") {
      PACS_TRY(read_viewport(value, query));
    } else if (name == "quality") {
      PACS_TRY(query.quality, read_quality(value));
    } else if (name == "annotation") {
      query.annotation = true;
    } else if (name == "iccprofile" && value != "no") {
      return not_understood(name, value, "only \"no\" is given: pictures carry no ICC profile");
    }
  }
  return query;
}

Result<RenderOptions> render_options(const RenderQuery& query, std::uint32_t columns,
                                     std::uint32_t rows) {
  RenderOptions options;
  options.window = query.window;
  options.width_max = query.width;
  options.height_max = query.height;
  if (!query.source) return options;
  PACS_TRY(const Side across, side_of(query.source->left, query.source->width, columns));
  PACS_TRY(const Side down, side_of(query.source->top, query.source->height, rows));
  options.region =
      ImageRegion{across.first, down.first, across.count, down.count, across.turned, down.turned};
  return options;
}

}  // namespace pacs::web
