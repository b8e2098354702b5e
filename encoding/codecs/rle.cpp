// RLE Lossless (PS3.5 Annex G): each byte of a sample is a plane of its own, a segment, the most
// significant byte first (§G.2), and each plane is packed by runs (§G.3).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "encoding/codecs/codecs.h"

namespace pacs::codecs {
namespace rle {
namespace {

// PS3.5 §G.5: the number of segments and 15 offsets, each 32 bit in little endian.
constexpr std::size_t kSegmentsMax = 15;
constexpr std::size_t kHeaderBytes = 64;
/// Of each plane, decoded at a time: all planes of a piece stay in the first-level cache.
constexpr std::size_t kPieceBytes = 4096;
constexpr std::size_t kRunMax = 128;
/// Shorter runs of equal bytes cost as much as they save between bytes that differ.
constexpr std::size_t kRunMin = 3;

struct Layout {
  std::size_t segments = 0;  ///< which is also the bytes of a pixel
  std::size_t bytes_per_sample = 1;
  std::size_t plane_bytes = 0;

  /// Where in a pixel the byte of a segment lies: samples in order, each in little endian.
  [[nodiscard]] std::size_t place(std::size_t segment) const {
    const std::size_t sample = segment / bytes_per_sample;
    return sample * bytes_per_sample + (bytes_per_sample - 1 - segment % bytes_per_sample);
  }
};

Result<Layout> layout_of(const FrameFormat& format) {
  if (format.samples() == 0) {
    return fail(ErrorKind::Malformed, "Rows, Columns or Samples per Pixel is 0");
  }
  Layout layout;
  layout.bytes_per_sample = std::max<std::size_t>(format.bits_allocated / 8, 1);
  layout.segments = layout.bytes_per_sample * format.samples_per_pixel;
  if (layout.segments > kSegmentsMax) {
    return fail(ErrorKind::Unsupported,
                fmt::format("{} samples of {} bits do not fit the {} segments of RLE",
                            format.samples_per_pixel, format.bits_allocated, kSegmentsMax));
  }
  if (format.bits_allocated % 8 != 0 && layout.segments != 1) {
    return fail(ErrorKind::Unsupported,
                fmt::format("RLE has no planes for {} samples of {} bits", format.samples_per_pixel,
                            format.bits_allocated));
  }
  layout.plane_bytes = format.bytes() / layout.segments;
  return layout;
}

/// The packed bytes of one plane, read in pieces.
struct Segment {
  const std::byte* at = nullptr;
  const std::byte* end = nullptr;
  std::size_t left = 0;  ///< of the current run
  bool literal = false;

  /// False where the segment ends before `bytes` are there.
  bool read(std::byte* to, std::size_t bytes);
  /// Whether more than padding follows: zeros (PS3.5 §G.4) and control bytes without meaning.
  [[nodiscard]] bool has_more() const;

