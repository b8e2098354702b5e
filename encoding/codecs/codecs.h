// The codecs behind the table of frame_codec.cpp: one file each, named as its functions are.
#pragma once

#include "encoding/codecs/frame_codec.h"

namespace pacs::codecs {

DecodeFrame decode_uncompressed, decode_jpeg, decode_jpeg_lossless, decode_jpeg_ls,
    decode_jpeg_2000, decode_htj2k, decode_jpeg_xl, decode_rle, decode_deflated_frame;
EncodeFrame encode_uncompressed, encode_jpeg, encode_jpeg_ls, encode_jpeg_2000, encode_htj2k,
    encode_rle, encode_deflated_frame;

}  // namespace pacs::codecs
