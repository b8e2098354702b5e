#include "encoding/codecs/jpeg_2000_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace pacs::codecs {
namespace {

// ITU-T T.800 Table A.2.
constexpr std::uint16_t kSoc = 0xFF4F;
constexpr std::uint16_t kSiz = 0xFF51;
constexpr std::uint16_t kCod = 0xFF52;
constexpr std::uint16_t kCoc = 0xFF53;
constexpr std::uint16_t kSot = 0xFF90;
constexpr std::uint16_t kSod = 0xFF93;
constexpr std::uint16_t kEoc = 0xFFD9;

/// Libraries keep some 7 kB for a tile and 1 kB for a precinct. Nobody cuts an image finer than
/// into tiles of 32 × 32 and precincts of 16 × 16, beside the few that any image has.
constexpr std::uint64_t kTilePixelsMin = 1024;
constexpr std::uint64_t kSmallTilesMax = 64;
constexpr std::uint64_t kPrecinctSamplesMin = 256;
constexpr unsigned kJ2kLevelsMax = 32;
/// Of the style of code blocks (ITU-T T.814 Table A.5).
constexpr unsigned kHighThroughput = 0x40;

tl::unexpected<Error> cut_j2k_codestream() {
  return fail(ErrorKind::Truncated, "the JPEG 2000 codestream ends too early");
}

/// Numbers off the front of a marker segment; zero behind its end, which `ended` tells.
struct J2kSegmentReader {
  ByteView bytes;
  bool ended = false;

  template <typename Number>
  Number next() {
    if (bytes.size() < sizeof(Number)) {
      ended = true;
      return 0;
    }
    const auto number = load<Number>(bytes.data(), ByteOrder::Big);
    bytes = bytes.subspan(sizeof(Number));
    return number;
  }
};

constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

/// How many parts of a tile came, of those that they say there are.
struct J2kTileParts {
  unsigned seen = 0;
  unsigned expected = 0;  ///< 0 where no part says it
};

class J2kHeaderReader {
 public:
  explicit J2kHeaderReader(ByteView codestream) : bytes_(codestream) {
    header_.codestream = codestream;
  }

  Result<Jpeg2000Header> read() {
    if (marker() != kSoc) return fail(ErrorKind::Malformed, "no JPEG 2000 codestream is here");
    at_ += 2;
    if (marker() != kSiz) return fail(ErrorKind::Malformed, "SIZ does not follow SOC");
    PACS_TRY(const ByteView siz, segment());
    PACS_TRY(read_size(siz));
    PACS_TRY(read_segments(kSot));
    if (!has_coding_style_) return fail(ErrorKind::Malformed, "there is no COD in the main header");
    while (marker() == kSot) PACS_TRY(read_tile_part());
    PACS_TRY(check_all_is_there());
    PACS_TRY(check_high_throughput());
    return header_;
  }

 private:
  [[nodiscard]] std::uint16_t marker() const {
    return bytes_.size() - at_ < 2 ? 0 : load<std::uint16_t>(bytes_.data() + at_, ByteOrder::Big);
  }
  /// Of the marker here, which has one; goes behind it.
  Result<ByteView> segment() {
    if (bytes_.size() - at_ < 4) return cut_j2k_codestream();
    const auto length = load<std::uint16_t>(bytes_.data() + at_ + 2, ByteOrder::Big);
    if (length < 2) return fail(ErrorKind::Malformed, "a marker segment has no length");
    if (bytes_.size() - at_ - 2 < length) return cut_j2k_codestream();
    const ByteView content = bytes_.subspan(at_ + 4, length - 2U);
    at_ += 2U + length;
    return content;
  }