 private:
  bool begin_run();
};

// PS3.5 §G.3.2: 0 to 127 copies that many bytes and one; -1 to -127 repeats the next byte as often
// and once; -128 is passed over. Runs over the ends of rows, which §G.3.1 forbids, are accepted.
bool Segment::begin_run() {
  while (at != end) {
    const auto control = std::to_integer<std::uint8_t>(*at++);
    if (control == 128) continue;
    literal = control < 128;
    left = literal ? control + std::size_t{1} : std::size_t{257} - control;
    return std::size_t(end - at) >= (literal ? left : 1);
  }
  return false;
}

bool Segment::read(std::byte* to, std::size_t bytes) {
  constexpr std::size_t kShort = 16;  // such runs are most, and are written without a call
  std::byte* const to_end = to + bytes;
  while (true) {
    const std::size_t take = std::min<std::size_t>(left, to_end - to);
    if (literal) {
      if (take <= kShort && to_end - to >= std::ptrdiff_t{kShort} &&
          end - at >= std::ptrdiff_t{kShort}) {
        std::memcpy(to, at, kShort);
      } else {
        std::memcpy(to, at, take);
      }
      at += take;
    } else if (take > 0) {
      if (take <= kShort && to_end - to >= std::ptrdiff_t{kShort}) {
        std::memset(to, std::to_integer<int>(*at), kShort);
      } else {
        std::memset(to, std::to_integer<int>(*at), take);
      }
      if (take == left) ++at;
    }
    to += take;
    left -= take;
    if (to == to_end) return true;
    if (!begin_run()) return false;
  }
}

bool Segment::has_more() const {
  const auto is_padding = [](std::byte b) { return b == std::byte{0} || b == std::byte{128}; };
  return left != 0 || !std::all_of(at, end, is_padding);
}

using Segments = std::array<Segment, kSegmentsMax>;

Result<Segments> read_header(ByteView codestream, const Layout& layout) {
  if (codestream.size() < kHeaderBytes) {
    return fail(ErrorKind::Truncated,
                fmt::format("the RLE header has {} of {} bytes", codestream.size(), kHeaderBytes));
  }
  const auto word = [&](std::size_t i) {
    return load<std::uint32_t>(codestream.data() + 4 * i, ByteOrder::Little);
  };
  if (word(0) != layout.segments) {
    return fail(
        ErrorKind::Mismatch,
        fmt::format("RLE has {} segments where Samples per Pixel and Bits Allocated make {}",
                    word(0), layout.segments));
  }
  Segments segments;
  for (std::size_t i = 0; i < layout.segments; ++i) {
    const std::size_t begin = word(1 + i);
    const std::size_t end = i + 1 < layout.segments ? word(2 + i) : codestream.size();
    if (begin < kHeaderBytes || begin > end) {
      return fail(ErrorKind::Malformed,
                  fmt::format("the offset {} of RLE segment {} lies within the header or behind "
                              "what follows it, at {}",
                              begin, i + 1, end));
    }
    if (end > codestream.size()) {
      return fail(ErrorKind::Truncated,
                  fmt::format("RLE segment {} ends at {}, past the frame's {} bytes", i + 1, end,
                              codestream.size()));
    }
    segments[i].at = codestream.data() + begin;
    segments[i].end = codestream.data() + end;
  }
  return segments;
}

/// One loop for each size of pixel that is common, so that the compiler makes vectors of it.
template <std::size_t kSize>
void interleave(const std::byte* const* planes, std::size_t pixels, std::byte* to) {
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t k = 0; k < kSize; ++k) to[i * kSize + k] = planes[k][i];
  }
}

/// Two planes at a time give the vectors of halves that compilers know how to zip.
template <>
void interleave<2>(const std::byte* const* planes, std::size_t pixels, std::byte* to) {
  const std::byte* const low = planes[0];
  const std::byte* const high = planes[1];
  for (std::size_t i = 0; i < pixels; ++i) {
    const auto sample = static_cast<std::uint16_t>(std::to_integer<unsigned>(low[i]) |
                                                   std::to_integer<unsigned>(high[i]) << 8);
    store(to + 2 * i, sample, ByteOrder::Little);
  }
}

void interleave_any(const std::byte* const* planes, std::size_t size, std::size_t pixels,
                    std::byte* to) {
  switch (size) {
    case 2:
      return interleave<2>(planes, pixels, to);
    case 3:
      return interleave<3>(planes, pixels, to);
    case 4:
      return interleave<4>(planes, pixels, to);
    case 6:
      return interleave<6>(planes, pixels, to);
    default:
      break;
  }
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t i = 0; i < pixels; ++i) to[i * size + k] = planes[k][i];
  }
}

tl::unexpected<Error> ends_early(std::size_t segment, std::size_t plane_bytes) {
  return fail(ErrorKind::Truncated, fmt::format("RLE segment {} ends before its {} bytes are there",
                                                segment + 1, plane_bytes));
}

Result<> decode(Segments& segments, const Layout& layout, std::span<std::byte> pixels) {
  if (layout.segments == 1) {
    if (segments[0].read(pixels.data(), pixels.size())) return {};
    return ends_early(0, layout.plane_bytes);
  }
  std::array<std::byte, kSegmentsMax * kPieceBytes> pieces;
  std::array<const std::byte*, kSegmentsMax> planes{};
  for (std::size_t k = 0; k < layout.segments; ++k) planes[k] = &pieces[k * kPieceBytes];
  for (std::size_t done = 0; done < layout.plane_bytes; done += kPieceBytes) {
    const std::size_t piece = std::min(kPieceBytes, layout.plane_bytes - done);
    for (std::size_t i = 0; i < layout.segments; ++i) {
      if (!segments[i].read(&pieces[layout.place(i) * kPieceBytes], piece)) {
        return ends_early(i, layout.plane_bytes);
      }
    }
    interleave_any(planes.data(), layout.segments, piece, &pixels[done * layout.segments]);
  }
  return {};
}

