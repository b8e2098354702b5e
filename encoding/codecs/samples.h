// What the adapters of the codec libraries share: a codestream's shape held against the frame's
// format, and samples put from and into the frame as it lies in memory.
#pragma once

#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/frame_format.h"
#include "encoding/scan/departure.h"

namespace pacs::codecs {

/// As a codestream's header says it.
struct CodestreamShape {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint32_t samples_per_pixel = 0;
  unsigned precision = 0;  ///< bits of a sample
  bool is_signed = false;  ///< where a codestream does not say it: that of the format
};

/// Mismatch where rows, columns or samples differ or a sample has no room in Bits Allocated;
/// Unsupported for more than 32 bits. Else how the shape departs: in sign or in precision.
[[nodiscard]] Result<Departures> check_shape(const CodestreamShape& shape,
                                             const FrameFormat& format);

/// The colour of decoded samples that the codestream says nothing about: as the data set says. A
/// chroma for each pixel is YBR_FULL even if called YBR_FULL_422; what is called YBR_RCT or YBR_ICT
/// and was not transformed is RGB, as GDCM and pydicom have it. Both depart.
[[nodiscard]] Colour colour_as_labelled(Colour label, Departures& departures);

/// What the lossless encoders take: one sample of MONOCHROME or PALETTE COLOR, three of RGB or
/// YBR_FULL (PS3.5 Tables 8.2.3-1 and 8.2.4-1), of 2 or 1 to `bits_max` bits. Unsupported else.
[[nodiscard]] Result<> check_encodes(const FrameFormat& format, unsigned bits_min,
                                     unsigned bits_max);

/// Puts samples as a library gives them into a frame, extended from the codestream's precision by
/// zeros or by the sign as Pixel Representation says. Signed values are within the codestream's
/// range (OpenJPEG clips them, as a lossy one may leave it).
class SampleWriter {
 public:
  SampleWriter(const CodestreamShape& shape, const FrameFormat& format,
               std::span<std::byte> pixels);

  /// value i becomes the sample first + i × step of the frame. The values may lie at the end of the
  /// frame itself if step is 1. For std::uint8_t, std::uint16_t and std::int32_t.
  template <typename Value>
  void put(std::uint64_t first, std::uint64_t step, std::span<const Value> values) const;

 private:
  template <typename Value, typename Extension>
  void put_extended(std::uint64_t first, std::uint64_t step, std::span<const Value> values,
                    Extension extend) const;

  CodestreamShape shape_;
  bool is_signed_;
  unsigned bits_allocated_;
  std::span<std::byte> pixels_;
};

/// Takes samples out of a frame in either planar configuration, of Bits Stored bits: what other
/// bits hold, an overlay for example, is not taken.
class SampleReader {
 public:
  SampleReader(ByteView pixels, const FrameFormat& format);

  /// Sample `sample` of each pixel from the pixel `first` on: as many as `values` has room for.
  void take(std::uint64_t first, std::uint16_t sample, std::span<std::int32_t> values) const;

 private:
  ByteView pixels_;
  FrameFormat format_;
};

}  // namespace pacs::codecs
