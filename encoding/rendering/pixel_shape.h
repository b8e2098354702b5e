// The shape of pixels: how much taller than wide they are (PS3.3 §C.7.6.3.1.7, §10.7.1.3).
#pragma once

#include <cstdint>

#include "core/dicom_dataset.h"
#include "encoding/scan/departure.h"

namespace pacs {

/// Height of a pixel over its width: of Pixel Aspect Ratio, else of the spacing in the patient, at
/// the detector or on the film; 1 where nothing says so. What is not above 0, or more than 100
/// to 1, says nothing, and as Pixel Aspect Ratio is a Departure::Display.
[[nodiscard]] double pixel_shape(const DataSet& data_set, std::uint32_t frame, Departures& met);

}  // namespace pacs
