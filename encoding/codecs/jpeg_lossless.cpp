// JPEG Lossless (ITU-T T.81 Annex H, process 14; PS3.5 §A.4.1, §10.2): each sample is predicted
// from its neighbours, and the difference follows a Huffman code of its category.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/jpeg_header.h"
#include "encoding/codecs/jpeg_huffman.h"
#include "encoding/codecs/jpeg_samples.h"

namespace pacs::codecs {
namespace jpeg_lossless {
namespace {

constexpr unsigned kPredictors = 8;
constexpr std::size_t kSampleBytesMax =
    4;  // a code of 16 bits and a difference of 15, stuffed none

using Tables = std::array<const HuffmanTable*, kJpegComponentsMax>;

/// T.81 Table H.1.
template <unsigned kPredictor>
std::int32_t predict(std::int32_t left, std::int32_t above, std::int32_t above_left) {
  if constexpr (kPredictor == 0) return 0;
  if constexpr (kPredictor == 1) return left;
  if constexpr (kPredictor == 2) return above;
  if constexpr (kPredictor == 3) return above_left;
  if constexpr (kPredictor == 4) return left + above - above_left;
  if constexpr (kPredictor == 5) return left + ((above - above_left) >> 1);
  if constexpr (kPredictor == 6) return above + ((left - above_left) >> 1);
  if constexpr (kPredictor == 7) return (left + above) >> 1;
}

/// The row that is there and the one to be decoded.
struct RowPair {
  const std::uint16_t* above;
  std::uint16_t* row;
};

/// One row of a scan's components by pixel, after each other.
template <unsigned kPredictor, std::size_t kComponents>
struct RowDecoder {
  BitCursor cursor;
  std::array<const HuffmanTable*, kComponents> tables{};
  const std::uint16_t* above = nullptr;
  std::uint16_t* row = nullptr;
  std::array<std::int32_t, kComponents> left{}, above_left{};

  /// T.81 §H.1.2.1: differences are modulo 2^16.
  std::uint16_t next(std::int32_t predicted, std::size_t component) {
    const HuffmanTable::Entry entry = tables[component]->find(cursor);
    const std::uint16_t difference = entry.number(cursor);
    cursor.skip(entry.bits);
    return static_cast<std::uint16_t>(predicted + difference);
  }

  /// T.81 §H.1.1: the first sample of a row is predicted from the one above.
  void first_pixel() {
    for (std::size_t c = 0; c < kComponents; ++c) {
      cursor.refill();
      above_left[c] = above[c];
      left[c] = row[c] = next(kPredictor == 0 ? 0 : above[c], c);
    }
    above += kComponents;
    row += kComponents;
  }

  /// Samples that are as predicted.
  void equal_pixels(const HuffmanTable::Repeated& zeros) {
    for (std::size_t i = 0; i < zeros.symbols; ++i) {
      const std::int32_t predicted = predict<kPredictor>(left[0], above[i], above_left[0]);
      above_left[0] = above[i];
      left[0] = row[i] = static_cast<std::uint16_t>(predicted);
    }
    above += zeros.symbols;
    row += zeros.symbols;
    cursor.skip(zeros.bits);
  }

