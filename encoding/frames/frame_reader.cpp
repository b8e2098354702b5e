#include "encoding/frames/frame_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/dicom_tags.h"
#include "encoding/byte_order.h"
#include "encoding/codecs/frame_codec.h"
#include "encoding/codecs/halved_chroma.h"
#include "encoding/frames/cells.h"

namespace pacs {
namespace {

/// Native bytes in little endian. Big endian turns words around, counted from the start of the
/// value (PS3.5 §7.3), so whole words are read.
Result<Bytes> read_native(const FrameSource& source, BulkReference range) {
  const std::uint64_t unit = source.format.word_bytes;
  if (source.syntax.byte_order == ByteOrder::Little || unit == 1) {
    return read_bytes(source.read, range);
  }
  const BulkReference value = source.index.native_value();
  const std::uint64_t first = (range.offset - value.offset) / unit * unit;
  const std::uint64_t end = range.offset - value.offset + range.length;
  const std::uint64_t word_end = std::min((end + unit - 1) / unit * unit, value.length);
  PACS_TRY(Bytes words, read_bytes(source.read, {value.offset + first, word_end - first}));
  swap_units(words, unit);
  const std::size_t before = range.offset - value.offset - first;
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(before));
  words.resize(range.length);
  return words;
}

/// A frame of `count` pixels of one bit that begins within a byte. What is behind them belongs to
/// the next frame.
void align_bits(ByteView from, unsigned first_bit, std::uint64_t count, std::span<std::byte> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto low = std::to_integer<unsigned>(from[i]);
    const auto high = i + 1 < from.size() ? std::to_integer<unsigned>(from[i + 1]) : 0U;
    to[i] = static_cast<std::byte>((low | high << 8) >> first_bit);
  }
  if (count % 8 != 0) to.back() &= static_cast<std::byte>((1U << count % 8) - 1);
}

Result<FramePixels> decode_native(const FrameSource& source, std::uint32_t frame,
                                  std::span<std::byte> pixels) {
  const FrameFormat& format = source.format.frame;
  PACS_TRY(const FramePlace place, source.index.find(frame));
  PACS_TRY(const Bytes bytes, read_native(source, place.pieces.front()));
  FramePixels result{format, source.format.shift(), true, {}};
  if (source.index.halved_chroma()) {
    PACS_TRY(codecs::double_chroma(format, bytes, pixels));
    result.format.planar = false;
  } else if (format.bits_allocated == 1) {
    align_bits(bytes, place.first_bit, format.samples(), pixels);
  } else {
    std::memcpy(pixels.data(), bytes.data(), pixels.size());
  }
  if (format.colour == Colour::YbrFull422) result.format.colour = Colour::YbrFull;
  // The reversible and irreversible colours are of codestreams (PS3.5 §8.2.4): native pixels under
  // these names were decoded by somebody who left the name.
  if (format.colour == Colour::YbrRct || format.colour == Colour::YbrIct) {
    result.format.colour = Colour::Rgb;
  }
  return result;
}

/// Codecs that know only bytes give a cell back with all its bits.
bool keeps_cells(Codec codec) {
  return codec == Codec::Uncompressed || codec == Codec::Rle || codec == Codec::DeflatedFrame;
}

template <typename Number>
void settle_cells(const FramePixels& what, std::span<std::byte> pixels) {
  const CellReader<Number> read{what};
  for (std::size_t at = 0; at < pixels.size(); at += sizeof(Number)) {
    const Number number = read(pixels.data() + at);
    std::memcpy(pixels.data() + at, &number, sizeof number);
  }
}

template <typename Signed>
void settle_either(const FramePixels& what, std::span<std::byte> pixels) {
  if (what.format.is_signed) return settle_cells<Signed>(what, pixels);
  settle_cells<std::make_unsigned_t<Signed>>(what, pixels);
}

}  // namespace

Result<Bytes> read_codestream(const FrameIndex& index, std::uint32_t frame,
                              const ReadStored& read) {
  PACS_TRY(const FramePlace place, index.find(frame));
  if (place.pieces.size() == 1) return read_bytes(read, place.pieces.front());
  // Fragments lie one behind another: one read takes all, and the items' headers between them go.
  const std::uint64_t first = place.pieces.front().offset;
  const std::uint64_t end = place.pieces.back().offset + place.pieces.back().length;
  PACS_TRY(Bytes bytes, read_bytes(read, {first, end - first}));
  std::size_t joined = 0;
  for (const BulkReference& piece : place.pieces) {
    const auto length = static_cast<std::size_t>(piece.length);
    std::memmove(bytes.data() + joined, bytes.data() + (piece.offset - first), length);
    joined += length;
  }
  bytes.resize(joined);
  return bytes;
}

Result<FramePixels> decode_frame(const FrameSource& source, std::uint32_t frame,
                                 std::span<std::byte> pixels) {
  const FrameFormat& format = source.format.frame;
  if (pixels.size() != format.bytes()) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("{} bytes of memory for a frame of {}", pixels.size(), format.bytes()));
  }
  if (!source.index.encapsulated()) return decode_native(source, frame, pixels);
  const Codec codec = source.syntax.codec;
  const FrameCodec* row = find_frame_codec(codec);
  if (row == nullptr || source.format.kind != PixelFormat::Kind::Integer) {
    return fail(Error{ErrorKind::Unsupported,
                      fmt::format("frames of {} are not decoded here", source.syntax.name)}
                    .on(kPixelData));
  }
  PACS_TRY(const Bytes codestream, read_codestream(source.index, frame, source.read));
  const auto named = [&](Error error) {
    if (!error.tag) error.tag = kPixelData;
    error.message = fmt::format("frame {}: {}", std::uint64_t{frame} + 1, error.message);
    return error;
  };
  PACS_TRY(const DecodedFrame decoded, row->decode(codestream, format, pixels).map_error(named));
  const bool cells = keeps_cells(codec);
  // Codestreams of more bits than Bits Stored hold the whole cells of some writers.
  const bool unused_bits = cells || decoded.departures.contains(Departure::CodestreamPrecision);
  FramePixels result{format, cells ? source.format.shift() : 0, unused_bits, decoded.departures};
  result.format.colour = decoded.colour;
  result.format.planar = decoded.planar;
  return result;
}

void settle_pixels(FramePixels& what, std::span<std::byte> pixels) {
  const FrameFormat& format = what.format;
  const bool settled = what.shift == 0 && format.bits_stored == format.bits_allocated;
  if (!settled) {
    if (format.bits_allocated == 8) settle_either<std::int8_t>(what, pixels);
    if (format.bits_allocated == 16) settle_either<std::int16_t>(what, pixels);
    if (format.bits_allocated == 32) settle_either<std::int32_t>(what, pixels);
    if (format.bits_allocated == 64) settle_either<std::int64_t>(what, pixels);
  }
  what.shift = 0;
  what.unused_bits = false;
}

}  // namespace pacs
