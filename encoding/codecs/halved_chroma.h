// YBR_FULL_422 as it lies natively (PS3.3 §C.7.6.3.1.2): half as many chroma samples, "two Y values
// followed by one CB and one CR" for two pixels of a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/frame_format.h"

namespace pacs::codecs {

/// Whether frames of the format may lie so.
[[nodiscard]] constexpr bool may_halve_chroma(const FrameFormat& format) {
  return format.colour == Colour::YbrFull422 && format.samples_per_pixel == 3;
}

/// Of a frame that lies so; format.bytes() counts all chroma.
[[nodiscard]] constexpr std::uint64_t halved_chroma_bytes(const FrameFormat& format) {
  return format.bytes() / 3 * 2;
}

/// Fills a frame with all its chroma from one that has half. Mismatch for an odd number of columns,
/// Unsupported for other than 8 and 16 bits.
[[nodiscard]] Result<> double_chroma(const FrameFormat& format, ByteView halved,
                                     std::span<std::byte> pixels);

}  // namespace pacs::codecs
