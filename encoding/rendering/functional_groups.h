// Functional groups: what enhanced multi-frame objects say of each frame (PS3.3 §C.7.6.16).
#pragma once

#include <cstdint>

#include "core/dicom_dataset.h"

namespace pacs {

/// The item of a functional group for a frame, counted from 0: of the frame itself, else of all
/// frames; the data set where neither has it, as in objects without functional groups.
[[nodiscard]] const DataSet& functional_group(const DataSet& data_set, Tag sequence,
                                              std::uint32_t frame);

}  // namespace pacs
