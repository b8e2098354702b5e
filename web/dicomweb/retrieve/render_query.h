// What the query of a rendered resource asks for (PS3.18 §8.3.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "encoding/rendering/render.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// Pixels of a picture at a side: those of a large screen, 64 MB at most.
inline constexpr std::uint32_t kPictureSideMax = 4096;

struct RenderQuery {
  std::optional<Window> window{};
  std::uint32_t width = 0, height = 0;  ///< of the viewport; 0: those of the image
  /// The part of the image that is shown, as it was asked for: where numbers are left out, the
  /// image's own count. Negative sizes show it mirrored.
  struct Source {
    double left = 0, top = 0;
    std::optional<double> width{}, height{};
  };
  std::optional<Source> source{};
  int quality = 90;  ///< of a JPEG
  bool annotation = false;
};

/// InvalidArgument, naming the parameter. Not done: PS3.18 §8.3.5.1.1 annotation, §8.3.5.1.2
/// iccprofile other than "no" (which is InvalidArgument too: no answer is better than colours that
/// are not what was asked for).
[[nodiscard]] Result<RenderQuery> read_render_query(const Fields& fields);

/// As the renderer takes it, for an image of this size.
[[nodiscard]] Result<RenderOptions> render_options(const RenderQuery& query, std::uint32_t columns,
                                                   std::uint32_t rows);

/// Numbers between commas; an empty one where there is nothing between. InvalidArgument names the
/// parameter.
[[nodiscard]] Result<std::vector<std::optional<double>>> read_numbers(std::string_view name,
                                                                      std::string_view text);

}  // namespace pacs::web
