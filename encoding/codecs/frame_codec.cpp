#include "encoding/codecs/frame_codec.h"

#include <algorithm>
#include <array>

#include "core/uids.h"
#include "encoding/codecs/codecs.h"

namespace pacs {
namespace {

// In the order of PS3.5 Annex A. What is not written here yet has no encoder.
// clang-format off
constexpr std::array kFrameCodecs{
  FrameCodec{Codec::Uncompressed, "uncompressed", codecs::decode_uncompressed, codecs::encode_uncompressed, uids::EncapsulatedUncompressedExplicitVRLittleEndian, 0},
  FrameCodec{Codec::Jpeg, "JPEG", codecs::decode_jpeg, codecs::encode_jpeg, uids::JPEGBaseline8Bit, 2},
  FrameCodec{Codec::JpegLossless, "JPEG lossless", codecs::decode_jpeg_lossless, nullptr, {}, 0},
  FrameCodec{Codec::JpegLs, "JPEG-LS", codecs::decode_jpeg_ls, codecs::encode_jpeg_ls, uids::JPEGLSLossless, 2},
  FrameCodec{Codec::Jpeg2000, "JPEG 2000", codecs::decode_jpeg_2000, codecs::encode_jpeg_2000, uids::JPEG2000Lossless, 8},
  FrameCodec{Codec::Htj2k, "HTJ2K", codecs::decode_htj2k, codecs::encode_htj2k, uids::HTJ2KLossless, 8},
  FrameCodec{Codec::JpegXl, "JPEG XL", codecs::decode_jpeg_xl, nullptr, {}, 16},
  FrameCodec{Codec::Rle, "RLE", codecs::decode_rle, codecs::encode_rle, uids::RLELossless, 0},
  FrameCodec{Codec::DeflatedFrame, "deflated frame", codecs::decode_deflated_frame, codecs::encode_deflated_frame, uids::DeflatedImageFrameCompression, 0},
};
// clang-format on

}  // namespace

const FrameCodec* find_frame_codec(Codec codec) {
  const auto found = std::ranges::find(kFrameCodecs, codec, &FrameCodec::codec);
  return found == kFrameCodecs.end() ? nullptr : &*found;
}

}  // namespace pacs
