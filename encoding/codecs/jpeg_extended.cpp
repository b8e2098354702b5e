#include "encoding/codecs/jpeg_extended.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "encoding/codecs/jpeg_header.h"
#include "encoding/codecs/jpeg_huffman.h"
#include "encoding/codecs/jpeg_idct.h"
#include "encoding/codecs/jpeg_samples.h"
#include "encoding/codecs/jpeg_upsampling.h"

namespace pacs::codecs {
namespace jpeg_sequential {
namespace {

constexpr std::size_t kBlockSize = 8;
constexpr std::uint8_t kDcCategoryMax = 15;                     // T.81 Table F.6 for 12 bits
constexpr std::size_t kBlocksOfMcuMax = 10;                     // T.81 §B.2.3
constexpr std::size_t kMcuBytesMax = kBlocksOfMcuMax * 64 * 4;  // codes of 16 bits, values of 15
constexpr std::int32_t kCoefficientMax = 1 << 17;               // four times what 12 bits can have

/// T.81 Figure A.6: where in a block the coefficients lie, in the order they come.
constexpr std::array<std::uint8_t, 64> kZigzag{
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

std::size_t divide_up(std::size_t value, std::size_t by) {
  return (value + by - 1) / by;
}

/// The samples of one component (T.81 §A.1.1), up to the end of its last blocks.
struct Plane {
  std::size_t horizontal = 1, vertical = 1;       ///< sampling factors
  std::size_t columns = 0, rows = 0;              ///< of samples of the image
  std::size_t block_columns = 0, block_rows = 0;  ///< that hold samples of the image
  std::size_t stride = 0;
  std::vector<std::uint16_t> samples;
  bool seen = false;  ///< its scan has been
};

struct Image {
  unsigned precision = 12;
  std::size_t horizontal_max = 1, vertical_max = 1;
  std::size_t mcu_columns = 0, mcu_rows = 0;  ///< of interleaved scans
  std::vector<Plane> planes{};
};

Image make_image(const JpegFrame& frame) {
  Image image;
  image.precision = frame.precision;
  const auto components = std::span{frame.components}.first(frame.component_count);
  for (const JpegComponent& component : components) {
    image.horizontal_max = std::max<std::size_t>(image.horizontal_max, component.horizontal);
    image.vertical_max = std::max<std::size_t>(image.vertical_max, component.vertical);
  }
  image.mcu_columns = divide_up(frame.columns, kBlockSize * image.horizontal_max);
  image.mcu_rows = divide_up(frame.rows, kBlockSize * image.vertical_max);
  for (const JpegComponent& component : components) {
    Plane& plane = image.planes.emplace_back();
    plane.horizontal = component.horizontal;
    plane.vertical = component.vertical;
    plane.columns = divide_up(frame.columns * plane.horizontal, image.horizontal_max);
    plane.rows = divide_up(frame.rows * plane.vertical, image.vertical_max);
    plane.block_columns = divide_up(plane.columns, kBlockSize);
    plane.block_rows = divide_up(plane.rows, kBlockSize);
    plane.stride = image.mcu_columns * plane.horizontal * kBlockSize;
    plane.samples.resize(plane.stride * image.mcu_rows * plane.vertical * kBlockSize);
  }
  return image;
}

/// One component in a scan.
struct Coder {
  Plane* plane;
  HuffmanTable dc, ac;
  const std::array<std::uint16_t, 64>* quantization;
  std::uint16_t last_dc = 0;  ///< modulo 2^16
};

/// T.81 §F.2.2.1 and §F.2.2.2, and the quantization of §A.3.4.
void decode_coefficients(BitCursor& cursor, Coder& coder, JpegBlock& block) {
  const auto put = [&](std::size_t k, std::uint16_t number) {
    const std::int32_t coefficient =
        static_cast<std::int16_t>(number) * std::int32_t{(*coder.quantization)[k]};
    block[kZigzag[k]] = std::clamp(coefficient, -kCoefficientMax, kCoefficientMax);
  };
  const auto next = [&](const HuffmanTable& table) {
    cursor.refill();
    return table.find(cursor);
  };
  const auto dc = next(coder.dc);
  coder.last_dc = static_cast<std::uint16_t>(coder.last_dc + dc.number(cursor));
  cursor.skip(dc.bits);
  put(0, coder.last_dc);
  for (std::size_t k = 1; k < 64; ++k) {
    const auto ac = next(coder.ac);
    const unsigned zeros = ac.symbol >> 4;
    const bool is_number = (ac.symbol & 0x0F) != 0;
    const std::uint16_t number = ac.number(cursor);
    cursor.skip(ac.bits);
    if (!is_number && zeros != 15) return;  // end of block
    k += zeros;
    if (k >= 64) {
      cursor.broken = true;
      return;
    }
    if (is_number) put(k, number);
  }
}

void decode_block(BitCursor& cursor, Coder& coder, unsigned precision, std::size_t block_x,
                  std::size_t block_y) {
  JpegBlock block{};
  decode_coefficients(cursor, coder, block);
  inverse_dct(block, precision);
  const std::int32_t middle = 1 << (precision - 1);  // T.81 §A.3.1
  Plane& plane = *coder.plane;
  std::uint16_t* to = &plane.samples[block_y * kBlockSize * plane.stride + block_x * kBlockSize];
  for (std::size_t y = 0; y < kBlockSize; ++y, to += plane.stride) {
    for (std::size_t x = 0; x < kBlockSize; ++x) {
      to[x] = static_cast<std::uint16_t>(
          std::clamp(block[y * kBlockSize + x] + middle, 0, 2 * middle - 1));
    }
  }
}

Result<std::vector<Coder>> make_coders(const JpegState& state, Image& image) {
  std::vector<Coder> coders;
  std::size_t blocks = 0;
  for (const auto& component : std::span{state.scan.components}.first(state.scan.component_count)) {
    Plane& plane = image.planes[component.index];
    if (std::exchange(plane.seen, true)) {
      return fail(ErrorKind::Malformed, "a component is in two scans of the JPEG codestream");
    }
    const auto& quantization =
        state.quantization[state.frame.components[component.index].quantization_table];
    if (!quantization) {
      return fail(ErrorKind::Malformed,
                  "a JPEG component uses a quantization table that is not defined");
    }
    PACS_TRY(const HuffmanTable dc,
             HuffmanTable::create(state.dc_tables[component.dc_table], kDcCategoryMax));
    PACS_TRY(const HuffmanTable ac,
             HuffmanTable::create(state.ac_tables[component.ac_table], 0xFF));
    coders.push_back({.plane = &plane, .dc = dc, .ac = ac, .quantization = &*quantization});
    blocks += plane.horizontal * plane.vertical;
  }
  if (coders.size() > 1 && blocks > kBlocksOfMcuMax) {
    return fail(ErrorKind::Malformed, fmt::format("the JPEG scan has {} blocks in a unit, over {}",
                                                  blocks, kBlocksOfMcuMax));
  }
  return coders;
}

/// T.81 §A.2.2 and §A.2.3: with one component a unit is a block, with more it is all their blocks
/// over the same part of the image.
void decode_unit(BitCursor& cursor, std::vector<Coder>& coders, unsigned precision,
                 std::size_t unit_x, std::size_t unit_y) {
  if (coders.size() == 1) return decode_block(cursor, coders[0], precision, unit_x, unit_y);
  for (Coder& coder : coders) {
    const auto [horizontal, vertical] = std::pair{coder.plane->horizontal, coder.plane->vertical};
    for (std::size_t i = 0; i < horizontal * vertical; ++i) {
      decode_block(cursor, coder, precision, unit_x * horizontal + i % horizontal,
                   unit_y * vertical + i / horizontal);
    }
  }
}

// T.81 §G.1.1.1.1: spectral selection and approximation mean nothing in a sequential scan; as
// libjpeg does, whatever they say is passed over.
Result<> decode_scan(JpegState& state, Image& image, Departures& departures) {
  PACS_TRY(std::vector<Coder> coders, make_coders(state, image));
  const bool single = coders.size() == 1;
  const std::size_t columns = single ? coders[0].plane->block_columns : image.mcu_columns;
  const std::size_t rows = single ? coders[0].plane->block_rows : image.mcu_rows;
  EntropyReader reader{state.rest, kMcuBytesMax};
  for (std::size_t unit = 0; unit < columns * rows; ++unit) {
    if (state.restart_interval != 0 && unit != 0 && unit % state.restart_interval == 0) {
      PACS_TRY(reader.restart(static_cast<std::uint32_t>(unit / state.restart_interval - 1)));
      for (Coder& coder : coders) coder.last_dc = 0;
    }
    reader.prepare();
    decode_unit(reader.cursor, coders, image.precision, unit % columns, unit / columns);
    PACS_TRY(reader.check());
  }
  state.rest = reader.finish();
  if (reader.passed_padding()) departures.add(Departure::CodestreamPadding);
  return {};
}

/// Y, Cb, Cr to R, G, B in place: JFIF 1.02, "Conversion to and from RGB", in fixed point as
/// libjpeg has it.
void convert_row(std::vector<std::uint16_t>& row, unsigned precision) {
  constexpr std::int32_t kHalf = 1 << 15;
  const std::int32_t middle = 1 << (precision - 1);
  const auto limited = [&](std::int32_t value) {
    return static_cast<std::uint16_t>(std::clamp(value, 0, 2 * middle - 1));
  };
  for (std::size_t i = 0; i + 2 < row.size(); i += 3) {
    const std::int32_t y = row[i];
    const std::int32_t cb = row[i + 1] - middle;
    const std::int32_t cr = row[i + 2] - middle;
    row[i] = limited(y + ((91881 * cr + kHalf) >> 16));                    // 1.40200
    row[i + 1] = limited(y + ((-22554 * cb - 46802 * cr + kHalf) >> 16));  // 0.34414, 0.71414
    row[i + 2] = limited(y + ((116130 * cb + kHalf) >> 16));               // 1.77200
  }
}

void put_image(const Image& image, const FrameFormat& format, const JpegSamples& samples,
               bool converts, std::span<std::byte> pixels) {
  const std::size_t n = image.planes.size();
  std::vector<JpegUpsampler> upsamplers;
  for (const Plane& plane : image.planes) {
    upsamplers.emplace_back(SubsampledPlane{.samples = plane.samples,
                                            .stride = plane.stride,
                                            .columns = plane.columns,
                                            .rows = plane.rows,
                                            .across = image.horizontal_max / plane.horizontal,
                                            .down = image.vertical_max / plane.vertical});
  }
  std::vector<std::uint16_t> component(format.columns);
  std::vector<std::uint16_t> row(format.columns * n);
  const std::size_t row_bytes = row.size() * (format.bits_allocated / 8U);
  for (std::size_t y = 0; y < format.rows; ++y) {
    for (std::size_t c = 0; c < n; ++c) {
      upsamplers[c].take_row(y, component);
      for (std::size_t x = 0; x < format.columns; ++x) row[x * n + c] = component[x];
    }
    if (converts) convert_row(row, image.precision);
    samples.put(row.data(), row.size(), &pixels[y * row_bytes], 1);
  }
}

Result<> check_process(const JpegFrame& frame) {
  const bool sequential =
      frame.start_of_frame == kSofBaseline || frame.start_of_frame == kSofExtended;
  if (!sequential || (frame.precision != 8 && frame.precision != 12)) {
    return fail(ErrorKind::Unsupported,
                fmt::format("JPEG SOF{} of {} bits is no sequential process with Huffman codes",
                            frame.start_of_frame - kSofBaseline, frame.precision));
  }
  for (const JpegComponent& component : frame.components) {
    if (component.horizontal > 2 || component.vertical > 2) {
      return fail(ErrorKind::Unsupported, "12-bit JPEG with sampling factors over 2 is not read");
    }
  }
  return {};
}

}  // namespace
}  // namespace jpeg_sequential

Result<DecodedFrame> decode_jpeg_12_bit(ByteView codestream, const FrameFormat& format,
                                        std::span<std::byte> pixels) {
  PACS_TRY(JpegState state, open_jpeg(codestream));
  PACS_TRY(jpeg_sequential::check_process(state.frame));
  PACS_TRY(Departures departures, check_jpeg_frame(state.frame, format));
  PACS_TRY(const auto samples, JpegSamples::create(format, state.frame.precision, 0));
  jpeg_sequential::Image image = jpeg_sequential::make_image(state.frame);
  while (true) {
    PACS_TRY(jpeg_sequential::decode_scan(state, image, departures));
    PACS_TRY(const bool has_scan, next_jpeg_scan(state));
    if (!has_scan) break;
  }
  for (const auto& plane : image.planes) {
    if (plane.seen) continue;
    return fail(ErrorKind::Truncated, "the JPEG codestream has no scan of one of its components");
  }
  const bool converts = holds_ycbcr(state.frame, format.colour);
  jpeg_sequential::put_image(image, format, samples, converts, pixels);
  DecodedFrame frame{.colour = format.colour, .planar = false, .departures = departures};
  if (format.samples_per_pixel == 3) frame.colour = Colour::Rgb;
  if (colour_departs(state.frame, format.colour)) frame.departures.add(Departure::CodestreamColour);
  return frame;
}

}  // namespace pacs::codecs
