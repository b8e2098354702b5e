// How a codestream begins and ends: what tells the fragments of one frame from those of the next
// where no offset table does.
#pragma once

#include <cstddef>

#include "core/bytes.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// Bytes of a fragment's front and end that are looked at.
inline constexpr std::size_t kMarkBytes = 64;

/// Whether codestreams of the codec have a beginning that no fragment within one can have by rule.
[[nodiscard]] bool has_marks(Codec codec);
/// Whether a fragment with this front begins a codestream.
[[nodiscard]] bool begins_codestream(Codec codec, ByteView front);
/// Whether one with this end ends a codestream; padding behind is passed over (PS3.5 §A.4). Always
/// true for codecs whose codestreams have no end marker.
[[nodiscard]] bool ends_codestream(Codec codec, ByteView end);

}  // namespace pacs
