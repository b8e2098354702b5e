// Icons: pixel data within items (Icon Image Sequence, PS3.3 §C.7.6.1.1.6), which may be compressed
// where that of the data set is.
#pragma once

#include <cstdint>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/data_sets/streamed_data_set.h"
#include "encoding/scan/departure.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// Bytes of an icon, compressed or not: 1,024 by 1,024 in three colours have 3 MiB, and the
/// standard's advice is 64 by 64. A larger one counts as one that cannot be decoded.
inline constexpr std::uint64_t kIconBytesMax = 16ULL << 20;

/// Decodes what is encapsulated within items of a stored data set, so that it can be written in
/// another transfer syntax. A sequence with pixels that cannot be decoded goes: icons are optional.
/// Gives what was met, IconNotDecoded among it; errors are what `stored` answers.
[[nodiscard]] Result<Departures> decode_icons(DataSet& data_set, const TransferSyntax& from,
                                              const ReadStored& stored);

}  // namespace pacs
