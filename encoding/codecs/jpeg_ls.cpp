// JPEG-LS, lossless and near-lossless (ITU-T T.87), by CharLS.
#include <charls/charls.h>
#include <fmt/format.h>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/samples.h"

namespace pacs::codecs {
namespace {

constexpr unsigned kLsPrecisionMin = 2;  // bits, as ITU-T T.87 §C.2.2 allows
constexpr unsigned kLsPrecisionMax = 16;

tl::unexpected<Error> ls_error(const charls::jpegls_error& error) {
  const auto code = static_cast<charls::jpegls_errc>(error.code().value());
  const bool cut = code == charls::jpegls_errc::source_buffer_too_small;
  const bool unread = code == charls::jpegls_errc::encoding_not_supported ||
                      code == charls::jpegls_errc::parameter_value_not_supported ||
                      code == charls::jpegls_errc::color_transform_not_supported ||
                      code == charls::jpegls_errc::bit_depth_for_transform_not_supported;
  return fail(cut      ? ErrorKind::Truncated
              : unread ? ErrorKind::Unsupported
                       : ErrorKind::Malformed,
              fmt::format("the JPEG-LS codestream cannot be decoded: {}", error.what()));
}

/// CharLS gives samples of up to 8 bits as bytes, else as two; by pixel or, of scans that are not
/// interleaved, component by component.
template <typename Value>
void decode_ls_values(const charls::jpegls_decoder& decoder, const CodestreamShape& shape,
                      const FrameFormat& format, std::span<std::byte> pixels) {
  const std::uint64_t count = format.samples();
  const std::size_t size = count * sizeof(Value);
  const SampleWriter writer{shape, format, pixels};
  const auto values = [](const std::byte* at, std::uint64_t length) {
    return std::span{reinterpret_cast<const Value*>(at), length};
  };
  if (format.samples_per_pixel > 1 && decoder.interleave_mode() == charls::interleave_mode::none) {
    Bytes planes(size);
    decoder.decode(planes.data(), planes.size());
    const std::uint64_t plane = count / format.samples_per_pixel;
    for (std::uint64_t i = 0; i < format.samples_per_pixel; ++i) {
      writer.put(i, format.samples_per_pixel,
                 values(planes.data() + i * plane * sizeof(Value), plane));
    }
    return;
  }
  std::byte* const to = pixels.data() + (pixels.size() - size);
  decoder.decode(to, size);
  const bool extends = format.is_signed && shape.precision < format.bits_allocated;
  if (extends || size != pixels.size()) writer.put(0, 1, values(to, count));
}

/// T.87 does not say whether samples are signed: they are extended as Pixel Representation says.
Result<DecodedFrame> decode_ls(ByteView codestream, const FrameFormat& format,
                               std::span<std::byte> pixels) {
  const charls::jpegls_decoder decoder{codestream.data(), codestream.size(), true};
  const charls::frame_info& info = decoder.frame_info();
  const CodestreamShape shape{.rows = info.height,
                              .columns = info.width,
                              .samples_per_pixel = static_cast<std::uint32_t>(info.component_count),
                              .precision = static_cast<unsigned>(info.bits_per_sample),
                              .is_signed = format.is_signed};
  DecodedFrame frame;
  PACS_TRY(frame.departures, check_shape(shape, format));
  frame.colour = colour_as_labelled(format.colour, frame.departures);
  if (shape.precision <= 8) {
    decode_ls_values<std::uint8_t>(decoder, shape, format, pixels);
  } else {
    decode_ls_values<std::uint16_t>(decoder, shape, format, pixels);
  }
  return frame;
}

/// Without NULs behind EOI; empty where there is no EOI.
ByteView ls_up_to_eoi(ByteView codestream) {
  while (!codestream.empty() && codestream.back() == std::byte{0}) {
    codestream = codestream.first(codestream.size() - 1);
  }
  const std::size_t size = codestream.size();
  const bool ends = size >= 4 && codestream[size - 2] == std::byte{0xFF} &&
                    codestream[size - 1] == std::byte{0xD9};
  return ends ? codestream : ByteView{};
}

/// Without the byte before EOI that some writers put there to make the length even (PS3.5 §A.4 has
/// it behind EOI); empty where there is no such byte.
Bytes without_ls_padding(ByteView codestream) {
  if (codestream[codestream.size() - 3] != std::byte{0}) return {};
  Bytes stripped(codestream.begin(), codestream.end() - 3);
  append(stripped, codestream.last(2));
  return stripped;
}

/// A last byte of zeros may be one of the scan, so padding is looked for only where CharLS finds
/// that the scan ends before it.
bool may_be_ls_padding(const charls::jpegls_error& error) {
  const auto code = static_cast<charls::jpegls_errc>(error.code().value());
  return code == charls::jpegls_errc::too_much_encoded_data ||
         code == charls::jpegls_errc::jpeg_marker_start_byte_not_found;
}

}  // namespace

Result<DecodedFrame> decode_jpeg_ls(ByteView codestream, const FrameFormat& format,
                                    std::span<std::byte> pixels) {
  // CharLS 2.4 does not always return from the end of its input, so there has to be an EOI.
  codestream = ls_up_to_eoi(codestream);
  if (codestream.empty()) return fail(ErrorKind::Truncated, "the JPEG-LS codestream has no EOI");
  Bytes stripped;
  try {
    return decode_ls(codestream, format, pixels);
  } catch (const charls::jpegls_error& error) {
    if (may_be_ls_padding(error)) stripped = without_ls_padding(codestream);
    if (stripped.empty()) return ls_error(error);
  }
  try {
    PACS_TRY(DecodedFrame frame, decode_ls(stripped, format, pixels));
    frame.departures.add(Departure::CodestreamPadding);
    return frame;
  } catch (const charls::jpegls_error& error) {
    return ls_error(error);
  }
}

namespace {

/// Interleaved by pixel, and nothing above Bits Stored.
template <typename Value>
Bytes ls_stored_bits(ByteView pixels, const FrameFormat& format) {
  const std::uint64_t count = format.samples();
  const std::uint64_t planes = format.planar ? format.samples_per_pixel : 1;
  const std::uint64_t plane = count / planes;
  const std::size_t sample_bytes = format.bits_allocated / 8;
  const auto mask = static_cast<Value>((std::uint32_t{1} << format.bits_stored) - 1);
  Bytes values(count * sizeof(Value));
  const std::byte* from = pixels.data();
  for (std::uint64_t first = 0; first < planes; ++first) {
    std::byte* to = values.data() + first * sizeof(Value);
    for (std::uint64_t i = 0; i < plane; ++i) {
      store(to, static_cast<Value>(load<Value>(from, ByteOrder::Little) & mask), ByteOrder::Little);
      from += sample_bytes;
      to += planes * sizeof(Value);
    }
  }
  return values;
}

void encode_ls(ByteView values, const FrameFormat& format, Bytes& out) {
  charls::jpegls_encoder encoder;
  encoder.frame_info({format.columns, format.rows, format.bits_stored, format.samples_per_pixel});
  encoder.interleave_mode(format.samples_per_pixel == 1 ? charls::interleave_mode::none
                                                        : charls::interleave_mode::line);
  encoder.encoding_options(charls::encoding_options::even_destination_size);
  out.resize(encoder.estimated_destination_size());
  encoder.destination(out.data(), out.size());
  out.resize(encoder.encode(values.data(), values.size()));
}

}  // namespace

Result<Colour> encode_jpeg_ls(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                              Bytes& out) {
  PACS_TRY(check_encodes(format, kLsPrecisionMin, kLsPrecisionMax));
  const bool as_it_is = !format.planar && format.bits_stored == format.bits_allocated;
  try {
    if (as_it_is) {
      encode_ls(pixels, format, out);
    } else if (format.bits_stored <= 8) {
      encode_ls(ls_stored_bits<std::uint8_t>(pixels, format), format, out);
    } else {
      encode_ls(ls_stored_bits<std::uint16_t>(pixels, format), format, out);
    }
  } catch (const charls::jpegls_error& error) {
    return fail(ErrorKind::Internal, fmt::format("CharLS cannot encode: {}", error.what()));
  }
  return format.colour;
}

}  // namespace pacs::codecs
