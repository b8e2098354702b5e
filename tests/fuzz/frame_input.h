// What the fuzz targets of the frame codecs share: their input is 8 bytes of a format and a
// codestream, or pixels.
#pragma once

#include <algorithm>

#include "encoding/codecs/codecs.h"
#include "tests/fuzz/require.h"

namespace pacs {

struct FrameInput {
  FrameFormat format;
  ByteView rest;
};

/// Rows and columns (16 bits, little endian, up to 511), samples (bits 0-1) with signed (4), planar
/// (5), Bits Allocated (an index), Bits Stored, Colour.
inline FrameInput frame_input(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint16_t kAllocated[] = {8, 16, 32, 1};
  FrameInput input;
  if (size < 8) return input;
  FrameFormat& format = input.format;
  format.rows = data[0] | (data[1] & 1U) << 8;
  format.columns = data[2] | (data[3] & 1U) << 8;
  format.samples_per_pixel = static_cast<std::uint16_t>((data[4] & 3) + 1);
  format.is_signed = (data[4] & 16) != 0;
  format.planar = (data[4] & 32) != 0;
  format.bits_allocated = kAllocated[data[5] & 3];
  format.bits_stored = static_cast<std::uint16_t>(data[6] % format.bits_allocated + 1);
  format.colour = static_cast<Colour>(data[7] % 7);
  input.rest = std::as_bytes(std::span{data + 8, size - 8});
  return input;
}

/// Decoded twice, into frames that hold different bytes: the same error, or the same pixels, so
/// that no byte of them was left as it was.
inline void check_decodes(DecodeFrame* decode, const FrameInput& input) {
  Bytes zeros(input.format.bytes());
  Bytes ones(input.format.bytes(), std::byte{0xFF});
  const auto first = decode(input.rest, input.format, zeros);
  const auto second = decode(input.rest, input.format, ones);
  require(first.has_value() == second.has_value());
  if (!first) {
    require(!first.error().message.empty() && first.error().kind == second.error().kind);
    return;
  }
  const std::uint64_t spare =
      8 * ones.size() - input.format.samples() * input.format.bits_allocated;
  if (spare != 0) zeros.back() |= ~(std::byte{0xFF} >> spare);
  if (spare != 0) ones.back() |= ~(std::byte{0xFF} >> spare);
  require(zeros == ones);
  require(first->colour == second->colour && first->departures == second->departures);
}

/// The rest as pixels, repeated: refused, or encoded to an even length and decoded to the same,
/// as far as the format's bits go. `bits_above` says that the codec keeps what lies above them.
inline void check_comes_back(EncodeFrame* encode, DecodeFrame* decode, FrameInput input,
                             bool bits_above) {
  FrameFormat& format = input.format;
  if (input.rest.empty() || format.bytes() > 64 * 1024) return;
  if (!bits_above) {
    format.is_signed = false;
    format.planar = false;
    if (format.bits_allocated != 1) format.bits_stored = format.bits_allocated;
  }
  Bytes pixels(format.bytes());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = input.rest[i % input.rest.size()];
  const std::uint64_t spare = 8 * pixels.size() - format.samples() * format.bits_allocated;
  if (spare != 0) pixels.back() &= std::byte{0xFF} >> spare;
  Bytes codestream;
  const auto colour = encode(pixels, format, {}, codestream);
  if (!colour) return;
  require(codestream.size() % 2 == 0);
  format.colour = *colour;
  Bytes decoded(format.bytes());
  const auto frame = decode(codestream, format, decoded);
  require(frame.has_value());
  require(decoded == pixels);
}

}  // namespace pacs