  /// §A.5.1.
  Result<> read_size(ByteView segment) {
    J2kSegmentReader reader{segment};
    reader.next<std::uint16_t>();  // capabilities
    std::array<std::uint32_t, 8> extents{};
    for (std::uint32_t& extent : extents) extent = reader.next<std::uint32_t>();
    const auto [x_end, y_end, x, y, tile_width, tile_height, tile_x, tile_y] = extents;
    const auto components = reader.next<std::uint16_t>();
    if (x_end <= x || y_end <= y || tile_width == 0 || tile_height == 0 || tile_x > x ||
        tile_y > y || tile_x + std::uint64_t{tile_width} <= x ||
        tile_y + std::uint64_t{tile_height} <= y || components == 0 || components > 16384) {
      return fail(ErrorKind::Malformed, "SIZ describes no image");
    }
    CodestreamShape& shape = header_.shape;
    shape.columns = x_end - x;
    shape.rows = y_end - y;
    shape.samples_per_pixel = components;
    tile_width_ = std::min<std::uint64_t>(tile_width, shape.columns);
    tile_height_ = std::min<std::uint64_t>(tile_height, shape.rows);
    PACS_TRY(read_components(reader));
    const std::uint64_t tiles = divide_up(x_end - std::uint64_t{tile_x}, tile_width) *
                                divide_up(y_end - std::uint64_t{tile_y}, tile_height);
    if (tiles > kSmallTilesMax + shape.rows * shape.columns / kTilePixelsMin || tiles > 65535) {
      return fail(ErrorKind::Unsupported, fmt::format("{} tiles are too many", tiles));
    }
    tiles_.resize(tiles);
    return {};
  }

  Result<> read_components(J2kSegmentReader& reader) {
    const auto first = reader.next<std::uint8_t>();
    header_.shape.precision = (first & 0x7FU) + 1;
    header_.shape.is_signed = (first & 0x80) != 0;
    for (std::uint32_t i = 0; i < header_.shape.samples_per_pixel; ++i) {
      const std::uint8_t depth = i == 0 ? first : reader.next<std::uint8_t>();
      const auto across = reader.next<std::uint8_t>();
      const auto down = reader.next<std::uint8_t>();
      if (reader.ended) return fail(ErrorKind::Malformed, "SIZ is too short");
      if (depth != first || across != 1 || down != 1) {
        return fail(ErrorKind::Unsupported,
                    "JPEG 2000 components that are subsampled or of different precision");
      }
    }
    return {};
  }

  /// Of a main or tile-part header, up to the marker that ends it.
  Result<> read_segments(std::uint16_t end) {
    while (marker() != end) {
      const std::uint16_t name = marker();
      if (name < 0xFF00 && at_ + 2 <= bytes_.size()) {
        return fail(ErrorKind::Malformed, "there is no marker where one has to be");
      }
      PACS_TRY(const ByteView content, segment());
      if (name == kSiz) return fail(ErrorKind::Malformed, "there is more than one SIZ");
      J2kSegmentReader reader{content};
      if (name == kCod) PACS_TRY(read_coding_style(reader));
      if (name == kCoc) PACS_TRY(read_component_style(reader));
    }
    return {};
  }

  /// §A.6.1.
  Result<> read_coding_style(J2kSegmentReader& reader) {
    const bool own_precincts = (reader.next<std::uint8_t>() & 1) != 0;
    reader.next<std::uint8_t>();  // progression order
    layers_ = std::max(layers_, reader.next<std::uint16_t>());
    if (reader.next<std::uint8_t>() == 1) header_.component_transform = true;
    has_coding_style_ = true;
    return check_precincts(reader, own_precincts);
  }
  /// §A.6.2.
  Result<> read_component_style(J2kSegmentReader& reader) {
    reader.next<std::uint8_t>();
    if (header_.shape.samples_per_pixel > 256) reader.next<std::uint8_t>();
    const bool own_precincts = (reader.next<std::uint8_t>() & 1) != 0;
    return check_precincts(reader, own_precincts);
  }

