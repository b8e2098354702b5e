// What a JPEG codestream says of itself in its marker segments (ITU-T T.81 Annex B), and how that
// is held against the data set.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/result.h"
#include "encoding/codecs/frame_format.h"
#include "encoding/scan/departure.h"

namespace pacs::codecs {

inline constexpr std::size_t kJpegComponentsMax = 4;
inline constexpr std::size_t kJpegTables = 4;  // destinations of each kind

/// T.81 Table B.1, second bytes of the markers that the decoders tell apart.
inline constexpr std::uint8_t kSofBaseline = 0xC0, kSofExtended = 0xC1, kSofProgressive = 0xC2,
                              kSofLossless = 0xC3;

struct JpegComponent {
  std::uint8_t id = 0;
  std::uint8_t horizontal = 1, vertical = 1;  ///< sampling factors
  std::uint8_t quantization_table = 0;
};

/// T.81 §B.2.2 and the two application segments that tell about colour.
struct JpegFrame {
  std::uint8_t start_of_frame = 0;  ///< the marker's second byte: which process
  std::uint8_t precision = 0;       ///< bits of a sample
  std::uint16_t rows = 0, columns = 0;
  std::size_t component_count = 0;
  std::array<JpegComponent, kJpegComponentsMax> components{};
  bool jfif = false;                            ///< APP0 "JFIF"
  std::optional<std::uint8_t> adobe_transform;  ///< of APP14 "Adobe"
};

/// T.81 §B.2.4.2, as it came: how many codes of each length, and their symbols in order.
struct HuffmanSpec {
  std::array<std::uint8_t, 17> codes_of_length{};  ///< [0] is unused
  std::array<std::uint8_t, 256> symbols{};
  std::size_t symbol_count = 0;  ///< 0: not defined
};

/// T.81 §B.2.3.
struct JpegScan {
  struct Component {
    std::size_t index;  ///< into JpegFrame::components
    std::uint8_t dc_table, ac_table;
  };
  std::size_t component_count = 0;
  std::array<Component, kJpegComponentsMax> components{};
  std::uint8_t spectral_start = 0;  ///< lossless: the predictor
  std::uint8_t spectral_end = 0;
  std::uint8_t approximation_high = 0;
  std::uint8_t approximation_low = 0;  ///< lossless: the point transform
};

/// What the marker segments up to a place in the codestream have said.
struct JpegState {
  ByteView rest;  ///< behind them
  JpegFrame frame;
  JpegScan scan;  ///< the one whose entropy-coded data `rest` begins with
  std::array<HuffmanSpec, kJpegTables> dc_tables, ac_tables;
  std::array<std::optional<std::array<std::uint16_t, 64>>, kJpegTables> quantization;  ///< zigzag
  std::uint32_t restart_interval = 0;
};

/// Reads SOI and what follows up to the first scan.
Result<JpegState> open_jpeg(ByteView codestream);
/// Goes on from `rest`, which begins with a marker, to the next scan; false at the end of image.
Result<bool> next_jpeg_scan(JpegState& state);
/// The same without the tables.
Result<JpegFrame> read_jpeg_header(ByteView codestream);

/// Rows, Columns and Samples per Pixel are equal and the samples fit Bits Allocated, or Mismatch.
/// Another precision than Bits Stored is a departure.
Result<Departures> check_jpeg_frame(const JpegFrame& frame, const FrameFormat& format);

/// Whether the three components of a DCT codestream are Y, Cb and Cr. As libjpeg decides, and
/// where it guesses the data set is asked: Adobe APP14 transform 0 is RGB and 1 is YCbCr; JFIF is
/// YCbCr; component identifiers 'R', 'G', 'B' are RGB; else Photometric Interpretation RGB is RGB
/// and everything else YCbCr. Lossless codestreams (T.81 Annex H) have no colour of their own:
/// their samples are what Photometric Interpretation says.
[[nodiscard]] bool holds_ycbcr(const JpegFrame& frame, Colour said);
/// Whether that is other than Photometric Interpretation says: Departure::CodestreamColour.
[[nodiscard]] bool colour_departs(const JpegFrame& frame, Colour said);

}  // namespace pacs::codecs
