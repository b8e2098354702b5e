// JPEG 2000 (ITU-T T.800), by OpenJPEG, which decodes HTJ2K (ITU-T T.814) as well.
#include <fmt/format.h>
#include <openjpeg.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/jpeg_2000_header.h"
#include "encoding/codecs/samples.h"

namespace pacs::codecs {
namespace {

constexpr unsigned kJ2kDecodedPrecisionMax = 31;  // bits: OpenJPEG computes in 32
/// Where lossless encoding by OpenJPEG still is, with the bits that the transforms add.
constexpr unsigned kJ2kEncodedPrecisionMax = 24;
constexpr std::size_t kJ2kStreamBufferBytes = 64 * 1024;

using J2kCodec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using J2kStream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using J2kImage = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

/// What OpenJPEG says of an error: the first is the cause of the others.
struct J2kReport {
  std::string message;

  void listen(opj_codec_t* codec) {
    opj_set_error_handler(
        codec,
        [](const char* text, void* self) {
          std::string& first = static_cast<J2kReport*>(self)->message;
          if (!first.empty()) return;
          first = text;
          while (!first.empty() && (first.back() == '\n' || first.back() == '.')) first.pop_back();
        },
        this);
  }
  [[nodiscard]] tl::unexpected<Error> error() const {
    return fail(ErrorKind::Malformed,
                fmt::format("the JPEG 2000 codestream cannot be decoded: {}",
                            message.empty() ? "OpenJPEG does not say why" : message));
  }
};

/// Bytes that OpenJPEG reads.
struct J2kInput {
  ByteView bytes;
  std::size_t at = 0;

  static OPJ_SIZE_T read(void* to, OPJ_SIZE_T size, void* self) {
    auto& input = *static_cast<J2kInput*>(self);
    const std::size_t given = std::min(size, input.bytes.size() - input.at);
    if (given == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::copy_n(input.bytes.data() + input.at, given, static_cast<std::byte*>(to));
    input.at += given;
    return given;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T size, void* self) {
    auto& input = *static_cast<J2kInput*>(self);
    const auto rest = static_cast<OPJ_OFF_T>(input.bytes.size() - input.at);
    if (size < 0 || rest == 0) return -1;
    input.at += static_cast<std::size_t>(std::min(size, rest));
    return std::min(size, rest);
  }
  static OPJ_BOOL seek(OPJ_OFF_T to, void* self) {
    auto& input = *static_cast<J2kInput*>(self);
    if (to < 0 || static_cast<std::size_t>(to) > input.bytes.size()) return OPJ_FALSE;
    input.at = static_cast<std::size_t>(to);
    return OPJ_TRUE;
  }
  J2kStream open() {
    J2kStream stream{opj_stream_create(kJ2kStreamBufferBytes, OPJ_TRUE), &opj_stream_destroy};
    opj_stream_set_read_function(stream.get(), read);
    opj_stream_set_skip_function(stream.get(), skip);
    opj_stream_set_seek_function(stream.get(), seek);
    opj_stream_set_user_data(stream.get(), this, nullptr);
    opj_stream_set_user_data_length(stream.get(), bytes.size());
    return stream;
  }
};

Result<J2kImage> decode_j2k_image(ByteView codestream) {
  const J2kCodec codec{opj_create_decompress(OPJ_CODEC_J2K), &opj_destroy_codec};
  J2kReport report;
  report.listen(codec.get());
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  J2kInput input{codestream};
  const J2kStream stream = input.open();
  opj_image_t* read = nullptr;
  if (opj_setup_decoder(codec.get(), &parameters) == OPJ_FALSE ||
      opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) == OPJ_FALSE ||
      opj_read_header(stream.get(), codec.get(), &read) == OPJ_FALSE) {
    opj_image_destroy(read);
    return report.error();
  }
  J2kImage image{read, &opj_image_destroy};
  // It goes on after errors within packets and code blocks, which it reports all the same.
  if (opj_decode(codec.get(), stream.get(), image.get()) == OPJ_FALSE || !report.message.empty()) {
    return report.error();
  }
  return image;
}

}  // namespace

/// PS3.5 §8.2.4: "The Pixel Data characteristics included in the JPEG 2000 bit stream shall be used
/// to decode". Signs aside: the bits count, extended from the codestream's precision as Pixel
/// Representation says, which is what pydicom does (GDCM keeps them, but does not extend them).
Result<DecodedFrame> decode_jpeg_2000(ByteView codestream, const FrameFormat& format,
                                      std::span<std::byte> pixels) {
  PACS_TRY(const Jpeg2000Header header, read_jpeg_2000_header(codestream));
  DecodedFrame frame;
  PACS_TRY(frame.departures, check_shape(header.shape, format));
  if (header.shape.precision > kJ2kDecodedPrecisionMax) {
    return fail(ErrorKind::Unsupported, "JPEG 2000 samples of more than 31 bits");
  }
  frame.colour = colour_of_jpeg_2000(header, format, frame.departures);
  PACS_TRY(const J2kImage image, decode_j2k_image(header.codestream));
  const SampleWriter writer{header.shape, format, pixels};
  const std::uint64_t plane = std::uint64_t{format.rows} * format.columns;
  const std::uint32_t components = format.samples_per_pixel;
  for (std::uint32_t i = 0; i < components; ++i) {
    const opj_image_comp_t& component = image->comps[i];
    if (image->numcomps != components || component.data == nullptr ||
        component.w != format.columns || component.h != format.rows) {
      return fail(ErrorKind::Malformed, "OpenJPEG decoded another image than SIZ describes");
    }
    writer.put<std::int32_t>(i, components, {component.data, plane});
  }
  return frame;
}

namespace {

/// Bytes that OpenJPEG writes; it goes back to fill in lengths.
struct J2kOutput {
  Bytes& bytes;
  std::size_t at = 0;

