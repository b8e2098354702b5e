#include "encoding/codecs/jpeg_header.h"

#include <fmt/format.h>

#include <algorithm>

namespace pacs::codecs {
namespace jpeg_markers {
namespace {

// T.81 Table B.1, second bytes.
enum Marker : std::uint8_t {
  Tem = 0x01,
  Dht = 0xC4,
  Jpg = 0xC8,
  Dac = 0xCC,
  Rst0 = 0xD0,
  Soi = 0xD8,
  Eoi = 0xD9,
  Sos = 0xDA,
  Dqt = 0xDB,
  Dri = 0xDD,
  App0 = 0xE0,
  App14 = 0xEE,
};

std::uint8_t byte_at(ByteView bytes, std::size_t i) {
  return std::to_integer<std::uint8_t>(bytes[i]);
}
std::uint16_t word_at(ByteView bytes, std::size_t i) {
  return load<std::uint16_t>(bytes.data() + i, ByteOrder::Big);
}

tl::unexpected<Error> cut() {
  return fail(ErrorKind::Truncated, "the JPEG codestream ends before its end of image marker");
}
tl::unexpected<Error> wrong_length(std::string_view segment) {
  return fail(ErrorKind::Malformed,
              fmt::format("the JPEG {} segment is shorter or longer than what it holds", segment));
}

/// Takes a marker, of whose fill bytes (T.81 §B.1.1.2) there may be any number.
Result<std::uint8_t> take_marker(ByteView& rest) {
  if (rest.empty()) return cut();
  if (byte_at(rest, 0) != 0xFF) {
    return fail(ErrorKind::Malformed,
                fmt::format("a JPEG marker should stand where byte {:02X}H is", byte_at(rest, 0)));
  }
  const auto code = std::ranges::find_if(rest, [](std::byte b) { return b != std::byte{0xFF}; });
  if (code == rest.end()) return cut();
  const auto marker = std::to_integer<std::uint8_t>(*code);
  rest = rest.subspan(code - rest.begin() + 1);
  return marker;
}

/// The segment behind a marker, without its length (T.81 §B.1.1.4).
Result<ByteView> take_segment(ByteView& rest) {
  if (rest.size() < 2) return cut();
  const std::size_t length = word_at(rest, 0);
  if (length < 2)
    return fail(ErrorKind::Malformed, "a JPEG marker segment is shorter than 2 bytes");
  if (length > rest.size()) return cut();
  const ByteView segment = rest.subspan(2, length - 2);
  rest = rest.subspan(length);
  return segment;
}

/// T.81 §B.2.2.
Result<> read_frame(std::uint8_t marker, ByteView segment, JpegFrame& frame) {
  if (frame.start_of_frame != 0) {
    return fail(ErrorKind::Malformed, "the JPEG codestream has a second frame header");
  }
  if (segment.size() < 6 || segment.size() != 6 + std::size_t{3} * byte_at(segment, 5)) {
    return wrong_length("SOF");
  }
  frame.start_of_frame = marker;
  frame.precision = byte_at(segment, 0);
  frame.rows = word_at(segment, 1);
  frame.columns = word_at(segment, 3);
  frame.component_count = byte_at(segment, 5);
  if (frame.component_count == 0 || frame.columns == 0) {
    return fail(ErrorKind::Malformed, "the JPEG frame header has no components or no columns");
  }
  // Not done: T.81 §B.2.5, the number of lines in a segment behind the first scan.
  if (frame.component_count > kJpegComponentsMax || frame.rows == 0) {
    return fail(ErrorKind::Unsupported,
                fmt::format("JPEG with {} components and {} rows in its frame header is not read",
                            frame.component_count, frame.rows));
  }
  for (std::size_t i = 0; i < frame.component_count; ++i) {
    JpegComponent& component = frame.components[i];
    component.id = byte_at(segment, 6 + 3 * i);
    component.horizontal = byte_at(segment, 7 + 3 * i) >> 4;
    component.vertical = byte_at(segment, 7 + 3 * i) & 0x0F;
    component.quantization_table = byte_at(segment, 8 + 3 * i);
    if (component.horizontal - 1U > 3 || component.vertical - 1U > 3 ||
        component.quantization_table >= kJpegTables) {
      return fail(ErrorKind::Malformed,
                  "a JPEG component's sampling factors or quantization table are out of range");
    }
  }
  return {};
}

/// T.81 §B.2.4.2.
Result<> read_huffman(ByteView segment, JpegState& state) {
  while (!segment.empty()) {
    if (segment.size() < 17) return wrong_length("DHT");
    const std::uint8_t kind = byte_at(segment, 0) >> 4;
    const std::uint8_t destination = byte_at(segment, 0) & 0x0F;
    if (kind > 1 || destination >= kJpegTables) {
      return fail(ErrorKind::Malformed, "a JPEG Huffman table has a destination out of range");
    }
    HuffmanSpec spec;
    for (std::size_t length = 1; length <= 16; ++length) {
      spec.codes_of_length[length] = byte_at(segment, length);
      spec.symbol_count += spec.codes_of_length[length];
    }
    if (spec.symbol_count > spec.symbols.size() || 17 + spec.symbol_count > segment.size()) {
      return wrong_length("DHT");
    }
    for (std::size_t i = 0; i < spec.symbol_count; ++i) spec.symbols[i] = byte_at(segment, 17 + i);
    (kind == 0 ? state.dc_tables : state.ac_tables)[destination] = spec;
    segment = segment.subspan(17 + spec.symbol_count);
  }
  return {};
}

/// T.81 §B.2.4.1.
Result<> read_quantization(ByteView segment, JpegState& state) {
  while (!segment.empty()) {
    const std::uint8_t wide = byte_at(segment, 0) >> 4;
    const std::uint8_t destination = byte_at(segment, 0) & 0x0F;
    if (wide > 1 || destination >= kJpegTables) {
      return fail(ErrorKind::Malformed, "a JPEG quantization table has a destination out of range");
    }
    const std::size_t size = wide != 0 ? 2 : 1;
    if (segment.size() < 1 + 64 * size) return wrong_length("DQT");
    auto& table = state.quantization[destination].emplace();
    for (std::size_t i = 0; i < table.size(); ++i) {
      table[i] = wide != 0 ? word_at(segment, 1 + 2 * i) : byte_at(segment, 1 + i);
    }
    segment = segment.subspan(1 + 64 * size);
  }
  return {};
}

/// T.81 §B.2.3.
Result<> read_scan(ByteView segment, JpegState& state) {
  const JpegFrame& frame = state.frame;
  if (frame.start_of_frame == 0) {
    return fail(ErrorKind::Malformed, "a JPEG scan stands before the frame header");
  }
  JpegScan scan;
  scan.component_count = segment.empty() ? 0 : byte_at(segment, 0);
  if (scan.component_count == 0 || scan.component_count > frame.component_count ||
      segment.size() != 4 + 2 * scan.component_count) {
    return wrong_length("SOS");
  }
  const auto components = std::span{frame.components}.first(frame.component_count);
  for (std::size_t i = 0; i < scan.component_count; ++i) {
    const auto found =
        std::ranges::find(components, byte_at(segment, 1 + 2 * i), &JpegComponent::id);
    const std::uint8_t tables = byte_at(segment, 2 + 2 * i);
    if (found == components.end() || tables >> 4 >= int{kJpegTables} ||
        (tables & 0x0F) >= int{kJpegTables}) {
      return fail(ErrorKind::Malformed,
                  "a JPEG scan names a component or a table that is not there");
    }
    scan.components[i] = {.index = static_cast<std::size_t>(found - components.begin()),
                          .dc_table = static_cast<std::uint8_t>(tables >> 4),
                          .ac_table = static_cast<std::uint8_t>(tables & 0x0F)};
  }
  const ByteView last = segment.last(3);
  scan.spectral_start = byte_at(last, 0);
  scan.spectral_end = byte_at(last, 1);
  scan.approximation_high = byte_at(last, 2) >> 4;
  scan.approximation_low = byte_at(last, 2) & 0x0F;
  state.scan = scan;
  return {};
}

bool is_frame_header(std::uint8_t marker) {
  return (marker & 0xF0) == 0xC0 && marker != Dht && marker != Jpg && marker != Dac;
}

Result<> read_segment(std::uint8_t marker, ByteView segment, JpegState& state) {
  if (is_frame_header(marker)) return read_frame(marker, segment, state.frame);
  switch (marker) {
    case Dht:
      return read_huffman(segment, state);
    case Dqt:
      return read_quantization(segment, state);
    case Sos:
      return read_scan(segment, state);
    case Dri:
      if (segment.size() != 2) return wrong_length("DRI");
      state.restart_interval = word_at(segment, 0);
      return {};
    case App0:
      if (as_text(segment).starts_with(std::string_view{"JFIF\0", 5})) state.frame.jfif = true;
      return {};
    case App14:
      // Adobe Technical Note 5116 §18: version, two words of flags, transform.
      if (segment.size() >= 12 && as_text(segment).starts_with("Adobe")) {
        state.frame.adobe_transform = byte_at(segment, 11);
      }
      return {};
    default:
      return {};  // comments, other applications, what other processes need
  }
}

}  // namespace
}  // namespace jpeg_markers

Result<bool> next_jpeg_scan(JpegState& state) {
  using jpeg_markers::Marker;
  while (true) {
    PACS_TRY(const std::uint8_t marker, jpeg_markers::take_marker(state.rest));
    if (marker == Marker::Eoi) return false;
    if (marker == Marker::Tem) continue;
    if (marker == 0 || (marker >= Marker::Rst0 && marker <= Marker::Soi)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("the JPEG marker FF{:02X}H stands where none such can", marker));
    }
    PACS_TRY(const ByteView segment, jpeg_markers::take_segment(state.rest));
    PACS_TRY(jpeg_markers::read_segment(marker, segment, state));
    if (marker == Marker::Sos) return true;
  }
}

