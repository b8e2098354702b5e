// In which form a frame is given: the media types of PS3.18 Tables 8.7.3-4 and 8.7.3-5.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "encoding/codecs/frame_codec.h"
#include "web/dicomweb/retrieve/image_cache.h"
#include "web/http/media_type.h"

namespace pacs::web {

struct FrameForm {
  enum class How : std::uint8_t {  ///< the cheapest first
    Stored,                        ///< the bytes as they lie
    Decoded,                       ///< native pixels in little endian
    Encoded,                       ///< by `codec`
  };
  How how = How::Stored;
  std::string media;                   ///< the name that the client has for it
  std::string_view transfer_syntax{};  ///< of the bytes
  const FrameCodec* codec = nullptr;
  bool multipart = true;

  /// "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"
  [[nodiscard]] std::string content_type() const;
};

/// The best form that the client takes and the image has; none (406) where it has none of them.
/// Among forms of equal quality it is the cheapest: as stored, if that is one of them. Nothing is
/// coded with loss.
[[nodiscard]] std::optional<FrameForm> frame_form(const OpenImage& image,
                                                  std::span<const MediaRange> accepted);

/// The media type of stored frames as they lie: "image/jls".
[[nodiscard]] std::string_view stored_media(const TransferSyntax& syntax);

}  // namespace pacs::web