  template <std::size_t kPixels>
  void pixels() {
    for (std::size_t i = 0; i < kPixels * kComponents; ++i) {
      // Two symbols come out of one filling nearly always: that keeps it off the longest path.
      if (i % 2 == 0 || cursor.count < HuffmanTable::kSymbolBitsMax) cursor.refill();
      const std::size_t c = i % kComponents;
      const std::int32_t predicted = predict<kPredictor>(left[c], above[i], above_left[c]);
      above_left[c] = above[i];
      left[c] = row[i] = next(predicted, c);
    }
    above += kPixels * kComponents;
    row += kPixels * kComponents;
  }
};

template <unsigned kPredictor, std::size_t kComponents>
void decode_row(BitCursor& cursor, const Tables& tables, RowPair rows, std::size_t columns) {
  RowDecoder<kPredictor, kComponents> decoder;
  decoder.cursor = cursor;
  decoder.above = rows.above;
  decoder.row = rows.row;
  std::copy_n(tables.begin(), kComponents, decoder.tables.begin());
  const HuffmanTable::Repeated zeros = tables[0]->zeros();
  decoder.first_pixel();
  std::size_t left = columns - 1;
  while (left >= 2) {
    decoder.template pixels<2>();
    left -= 2;
    if constexpr (kComponents == 1) {
      // The bits that are there may be fewer than those of the pattern, which are then refilled.
      while (zeros.follows(decoder.cursor) && left >= zeros.symbols) {
        decoder.cursor.refill();
        if (!zeros.follows(decoder.cursor)) break;
        decoder.equal_pixels(zeros);
        left -= zeros.symbols;
      }
    }
  }
  if (left != 0) decoder.template pixels<1>();
  cursor = decoder.cursor;
}

using DecodeRow = void(BitCursor&, const Tables&, RowPair, std::size_t);

template <std::size_t kComponents, std::size_t... kPredictor>
constexpr std::array<DecodeRow*, kPredictors> row_decoders(std::index_sequence<kPredictor...>) {
  return {decode_row<kPredictor, kComponents>...};
}
using AllPredictors = std::make_index_sequence<kPredictors>;
constexpr std::array<std::array<DecodeRow*, kPredictors>, kJpegComponentsMax> kRowDecoders{
    row_decoders<1>(AllPredictors{}), row_decoders<2>(AllPredictors{}),
    row_decoders<3>(AllPredictors{}), row_decoders<4>(AllPredictors{})};

/// T.81 Table B.3 and §H.1.1.
Result<> check_scan(const JpegState& state) {
  const JpegScan& scan = state.scan;
  if (scan.spectral_start >= kPredictors || scan.approximation_low >= state.frame.precision) {
    return fail(ErrorKind::Malformed,
                fmt::format("the lossless JPEG scan has predictor {} and point transform {}",
                            scan.spectral_start, scan.approximation_low));
  }
  if (state.restart_interval % state.frame.columns != 0) {
    return fail(ErrorKind::Malformed,
                fmt::format("the restart interval {} of lossless JPEG is not a number of rows",
                            state.restart_interval));
  }
  return {};
}

struct Output {
  const FrameFormat& format;
  std::span<std::byte> pixels;
  std::array<bool, kJpegComponentsMax> seen{};  ///< components whose scan has been
  Departures departures;
};

/// Puts a row, of the scan's components by pixel, where the frame has them.
void put_row(const JpegScan& scan, const JpegSamples& samples, const std::uint16_t* row,
             std::size_t y, Output& output) {
  const std::size_t n = scan.component_count;
  const std::size_t step = output.format.samples_per_pixel;
  const std::size_t sample_bytes = output.format.bits_allocated / 8U;
  std::byte* to = &output.pixels[y * output.format.columns * step * sample_bytes];
  bool in_order = n == step;
  for (std::size_t c = 0; c < n; ++c) in_order = in_order && scan.components[c].index == c;
  if (in_order) return samples.put(row, n * output.format.columns, to, 1);
  if (n == 1) {
    to += scan.components[0].index * sample_bytes;
    return samples.put(row, output.format.columns, to, step);
  }
  for (std::size_t x = 0; x < output.format.columns; ++x, to += step * sample_bytes) {
    for (std::size_t c = 0; c < n; ++c) {
      samples.put(row + x * n + c, 1, to + scan.components[c].index * sample_bytes, 1);
    }
  }
}

Result<std::vector<HuffmanTable>> scan_tables(const JpegState& state) {
  std::vector<HuffmanTable> tables;
  for (std::size_t c = 0; c < state.scan.component_count; ++c) {
    const HuffmanSpec& spec = state.dc_tables[state.scan.components[c].dc_table];
    PACS_TRY(tables.emplace_back(), HuffmanTable::create(spec, HuffmanTable::kLosslessCategoryMax));
  }
  return tables;
}

Result<> decode_scan(JpegState& state, Output& output) {
  PACS_TRY(check_scan(state));
  const JpegScan& scan = state.scan;
  for (std::size_t c = 0; c < scan.component_count; ++c) {
    if (std::exchange(output.seen[scan.components[c].index], true)) {
      return fail(ErrorKind::Malformed,
                  "a component is in two scans of the lossless JPEG codestream");
    }
  }
  PACS_TRY(const auto owned_tables, scan_tables(state));
  Tables tables{};
  for (std::size_t c = 0; c < scan.component_count; ++c) tables[c] = &owned_tables[c];
  PACS_TRY(const auto samples,
           JpegSamples::create(output.format, state.frame.precision, scan.approximation_low));
  const std::size_t columns = state.frame.columns;
  const std::size_t row_samples = columns * scan.component_count;
  EntropyReader reader{state.rest, row_samples * kSampleBytesMax};
  std::vector<std::uint16_t> above(row_samples);
  std::vector<std::uint16_t> row(row_samples);
  const auto& decoders = kRowDecoders[scan.component_count - 1];
  const std::size_t rows_per_interval = state.restart_interval / columns;
  // T.81 §H.1.2.1: the first sample is predicted as 2^(P-Pt-1), the rest of the first row from the
  // left; §H.1.1: so is the first row after a restart.
  const auto first_prediction =
      static_cast<std::uint16_t>(1U << (state.frame.precision - scan.approximation_low - 1));
  for (std::size_t y = 0; y < state.frame.rows; ++y) {
    const bool restarts = rows_per_interval != 0 && y % rows_per_interval == 0;
    const bool is_first = y == 0 || restarts;
    if (restarts && y != 0) {
      PACS_TRY(reader.restart(static_cast<std::uint32_t>(y / rows_per_interval - 1)));
    }
    if (is_first) std::fill_n(above.begin(), scan.component_count, first_prediction);
    const bool from_left = is_first && scan.spectral_start != 0;
    reader.prepare();
    decoders[from_left ? 1 : scan.spectral_start](
        reader.cursor, tables, {.above = above.data(), .row = row.data()}, columns);
    PACS_TRY(reader.check());
    put_row(scan, samples, row.data(), y, output);
    std::swap(above, row);
  }
  state.rest = reader.finish();
  if (reader.passed_padding()) output.departures.add(Departure::CodestreamPadding);
  return {};
}

/// T.81 Table B.2: process 14 has 2 to 16 bits. Its sampling factors could be 1 to 4; PS3.5 §8.2.1
/// leaves subsampling to lossy images.
Result<> check_process(const JpegFrame& frame) {
  if (frame.start_of_frame != kSofLossless) {
    return fail(ErrorKind::Unsupported,
                fmt::format("JPEG SOF{} is no lossless process with Huffman codes",
                            frame.start_of_frame - kSofBaseline));
  }
  if (frame.precision < 2 || frame.precision > 16) {
    return fail(ErrorKind::Malformed,
                fmt::format("lossless JPEG has no precision of {} bits", frame.precision));
  }
  for (std::size_t c = 0; c < frame.component_count && frame.component_count > 1; ++c) {
    if (frame.components[c].horizontal != 1 || frame.components[c].vertical != 1) {
      return fail(ErrorKind::Unsupported, "lossless JPEG with sampling factors over 1 is not read");
    }
  }
  return {};
}

}  // namespace
}  // namespace jpeg_lossless

Result<DecodedFrame> decode_jpeg_lossless(ByteView codestream, const FrameFormat& format,
                                          std::span<std::byte> pixels) {
  PACS_TRY(JpegState state, open_jpeg(codestream));
  PACS_TRY(jpeg_lossless::check_process(state.frame));
  PACS_TRY(const Departures departures, check_jpeg_frame(state.frame, format));
  jpeg_lossless::Output output{.format = format, .pixels = pixels, .departures = departures};
  while (true) {
    PACS_TRY(jpeg_lossless::decode_scan(state, output));
    PACS_TRY(const bool has_scan, next_jpeg_scan(state));
    if (!has_scan) break;
  }
  const auto seen = static_cast<std::size_t>(std::ranges::count(output.seen, true));
  if (seen != state.frame.component_count) {
    return fail(ErrorKind::Truncated,
                fmt::format("the JPEG codestream has scans of {} of {} components", seen,
                            state.frame.component_count));
  }
  DecodedFrame frame{.colour = format.colour, .planar = false, .departures = output.departures};
  if (format.colour == Colour::YbrFull422) {  // nothing is subsampled
    frame.colour = Colour::YbrFull;
    frame.departures.add(Departure::CodestreamColour);
  }
  return frame;
}

}  // namespace pacs::codecs
