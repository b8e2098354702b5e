// The headers of a JPEG 2000 codestream (ITU-T T.800 Annex A, T.814), read before a library sees
// it: what it would allocate is known, and that nothing of the codestream is missing.
#pragma once

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/samples.h"

namespace pacs::codecs {

struct Jpeg2000Header {
  ByteView codestream;  ///< from SOC on: some writers send JP2, with boxes around it
  CodestreamShape shape;
  bool component_transform = false;  ///< RCT or ICT: the first three samples come out as RGB
};

/// Truncated where the tiles are not all there in whole; Malformed; Unsupported for components of
/// different precision or subsampled, and for tiles and precincts of which each costs a library
/// more memory than its samples do.
[[nodiscard]] Result<Jpeg2000Header> read_jpeg_2000_header(ByteView bytes);

/// Of the decoded samples: RGB where the codestream has a component transform, else as the data set
/// says.
[[nodiscard]] Colour colour_of_jpeg_2000(const Jpeg2000Header& header, const FrameFormat& format,
                                         Departures& departures);

/// Levels of the wavelet transform to write: as many as leave a sample, at most five.
[[nodiscard]] unsigned levels_for_jpeg_2000(const FrameFormat& format);

}  // namespace pacs::codecs
