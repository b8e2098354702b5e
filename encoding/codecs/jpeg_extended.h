// The 12-bit sequential processes of JPEG (ITU-T T.81 §F): no packaged library decodes them.
#pragma once

#include "encoding/codecs/frame_codec.h"

namespace pacs::codecs {

/// A frame whose SOF has a precision of 12 bits.
DecodeFrame decode_jpeg_12_bit;

}  // namespace pacs::codecs
