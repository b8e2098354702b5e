// The codec libraries called as their examples do, without anything of ours: what the adapters are
// held against. Each knows the size of its frame from the codestream and trusts it.
#pragma once

#include <span>

#include "core/bytes.h"
#include "encoding/codecs/frame_codec.h"

namespace pacs::bench {

/// Fills `pixels` by the plainest loop where the library gives samples otherwise (OpenJPEG and
/// OpenJPH: of 16 bits allocated, one for each pixel); false when it fails.
using BareDecoder = bool(ByteView codestream, std::span<std::byte> pixels);

BareDecoder libjpeg_turbo, charls, openjpeg, openjph, libjxl;
/// 16 bits allocated, one sample.
EncodeFrame encode_by_openjph, encode_by_libjxl;

}  // namespace pacs::bench
