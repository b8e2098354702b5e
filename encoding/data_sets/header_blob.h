// The compact form of a Header for the index. Similar headers give similar bytes in the same
// order, so that a compressor that knows one of a series stores the next in little room.
#pragma once

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/data_sets/header_reader.h"

namespace pacs {

/// Version, elements in Explicit VR Little Endian (a bulk reference as an element without value, a
/// value whose length that has no room for as UN), then a side table of what differs between any
/// two instances: bulk references, pixel layout, inflate points; and of VRs.
[[nodiscard]] Result<Bytes> encode_header(const Header& header);

/// The header again; elements view `blob`, which the data set keeps alive. Values are in little
/// endian whatever order they came in. No limit but that of memory: it was admitted once. Corrupt
/// when `blob` is not what encode_header gave, this one or an older one.
[[nodiscard]] Result<Header> decode_header(SharedBytes blob);

}  // namespace pacs
