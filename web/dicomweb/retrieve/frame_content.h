// The bytes of frames in the form that was agreed on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "web/dicomweb/retrieve/byte_source.h"
#include "web/dicomweb/retrieve/frame_form.h"
#include "web/dicomweb/retrieve/image_cache.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// One frame, counted from 0. Its length is known. One that is coded holds memory until it is sent:
/// OutOfResources when there is none for too long; `trace_id` is the request's.
[[nodiscard]] Result<Content> frame_content(const OpenImage& image, std::uint32_t frame,
                                            const FrameForm& form, std::string_view trace_id);

/// How many bytes that will be, where it costs nothing to know.
[[nodiscard]] Result<std::optional<std::uint64_t>> frame_bytes(const OpenImage& image,
                                                               std::uint32_t frame,
                                                               const FrameForm& form);

struct FrameAnswer {
  std::shared_ptr<const OpenImage> image;
  std::vector<std::uint32_t> frames;  ///< counted from 0, in the order they were asked for
  std::string location;               ///< of a frame, without its number: ".../frames/"
};

/// A single part for one frame where the client takes that, else as many parts as frames. 406 where
/// the client takes nothing that the image can be given in.
[[nodiscard]] Result<Response> answer_frames(FrameAnswer answer, const Request& request);

}  // namespace pacs::web
