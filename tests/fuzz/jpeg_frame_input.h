// What the fuzz targets of our own JPEG decoders share: a byte of a format and a codestream, whose
// size the format takes from its header.
#pragma once

#include <optional>

#include "encoding/codecs/jpeg_header.h"
#include "tests/fuzz/frame_input.h"

namespace pacs {

/// Nothing for no input, and for frames above 64 by 64 pixels.
inline std::optional<FrameInput> jpeg_frame_input(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return std::nullopt;
  FrameInput input{{.rows = 1, .columns = 1}, std::as_bytes(std::span{data + 1, size - 1})};
  FrameFormat& format = input.format;
  if (const auto frame = codecs::read_jpeg_header(input.rest)) {
    if (frame->rows > 64 || frame->columns > 64) return std::nullopt;
    format.rows = frame->rows;
    format.columns = frame->columns;
    format.samples_per_pixel = static_cast<std::uint16_t>(frame->component_count);
  }
  format.bits_allocated = static_cast<std::uint16_t>(8 << data[0] % 3);
  format.bits_stored = static_cast<std::uint16_t>(1 + data[0] / 4 % format.bits_allocated);
  format.is_signed = data[0] / 128 != 0;
  return input;
}

}  // namespace pacs