Result<JpegState> open_jpeg(ByteView codestream) {
  JpegState state;
  state.rest = codestream;
  if (!codestream.empty()) {
    PACS_TRY(const std::uint8_t marker, jpeg_markers::take_marker(state.rest));
    if (marker != jpeg_markers::Soi) {
      return fail(ErrorKind::Malformed, "the frame does not begin with a JPEG start of image");
    }
  }
  PACS_TRY(const bool has_scan, next_jpeg_scan(state));
  if (!has_scan) return fail(ErrorKind::Malformed, "the JPEG codestream has no scan");
  return state;
}

Result<JpegFrame> read_jpeg_header(ByteView codestream) {
  PACS_TRY(const JpegState state, open_jpeg(codestream));
  return state.frame;
}

Result<Departures> check_jpeg_frame(const JpegFrame& frame, const FrameFormat& format) {
  const auto differs = [](std::string_view attribute, std::uint64_t said, std::uint64_t found) {
    return fail(ErrorKind::Mismatch,
                fmt::format("{} is {} and the JPEG codestream has {}", attribute, said, found));
  };
  if (frame.rows != format.rows) return differs("Rows", format.rows, frame.rows);
  if (frame.columns != format.columns) return differs("Columns", format.columns, frame.columns);
  if (frame.component_count != format.samples_per_pixel) {
    return differs("Samples per Pixel", format.samples_per_pixel, frame.component_count);
  }
  if (frame.precision > format.bits_allocated) {
    return differs("Bits Allocated", format.bits_allocated, frame.precision);
  }
  Departures departures;
  if (frame.precision != format.bits_stored) departures.add(Departure::CodestreamPrecision);
  return departures;
}

bool holds_ycbcr(const JpegFrame& frame, Colour said) {
  if (frame.component_count != 3) return false;
  if (frame.adobe_transform == 0) return false;
  if (frame.adobe_transform == 1 || frame.jfif) return true;
  const auto& [red, green, blue, none] = frame.components;
  if (red.id == 'R' && green.id == 'G' && blue.id == 'B') return false;
  return said != Colour::Rgb;
}

bool colour_departs(const JpegFrame& frame, Colour said) {
  return frame.component_count == 3 && holds_ycbcr(frame, said) == (said == Colour::Rgb);
}

}  // namespace pacs::codecs
