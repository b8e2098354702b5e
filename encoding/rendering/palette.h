// Palettes: from a stored value to red, green and blue (PS3.3 §C.7.6.3.1.5, §C.7.9).
#pragma once

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/rendering/lut.h"

namespace pacs {

struct Palette {
  LookupTable red, green, blue;
};

/// The palette of a data set, plain or in segments. The first input is signed where the pixels are.
[[nodiscard]] Result<Palette> read_palette(const DataSet& data_set, bool signed_pixels);

}  // namespace pacs
