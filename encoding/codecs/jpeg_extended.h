// Sequential DCT JPEG of 12 bits (ITU-T T.81 processes 2 and 4), which libjpeg-turbo does not read.
#pragma once

#include "encoding/codecs/frame_codec.h"

namespace pacs::codecs {

/// For SOF0 and SOF1 of 8 or 12 bits, Huffman coded. YCbCr comes out as RGB (jpeg_header.h).
DecodeFrame decode_jpeg_12_bit;

}  // namespace pacs::codecs