std::size_t equal_bytes(ByteView bytes) {
  std::size_t count = 1;
  while (count < bytes.size() && count < kRunMax && bytes[count] == bytes[0]) ++count;
  return count;
}

/// How many bytes stand before the next run that is worth one.
std::size_t literal_bytes(ByteView bytes) {
  const std::size_t max = std::min(bytes.size(), kRunMax);
  for (std::size_t i = 0; i + kRunMin <= max; ++i) {
    if (bytes[i] == bytes[i + 1] && bytes[i] == bytes[i + 2]) return i;
  }
  return max;
}

/// PS3.5 §G.3.1.
void pack_row(ByteView row, Bytes& out) {
  while (!row.empty()) {
    std::size_t count = equal_bytes(row);
    if (count > 1) {
      out.push_back(static_cast<std::byte>(257 - count));
      out.push_back(row[0]);
    } else {
      count = std::max<std::size_t>(literal_bytes(row), 1);
      out.push_back(static_cast<std::byte>(count - 1));
      append(out, row.first(count));
    }
    row = row.subspan(count);
  }
}

/// A frame as one sample of every pixel after the other, whichever way it is stored.
struct Source {
  const std::byte* first;
  std::size_t pixel_step;
};
Source source_of(ByteView pixels, const FrameFormat& format, const Layout& layout,
                 std::size_t segment) {
  const std::size_t place = layout.place(segment);
  if (!format.planar) return {pixels.data() + place, layout.segments};
  const std::size_t bytes = layout.bytes_per_sample;
  const std::size_t sample_plane = layout.plane_bytes * bytes;
  return {pixels.data() + place / bytes * sample_plane + place % bytes, bytes};
}

void pack_segment(const Source& source, const FrameFormat& format, const Layout& layout,
                  Bytes& out) {
  Bytes row(layout.plane_bytes / format.rows);
  const std::byte* from = source.first;
  for (std::size_t done = 0; done < layout.plane_bytes; done += row.size()) {
    for (std::byte& byte : row) {
      byte = *from;
      from += source.pixel_step;
    }
    pack_row(row, out);
  }
  // PS3.5 §G.4: a segment of odd length is padded with zero.
  if (out.size() % 2 != 0) out.push_back(std::byte{0});
}

/// PS3.5 §A.4.2 and §8.2.2. The segments are of bytes: of one bit a pixel nobody else reads them.
Result<> check_encodable(const FrameFormat& format) {
  const bool colour = format.colour == Colour::Monochrome || format.colour == Colour::Palette ||
                      format.colour == Colour::Rgb || format.colour == Colour::YbrFull;
  if (!colour || format.bits_allocated % 8 != 0) {
    return fail(ErrorKind::Unsupported,
                "RLE takes MONOCHROME, PALETTE COLOR, RGB or YBR_FULL of whole bytes");
  }
  return {};
}

}  // namespace
}  // namespace rle

Result<DecodedFrame> decode_rle(ByteView codestream, const FrameFormat& format,
                                std::span<std::byte> pixels) {
  PACS_TRY(const rle::Layout layout, rle::layout_of(format));
  PACS_TRY(rle::Segments segments, rle::read_header(codestream, layout));
  PACS_TRY(rle::decode(segments, layout, pixels));
  DecodedFrame frame{.colour = format.colour, .planar = false, .departures = {}};
  if (std::any_of(segments.begin(), segments.begin() + layout.segments,
                  [](const rle::Segment& segment) { return segment.has_more(); })) {
    frame.departures.add(Departure::CodestreamLength);
  }
  if (format.colour == Colour::YbrFull422) {  // segments have a byte for each pixel
    frame.colour = Colour::YbrFull;
    frame.departures.add(Departure::CodestreamColour);
  }
  return frame;
}

Result<Colour> encode_rle(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                          Bytes& out) {
  PACS_TRY(rle::check_encodable(format));
  PACS_TRY(const rle::Layout layout, rle::layout_of(format));
  out.assign(rle::kHeaderBytes, std::byte{0});
  store(out.data(), static_cast<std::uint32_t>(layout.segments), ByteOrder::Little);
  for (std::size_t i = 0; i < layout.segments; ++i) {
    if (out.size() > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorKind::Unsupported, "the frame is too large for the offsets of RLE");
    }
    store(&out[4 * (1 + i)], static_cast<std::uint32_t>(out.size()), ByteOrder::Little);
    rle::pack_segment(rle::source_of(pixels, format, layout, i), format, layout, out);
  }
  return format.colour;
}

}  // namespace pacs::codecs
