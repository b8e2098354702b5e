// From the samples of a JPEG codestream to those of a frame: JPEG knows neither signs nor Bits
// Allocated.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/result.h"
#include "encoding/codecs/frame_format.h"

namespace pacs::codecs {

/// The low `precision` bits count. Where the data set says that they are signed, they are extended
/// from Bits Stored to Bits Allocated (PS3.5 §8.1.1).
class JpegSamples {
 public:
  /// Unsupported for Bits Allocated other than 8, 16 and 32.
  static Result<JpegSamples> create(const FrameFormat& format, unsigned precision,
                                    unsigned point_transform);

  /// Writes `count` samples, each `step` samples behind the last.
  void put(const std::uint16_t* from, std::size_t count, std::byte* to, std::size_t step) const;

 private:
  unsigned sample_bytes_ = 1;
  unsigned point_transform_ = 0;
  std::uint32_t mask_ = 0;
  std::uint32_t sign_ = 0;  ///< the sign's bit, 0 without
};

}  // namespace pacs::codecs