  static OPJ_SIZE_T write(void* from, OPJ_SIZE_T size, void* self) {
    auto& output = *static_cast<J2kOutput*>(self);
    output.bytes.resize(std::max(output.bytes.size(), output.at + size));
    std::copy_n(static_cast<const std::byte*>(from), size, output.bytes.data() + output.at);
    output.at += size;
    return size;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T size, void* self) {
    static_cast<J2kOutput*>(self)->at += static_cast<std::size_t>(size);
    return size;
  }
  static OPJ_BOOL seek(OPJ_OFF_T to, void* self) {
    static_cast<J2kOutput*>(self)->at = static_cast<std::size_t>(to);
    return OPJ_TRUE;
  }
  J2kStream open() {
    J2kStream stream{opj_stream_create(kJ2kStreamBufferBytes, OPJ_FALSE), &opj_stream_destroy};
    opj_stream_set_write_function(stream.get(), write);
    opj_stream_set_skip_function(stream.get(), skip);
    opj_stream_set_seek_function(stream.get(), seek);
    opj_stream_set_user_data(stream.get(), this, nullptr);
    return stream;
  }
};

J2kImage j2k_image_of(ByteView pixels, const FrameFormat& format) {
  std::vector<opj_image_cmptparm_t> shapes(format.samples_per_pixel);
  for (opj_image_cmptparm_t& shape : shapes) {
    shape.dx = shape.dy = 1;
    shape.w = format.columns;
    shape.h = format.rows;
    shape.prec = format.bits_stored;
    shape.sgnd = format.is_signed ? 1 : 0;
  }
  J2kImage image{
      opj_image_create(format.samples_per_pixel, shapes.data(),
                       format.samples_per_pixel == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB),
      &opj_image_destroy};
  if (!image) throw std::bad_alloc();
  image->x1 = format.columns;
  image->y1 = format.rows;
  const SampleReader reader{pixels, format};
  for (std::uint16_t i = 0; i < format.samples_per_pixel; ++i) {
    reader.take(0, i, {image->comps[i].data, std::size_t{format.rows} * format.columns});
  }
  return image;
}

opj_cparameters_t lossless_j2k_parameters(const FrameFormat& format) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.tcp_rates[0] = 0;  // everything
  parameters.cp_disto_alloc = 1;
  parameters.tcp_mct = format.colour == Colour::Rgb ? 1 : 0;
  parameters.numresolution = static_cast<int>(levels_for_jpeg_2000(format)) + 1;
  return parameters;
}

}  // namespace

/// PS3.5 §A.4.4: the reversible transforms only.
Result<Colour> encode_jpeg_2000(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                                Bytes& out) {
  PACS_TRY(check_encodes(format, 1, kJ2kEncodedPrecisionMax));
  out.clear();
  const J2kCodec codec{opj_create_compress(OPJ_CODEC_J2K), &opj_destroy_codec};
  J2kReport report;
  report.listen(codec.get());
  const J2kImage image = j2k_image_of(pixels, format);
  opj_cparameters_t parameters = lossless_j2k_parameters(format);
  J2kOutput output{out};
  J2kStream stream = output.open();
  if (opj_setup_encoder(codec.get(), &parameters, image.get()) == OPJ_FALSE ||
      opj_start_compress(codec.get(), image.get(), stream.get()) == OPJ_FALSE ||
      opj_encode(codec.get(), stream.get()) == OPJ_FALSE ||
      opj_end_compress(codec.get(), stream.get()) == OPJ_FALSE) {
    return fail(ErrorKind::Internal,
                fmt::format("OpenJPEG cannot encode the frame: {}", report.message));
  }
  stream.reset();
  if (out.size() % 2 != 0) out.push_back(std::byte{0});  // PS3.5 §A.4
  return format.colour == Colour::Rgb ? Colour::YbrRct : format.colour;
}

}  // namespace pacs::codecs
