// Frames to give to codecs in tests: patterns of any format, and what every decoder has to keep.
#pragma once

#include "encoding/codecs/frame_codec.h"

namespace pacs::test {

/// Gradients with noise in the low bits over the whole range of the format, the same each time.
Bytes frame_of(const FrameFormat& format);

/// What the golden codestreams hold, interleaved: sample i of n is i × 2^stored ÷ n + i mod 4.
Bytes steps(const FrameFormat& format);

/// Of each byte, absolute.
double mean_difference(ByteView a, ByteView b);

/// Native, interleaved by pixel: what a decoder gives for a frame of either planar configuration.
Bytes interleaved(ByteView frame, const FrameFormat& format);

/// Decodes into a frame of exactly the format's size.
struct Decoded {
  Result<DecodedFrame> frame;
  Bytes pixels;
};
Decoded decode(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format);

/// Every cut of the codestream is an error, or gives the same pixels as the whole; counts those
/// that do, which can miss only what lies behind the last sample.
std::size_t cuts_that_decode(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format);

/// Rows, Columns, Samples per Pixel and Bits Allocated that the codestream does not have: each is a
/// Mismatch whose message names the attribute.
void expect_mismatches(DecodeFrame* decoder, ByteView codestream, const FrameFormat& format);

}  // namespace pacs::test
