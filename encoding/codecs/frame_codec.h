// FrameCodec: the seam to the pixel codecs. One frame in, one frame out; nothing here knows data
// sets, fragments or transfer syntaxes. Each codec has one file and one row in the table.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/frame_format.h"
#include "encoding/scan/departure.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// What a decoder made of a frame, where that is not what the data set says of it.
struct DecodedFrame {
  Colour colour = Colour::Monochrome;  ///< of the pixels as they now are
  bool planar = false;                 ///< only where the bytes are the native ones
  Departures departures;               ///< where codestream and data set disagree, by their rules
};

struct EncodeOptions {
  int jpeg_quality = 90;  ///< 1 to 100, as libjpeg counts
};

/// Fills `pixels`, which has exactly format.bytes() bytes, from one frame's codestream. Errors
/// before anything large is allocated: Mismatch where the codestream's rows, columns or samples
/// are not those of `format` or its samples do not fit bits_allocated; Truncated and Malformed
/// for what cannot be decoded; Unsupported.
using DecodeFrame = Result<DecodedFrame>(ByteView codestream, const FrameFormat& format,
                                         std::span<std::byte> pixels);

/// Makes one frame's codestream in `out` (cleared first; of even length, PS3.5 §A.4, padded as the
/// codec allows). Returns what the codestream's colour is for the data set: an RGB frame as
/// YBR_RCT, for example. Unsupported for a format that the codec or the standard does not allow.
using EncodeFrame = Result<Colour>(ByteView pixels, const FrameFormat& format,
                                   const EncodeOptions& options, Bytes& out);

struct FrameCodec {
  Codec codec;
  std::string_view name;
  DecodeFrame* decode;
  EncodeFrame* encode;          ///< nullptr: read only
  std::string_view written_as;  ///< the transfer syntax that what `encode` makes belongs to
  /// Bytes that the library takes for each sample while it decodes or encodes, beside the frame and
  /// its codestream.
  unsigned sample_bytes;
};

/// nullptr for Native, Video and Unread.
[[nodiscard]] const FrameCodec* find_frame_codec(Codec codec);

}  // namespace pacs
