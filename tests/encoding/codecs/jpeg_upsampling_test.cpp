#include "encoding/codecs/jpeg_upsampling.h"

#include <gtest/gtest.h>

namespace pacs::codecs {
namespace {

using Row = std::vector<std::uint16_t>;

Row upsampled(const Row& samples, std::size_t rows, std::size_t across, std::size_t down,
              std::size_t y, std::size_t width) {
  const std::size_t columns = samples.size() / rows;
  JpegUpsampler upsampler{{.samples = samples,
                           .stride = columns,
                           .columns = columns,
                           .rows = rows,
                           .across = across,
                           .down = down}};
  Row row(width);
  upsampler.take_row(y, row);
  return row;
}

// (3 × near + far + 1 or 2) ÷ 4, in whole numbers; the outermost samples are kept.
TEST(JpegUpsampling, WeighsTheNearerSampleOfARowThreeTimes) {
  EXPECT_EQ(upsampled({0, 100, 4000}, 1, 2, 1, 0, 6), (Row{0, 25, 75, 1075, 3025, 4000}));
  EXPECT_EQ(upsampled({0, 100, 4000}, 1, 2, 1, 0, 5), (Row{0, 25, 75, 1075, 3025}));
}

TEST(JpegUpsampling, WeighsTheNearerOfTwoRowsThreeTimesToo) {
  const Row samples{0, 100, 4000, 1600, 1600, 1600};
  EXPECT_EQ(upsampled(samples, 2, 2, 2, 0, 6), (Row{0, 25, 75, 1075, 3025, 4000}));
  EXPECT_EQ(upsampled(samples, 2, 2, 2, 1, 6), (Row{400, 419, 456, 1206, 2669, 3400}));
  EXPECT_EQ(upsampled(samples, 2, 2, 2, 3, 6), (Row{1600, 1600, 1600, 1600, 1600, 1600}));
}

TEST(JpegUpsampling, RepeatsSamplesOfNarrowComponentsAndOfThoseThatHaveOnlyFewerRows) {
  EXPECT_EQ(upsampled({7, 9}, 1, 2, 1, 0, 4), (Row{7, 7, 9, 9}));
  EXPECT_EQ(upsampled({1, 2, 3, 5, 6, 7}, 2, 1, 2, 1, 3), (Row{1, 2, 3}));
  EXPECT_EQ(upsampled({1, 2, 3}, 1, 1, 1, 0, 3), (Row{1, 2, 3}));
}

}  // namespace
}  // namespace pacs::codecs
