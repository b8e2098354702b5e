// Values that rendering needs and a header leaves in the object, being long: LUT data, palettes and
// overlays.
#pragma once

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/data_sets/streamed_data_set.h"

namespace pacs {

/// Bytes of one value that is loaded: an overlay over 20,000 by 20,000 pixels has 50 MB.
inline constexpr std::uint64_t kLoadedValueBytesMax = 64ULL << 20;

/// Puts them into the data set, those of items too. LimitExceeded, naming the attribute, for one
/// above kLoadedValueBytesMax; what `read` answers.
[[nodiscard]] Result<> load_bulk_values(DataSet& data_set, const ReadStored& read);

}  // namespace pacs
