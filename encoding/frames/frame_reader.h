// Reading frames: from the bytes of a data set, wherever they lie, to native pixels in the caller's
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/frame_format.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/frames/frame_index.h"
#include "encoding/frames/pixel_format.h"
#include "encoding/scan/departure.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// What the pixels of a frame in memory are.
struct FramePixels {
  FrameFormat format;        ///< colour and planar configuration as they now are
  unsigned shift = 0;        ///< of a pixel's lowest bit within its cell
  bool unused_bits = false;  ///< bits beside the pixel are as stored: overlays may lie in them
  Departures departures;
};

struct FrameSource {
  const FrameIndex& index;
  const PixelFormat& format;
  const TransferSyntax& syntax;
  const ReadStored& read;
};

/// One frame's codestream as it is stored, its fragments joined; of native pixel data its bytes.
[[nodiscard]] Result<Bytes> read_codestream(const FrameIndex& index, std::uint32_t frame,
                                            const ReadStored& read);

/// Fills `pixels`, which has format.frame.bytes() bytes, with the frame, counted from 0. Native
/// ones come in little endian, beginning at a byte's lowest bit, YBR_FULL_422 with all its chroma.
[[nodiscard]] Result<FramePixels> decode_frame(const FrameSource& source, std::uint32_t frame,
                                               std::span<std::byte> pixels);

/// Brings pixels into the low bits of their cells, extends signs and clears unused bits: what
/// encoders expect (see FrameFormat). Overlays in unused bits are gone then.
void settle_pixels(FramePixels& what, std::span<std::byte> pixels);

}  // namespace pacs
