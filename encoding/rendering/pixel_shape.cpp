#include "encoding/rendering/pixel_shape.h"

#include <optional>

#include "core/dicom_tags.h"
#include "encoding/rendering/functional_groups.h"

namespace pacs {
namespace {

/// "row spacing\column spacing", vertical first, as the aspect ratio is.
std::optional<double> ratio_of(const DataSet& data_set, Tag tag) {
  constexpr double kRatioMax = 100;  // far beyond those of M-mode and waveforms
  const double down = data_set.number(tag, 0).value_or(0);
  const double across = data_set.number(tag, 1).value_or(0);
  const double ratio = down / across;
  const bool says = down > 0 && across > 0 && ratio >= 1 / kRatioMax && ratio <= kRatioMax;
  return says ? std::optional{ratio} : std::nullopt;
}

}  // namespace

double pixel_shape(const DataSet& data_set, std::uint32_t frame, Departures& met) {
  if (!data_set.text(tags::PixelAspectRatio).empty()) {
    if (const auto ratio = ratio_of(data_set, tags::PixelAspectRatio)) return *ratio;
    met.add(Departure::Display);
  }
  const DataSet& measures = functional_group(data_set, tags::PixelMeasuresSequence, frame);
  if (const auto ratio = ratio_of(measures, tags::PixelSpacing)) return *ratio;
  for (const Tag tag : {tags::ImagerPixelSpacing, tags::NominalScannedPixelSpacing}) {
    if (const auto ratio = ratio_of(data_set, tag)) return *ratio;
  }
  return 1;
}

}  // namespace pacs
