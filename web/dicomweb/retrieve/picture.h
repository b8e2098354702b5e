// A frame as a picture for people (PS3.18 §10.4.1.1.3).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/archive.h"
#include "web/dicomweb/retrieve/image_cache.h"
#include "web/dicomweb/retrieve/render_query.h"
#include "web/http/http_message.h"
#include "web/http/media_type.h"

namespace pacs::web {

struct PictureForm {
  std::string_view media = "image/jpeg";  ///< or "image/png"
  bool multipart = false;
};
inline constexpr std::string_view kPicturesHelp =
    "Pictures are given as image/jpeg or image/png, and stored video as it is.";

/// The best that the client takes, image/jpeg before image/png; none (406).
[[nodiscard]] std::optional<PictureForm> picture_form(std::span<const MediaRange> accepted);

/// Of the picture as the query of a request asks for it.
[[nodiscard]] std::string picture_tag(const OpenImage& image, std::uint32_t frame,
                                      const Fields& query, std::string_view media);

/// A picture of a frame, counted from 0.
struct WantedPicture {
  const OpenImage& image;
  std::uint32_t frame = 0;
  const RenderQuery& query;
  std::string_view media;
};

/// Its bytes. OutOfResources when there is no memory for it for too long; `trace_id` is the
/// request's.
[[nodiscard]] Result<Bytes> make_picture(const WantedPicture& wanted, std::string_view trace_id);

/// The picture, a range of it, or what a HEAD is told of it, for which nothing is rendered.
[[nodiscard]] Result<Response> picture_answer(const WantedPicture& wanted, const Request& request);

/// PS3.18 §8.3.5.1.1: annotations are not drawn, which a warning has to say.
void warn_of_annotation(const RenderQuery& query, Response& response);

}  // namespace pacs::web
