// Components of a JPEG that have fewer columns or rows than the image, brought to its size as
// libjpeg does: with a weight of 3 for the nearer sample and of 1 for the farther.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pacs::codecs {

struct SubsampledPlane {
  std::span<const std::uint16_t> samples{};
  std::size_t stride = 0;             ///< from one row to the next
  std::size_t columns = 0, rows = 0;  ///< of samples that belong to the image
  std::size_t across = 1, down = 1;   ///< pixels of the image for a sample: 1 or 2
};

class JpegUpsampler {
 public:
  explicit JpegUpsampler(const SubsampledPlane& plane) : plane_(plane) {}

  /// Samples of the image's row `y`, as many as `to` has room for: columns × across at most.
  void take_row(std::size_t y, std::span<std::uint16_t> to);

 private:
  void interpolate(std::size_t y, std::span<std::uint16_t> to);
  [[nodiscard]] const std::uint16_t* row(std::size_t y) const {
    return &plane_.samples[y * plane_.stride];
  }

  SubsampledPlane plane_;
  std::vector<std::uint32_t> sums_;  ///< of the two rows that a row lies between
};

}  // namespace pacs::codecs