  /// Table A.15: the levels, the blocks, the transformation, the precincts. As if every tile and
  /// component had them.
  Result<> check_precincts(J2kSegmentReader& reader, bool own_precincts) {
    const auto levels = reader.next<std::uint8_t>();
    reader.next<std::uint16_t>();  // width and height of the blocks
    high_throughput_ = high_throughput_ || (reader.next<std::uint8_t>() & kHighThroughput) != 0;
    reader.next<std::uint8_t>();  // the transformation
    if (levels > kJ2kLevelsMax) return fail(ErrorKind::Malformed, "COD has more than 32 levels");
    std::uint64_t precincts = 0;
    for (unsigned level = levels + 1U; level-- > 0;) {
      const std::uint8_t exponents = own_precincts ? reader.next<std::uint8_t>() : 0xFF;
      const std::uint64_t width = divide_up(tile_width_, std::uint64_t{1} << level);
      const std::uint64_t height = divide_up(tile_height_, std::uint64_t{1} << level);
      precincts +=
          divide_up(width, 1ULL << (exponents & 15)) * divide_up(height, 1ULL << (exponents >> 4));
    }
    if (reader.ended) return fail(ErrorKind::Malformed, "COD or COC is too short");
    const CodestreamShape& shape = header_.shape;
    const std::uint64_t tile_components = tiles_.size() * shape.samples_per_pixel;
    const std::uint64_t samples = shape.rows * shape.columns * shape.samples_per_pixel;
    precincts *= tile_components;
    if (precincts > tile_components * (kJ2kLevelsMax + 1) + samples / kPrecinctSamplesMin) {
      return fail(ErrorKind::Unsupported, fmt::format("{} precincts are too many", precincts));
    }
    // §B.10: a packet, of which each precinct has one in each layer, is at least a byte.
    if (precincts * layers_ > bytes_.size()) return cut_j2k_codestream();
    return {};
  }

  /// §A.4.2.
  Result<> read_tile_part() {
    const std::size_t start = at_;
    PACS_TRY(const ByteView content, segment());
    J2kSegmentReader reader{content};
    const auto tile = reader.next<std::uint16_t>();
    const auto length = reader.next<std::uint32_t>();
    reader.next<std::uint8_t>();  // which part it is
    const auto parts = reader.next<std::uint8_t>();
    if (reader.ended || tile >= tiles_.size())
      return fail(ErrorKind::Malformed, "SOT names no tile");
    tiles_[tile].seen += 1;
    tiles_[tile].expected = std::max<unsigned>(tiles_[tile].expected, parts);
    PACS_TRY(read_segments(kSod));
    at_ += 2;
    const std::size_t packets = at_;
    if (length == 0) {
      PACS_TRY(find_end());  // "all data until the EOC marker"
    } else if (length < at_ - start) {
      return fail(ErrorKind::Malformed, "a tile-part ends in its header");
    } else if (length > bytes_.size() - start) {
      return cut_j2k_codestream();
    } else {
      at_ = start + length;
    }
    packets_.push_back(bytes_.subspan(packets, at_ - packets));
    return {};
  }
  /// Whether FF stands before a byte that makes a marker of it, or at the end.
  static bool holds_markers(ByteView packets) {
    const auto* at = reinterpret_cast<const unsigned char*>(packets.data());
    const auto* const end = at + packets.size();
    while (at != end) {
      at = static_cast<const unsigned char*>(
          std::memchr(at, 0xFF, static_cast<std::size_t>(end - at)));
      if (at == nullptr) return false;
      if (++at == end || *at > 0x8F) return true;
    }
    return false;
  }
  Result<> find_end() {
    std::size_t end = bytes_.size();
    while (end > at_ && bytes_[end - 1] == std::byte{0}) --end;
    if (end < at_ + 2 || load<std::uint16_t>(&bytes_[end - 2], ByteOrder::Big) != kEoc) {
      return cut_j2k_codestream();
    }
    at_ = end - 2;
    return {};
  }

