// The compact form of a Header for the index. Similar headers give similar bytes in the same
// order, so that a compressor that knows one of a series stores the next in little room.
#pragma once

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/header_reader.h"

namespace pacs {

/// Version, elements in Explicit VR Little Endian (a bulk reference as an element without value),
/// then a side table of what differs between any two instances: bulk references, pixel layout.
[[nodiscard]] Result<Bytes> encode_header(const Header& header);

/// The header again; elements view `blob`, which the data set keeps alive. Values are in little
/// endian whatever order they came in. Corrupt when `blob` is not what encode_header gave.
[[nodiscard]] Result<Header> decode_header(SharedBytes blob);

}  // namespace pacs
