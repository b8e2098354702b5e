// JPEG XL (ISO/IEC 18181), by libjxl.
#include <fmt/format.h>
#include <jxl/decode.h>

#include <limits>
#include <memory>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/samples.h"

namespace pacs::codecs {
namespace {

using XlDecoder = std::unique_ptr<JxlDecoder, decltype(&JxlDecoderDestroy)>;

constexpr unsigned kXlPrecisionMax = 16;  // bits: libjxl 0.7 gives no wider integers

tl::unexpected<Error> xl_error(JxlDecoderStatus status) {
  if (status == JXL_DEC_NEED_MORE_INPUT) {
    return fail(ErrorKind::Truncated, "the JPEG XL codestream ends too early");
  }
  return fail(ErrorKind::Malformed, "libjxl cannot decode the JPEG XL codestream");
}

Result<CodestreamShape> xl_shape(const JxlDecoder* decoder, const FrameFormat& format) {
  JxlBasicInfo info{};
  const JxlDecoderStatus status = JxlDecoderGetBasicInfo(decoder, &info);
  if (status != JXL_DEC_SUCCESS) return xl_error(status);
  if (info.exponent_bits_per_sample != 0 || info.bits_per_sample > kXlPrecisionMax) {
    return fail(ErrorKind::Unsupported, "JPEG XL samples that are not integers of up to 16 bits");
  }
  if (info.have_animation != 0 || info.have_preview != 0) {
    return fail(ErrorKind::Unsupported, "JPEG XL of more than one image");
  }
  return CodestreamShape{.rows = info.ysize,
                         .columns = info.xsize,
                         .samples_per_pixel = info.num_color_channels + info.num_extra_channels,
                         .precision = info.bits_per_sample,
                         .is_signed = format.is_signed};
}

/// libjxl scales samples to the whole range of the integers that it gives, and version 0.7 has no
/// call against that: back to the codestream's range, rounded, which is exact, as libjxl keeps 24
/// bits in between.
template <typename Value>
void xl_scale_back(std::span<Value> values, unsigned precision) {
  constexpr std::uint32_t kFull = std::numeric_limits<Value>::max();
  const std::uint32_t full = (std::uint32_t{1} << precision) - 1;
  if (full == kFull) return;
  for (Value& value : values) value = static_cast<Value>((value * full + kFull / 2) / kFull);
}

/// Goes on to the next event, which has to be `wanted`.
Result<> xl_advance(JxlDecoder* decoder, JxlDecoderStatus wanted) {
  const JxlDecoderStatus status = JxlDecoderProcessInput(decoder);
  if (status == wanted) return {};
  return xl_error(status);
}

template <typename Value>
Result<> decode_xl_values(JxlDecoder* decoder, const CodestreamShape& shape,
                          const FrameFormat& format, std::span<std::byte> pixels) {
  const JxlPixelFormat as{.num_channels = shape.samples_per_pixel,
                          .data_type = sizeof(Value) == 1 ? JXL_TYPE_UINT8 : JXL_TYPE_UINT16,
                          .endianness = JXL_LITTLE_ENDIAN,
                          .align = 0};
  const std::size_t size = format.samples() * sizeof(Value);
  Bytes aside(format.bits_allocated == 1 ? size : 0);  // samples that take more room than the frame
  std::byte* const to = aside.empty() ? pixels.data() + (pixels.size() - size) : aside.data();
  PACS_TRY(xl_advance(decoder, JXL_DEC_NEED_IMAGE_OUT_BUFFER));
  const JxlDecoderStatus set = JxlDecoderSetImageOutBuffer(decoder, &as, to, size);
  if (set != JXL_DEC_SUCCESS) return xl_error(set);
  PACS_TRY(xl_advance(decoder, JXL_DEC_FULL_IMAGE));
  const std::span values{reinterpret_cast<Value*>(to), format.samples()};
  xl_scale_back(values, shape.precision);
  const bool extends = format.is_signed && shape.precision < format.bits_allocated;
  if (extends || to != pixels.data()) SampleWriter{shape, format, pixels}.put<Value>(0, 1, values);
  return {};
}

}  // namespace

/// PS3.5 §8.2.15. Whatever the codestream's own colour space, XYB and the YCbCr of a JPEG included,
/// libjxl gives RGB.
Result<DecodedFrame> decode_jpeg_xl(ByteView codestream, const FrameFormat& format,
                                    std::span<std::byte> pixels) {
  const XlDecoder decoder{JxlDecoderCreate(nullptr), &JxlDecoderDestroy};
  if (!decoder) return fail(ErrorKind::OutOfResources, "no memory to decode JPEG XL");
  JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE);
  JxlDecoderSetKeepOrientation(decoder.get(), JXL_TRUE);
  JxlDecoderSetInput(decoder.get(), reinterpret_cast<const std::uint8_t*>(codestream.data()),
                     codestream.size());
  PACS_TRY(xl_advance(decoder.get(), JXL_DEC_BASIC_INFO));
  PACS_TRY(const CodestreamShape shape, xl_shape(decoder.get(), format));
  DecodedFrame frame;
  PACS_TRY(frame.departures, check_shape(shape, format));
  frame.colour = format.colour;
  if (shape.samples_per_pixel == 3) {
    frame.colour = Colour::Rgb;
    if (format.colour == Colour::YbrRct || format.colour == Colour::YbrIct) {
      frame.departures.add(Departure::CodestreamColour);
    }
  }
  if (shape.precision <= 8) {
    PACS_TRY(decode_xl_values<std::uint8_t>(decoder.get(), shape, format, pixels));
  } else {
    PACS_TRY(decode_xl_values<std::uint16_t>(decoder.get(), shape, format, pixels));
  }
  return frame;
}

}  // namespace pacs::codecs
