// Overlays in unused bits of pixels (PS3.5 §8.1.2, retired in 2004), on their way out of them.
#pragma once

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/pixels/stored_image.h"

namespace pacs {

/// Gives the overlays that lie in the cells of the image's pixels an Overlay Data (60xx,3000) of
/// their own, because codestreams have only the pixels. Reads all frames where there are any.
/// Errors name the attribute; Unsupported for planes that together have more than 64 MiB.
[[nodiscard]] Result<> move_overlays(DataSet& data_set, const StoredImage& image);

}  // namespace pacs