  /// Without EOC, it is all there if each tile has the parts that it says it has.
  [[nodiscard]] Result<> check_all_is_there() const {
    const bool ends = marker() == kEoc;
    if (!ends && bytes_.size() - at_ >= 2) {
      return fail(ErrorKind::Malformed, "no tile-part follows where one ends");
    }
    const bool all = std::ranges::all_of(tiles_, [&](const J2kTileParts& tile) {
      return tile.seen != 0 && (ends ? tile.expected <= tile.seen : tile.expected == tile.seen);
    });
    if (!all) return cut_j2k_codestream();
    return {};
  }

  /// T.800 §B.10.1, §D.4.1: nothing in packets is above FF8F, nor is FF at their end.
  /// OpenJPEG 2.5.0 and OpenJPH 0.9 assert that of the blocks of T.814, which would end the
  /// process, so what is not so does not come before them; nor do blocks of several layers, which
  /// they put together, and the markers SOP and EPH.
  [[nodiscard]] Result<> check_high_throughput() const {
    if (!high_throughput_) return {};
    if (std::ranges::any_of(packets_, holds_markers)) {
      return fail(ErrorKind::Malformed, "there are markers in packets of HTJ2K");
    }
    if (layers_ > 1) return fail(ErrorKind::Unsupported, "HTJ2K of more than one layer");
    return {};
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  Jpeg2000Header header_;
  std::uint64_t tile_width_ = 0;
  std::uint64_t tile_height_ = 0;
  std::vector<J2kTileParts> tiles_;
  std::uint16_t layers_ = 1;
  bool has_coding_style_ = false;
  bool high_throughput_ = false;   ///< in any tile or component
  std::vector<ByteView> packets_;  ///< of each tile-part
};

/// ITU-T T.800 §I.4: boxes of a length and a type; that of the codestream is "jp2c". What the
/// others say of palettes and colours does not count in DICOM (PS3.5 §8.2.4).
Result<ByteView> unwrap_jp2(ByteView bytes) {
  constexpr std::uint32_t kSignature = 0x6A502020;
  constexpr std::uint32_t kCodestream = 0x6A703263;
  if (bytes.size() < 8 || load<std::uint32_t>(&bytes[4], ByteOrder::Big) != kSignature)
    return bytes;
  while (bytes.size() >= 8) {
    std::uint64_t length = load<std::uint32_t>(&bytes[0], ByteOrder::Big);
    const auto type = load<std::uint32_t>(&bytes[4], ByteOrder::Big);
    std::uint64_t header = 8;
    if (length == 1) {
      if (bytes.size() < 16) break;
      length = load<std::uint64_t>(&bytes[8], ByteOrder::Big);
      header = 16;
    }
    if (length == 0) length = bytes.size();  // up to the end
    if (length < header) return fail(ErrorKind::Malformed, "a box of JP2 has no length");
    if (length > bytes.size()) break;
    if (type == kCodestream) return bytes.subspan(header, length - header);
    bytes = bytes.subspan(length);
  }
  return cut_j2k_codestream();
}

}  // namespace

Result<Jpeg2000Header> read_jpeg_2000_header(ByteView bytes) {
  PACS_TRY(const ByteView codestream, unwrap_jp2(bytes));
  return J2kHeaderReader{codestream}.read();
}

Colour colour_of_jpeg_2000(const Jpeg2000Header& header, const FrameFormat& format,
                           Departures& departures) {
  if (format.samples_per_pixel < 3 || !header.component_transform) {
    return colour_as_labelled(format.colour, departures);
  }
  if (format.colour != Colour::YbrRct && format.colour != Colour::YbrIct) {
    departures.add(Departure::CodestreamColour);
  }
  return Colour::Rgb;
}

unsigned levels_for_jpeg_2000(const FrameFormat& format) {
  unsigned levels = 0;
  while (levels < 5 && std::min(format.rows, format.columns) >> (levels + 1) != 0) ++levels;
  return levels;
}

}  // namespace pacs::codecs
