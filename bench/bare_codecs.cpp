#include "bench/bare_codecs.h"

#include <cstdio>
#include <cstring>

#include <charls/charls.h>
#include <jpeglib.h>
#include <jxl/decode.h>
#include <jxl/encode.h>
#include <openjpeg.h>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>

#include "core/bytes.h"

namespace pacs::bench {

bool libjpeg_turbo(ByteView codestream, std::span<std::byte> pixels) {
  jpeg_decompress_struct decoder{};
  jpeg_error_mgr errors{};
  decoder.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(codestream.data()),
               codestream.size());
  jpeg_read_header(&decoder, TRUE);
  jpeg_start_decompress(&decoder);
  auto* row = reinterpret_cast<JSAMPROW>(pixels.data());
  while (decoder.output_scanline < decoder.output_height) {
    jpeg_read_scanlines(&decoder, &row, 1);
    row += decoder.output_width * static_cast<unsigned>(decoder.output_components);
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return true;
}

bool charls(ByteView codestream, std::span<std::byte> pixels) {
  const ::charls::jpegls_decoder decoder{codestream.data(), codestream.size(), true};
  decoder.decode(pixels.data(), pixels.size());
  return true;
}

namespace {

struct Input {
  ByteView bytes;
  std::size_t at = 0;

  static OPJ_SIZE_T read(void* to, OPJ_SIZE_T size, void* self) {
    auto& input = *static_cast<Input*>(self);
    const std::size_t given = std::min(size, input.bytes.size() - input.at);
    if (given == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::memcpy(to, input.bytes.data() + input.at, given);
    input.at += given;
    return given;
  }
};

}  // namespace

bool openjpeg(ByteView codestream, std::span<std::byte> pixels) {
  opj_codec_t* const codec = opj_create_decompress(OPJ_CODEC_J2K);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  Input input{codestream};
  opj_stream_t* const stream = opj_stream_default_create(OPJ_TRUE);
  opj_stream_set_read_function(stream, Input::read);
  opj_stream_set_user_data(stream, &input, nullptr);
  opj_stream_set_user_data_length(stream, codestream.size());
  opj_image_t* image = nullptr;
  const bool done = opj_setup_decoder(codec, &parameters) == OPJ_TRUE &&
                    opj_read_header(stream, codec, &image) == OPJ_TRUE &&
                    opj_decode(codec, stream, image) == OPJ_TRUE;
  if (done) {
    auto* const to = reinterpret_cast<std::uint16_t*>(pixels.data());
    const OPJ_INT32* const from = image->comps[0].data;
    for (std::size_t i = 0; i < pixels.size() / 2; ++i) to[i] = static_cast<std::uint16_t>(from[i]);
  }
  opj_image_destroy(image);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  return done;
}

bool openjph(ByteView codestream, std::span<std::byte> pixels) {
  ojph::mem_infile file;
  file.open(reinterpret_cast<const ojph::ui8*>(codestream.data()), codestream.size());
  ojph::codestream decoder;
  decoder.read_headers(&file);
  decoder.create();
  const ojph::point size = decoder.access_siz().get_image_extent();
  auto* to = reinterpret_cast<std::uint16_t*>(pixels.data());
  for (ojph::ui32 row = 0; row < size.y; ++row) {
    ojph::ui32 component = 0;
    const ojph::line_buf* const line = decoder.pull(component);
    for (ojph::ui32 i = 0; i < size.x; ++i) *to++ = static_cast<std::uint16_t>(line->i32[i]);
  }
  decoder.close();
  return true;
}

Result<Colour> encode_by_openjph(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                                 Bytes& out) {
  ojph::codestream encoder;
  ojph::param_siz size = encoder.access_siz();
  size.set_image_extent(ojph::point{format.columns, format.rows});
  size.set_num_components(1);
  size.set_component(0, ojph::point{1, 1}, format.bits_stored, false);
  ojph::param_cod style = encoder.access_cod();
  style.set_reversible(true);
  encoder.set_planar(false);
  ojph::mem_outfile file;
  file.open();
  encoder.write_headers(&file);
  ojph::ui32 component = 0;
  ojph::line_buf* line = encoder.exchange(nullptr, component);
  const auto* from = reinterpret_cast<const std::uint16_t*>(pixels.data());
  for (std::uint32_t row = 0; row < format.rows; ++row) {
    for (std::uint32_t i = 0; i < format.columns; ++i) line->i32[i] = *from++;
    line = encoder.exchange(line, component);
  }
  encoder.flush();
  const auto* first = reinterpret_cast<const std::byte*>(file.get_data());
  out.assign(first, first + file.tell());
  encoder.close();
  return format.colour;
}

namespace {

constexpr JxlPixelFormat kXlPixels{
    .num_channels = 1, .data_type = JXL_TYPE_UINT16, .endianness = JXL_LITTLE_ENDIAN, .align = 0};

}  // namespace

/// As libjxl gives them: spread over all 16 bits.
bool libjxl(ByteView codestream, std::span<std::byte> pixels) {
  JxlDecoder* const decoder = JxlDecoderCreate(nullptr);
  JxlDecoderSubscribeEvents(decoder, JXL_DEC_FULL_IMAGE);
  JxlDecoderSetInput(decoder, reinterpret_cast<const std::uint8_t*>(codestream.data()),
                     codestream.size());
  const bool done = JxlDecoderProcessInput(decoder) == JXL_DEC_NEED_IMAGE_OUT_BUFFER &&
                    JxlDecoderSetImageOutBuffer(decoder, &kXlPixels, pixels.data(),
                                                pixels.size()) == JXL_DEC_SUCCESS &&
                    JxlDecoderProcessInput(decoder) == JXL_DEC_FULL_IMAGE;
  JxlDecoderDestroy(decoder);
  return done;
}

Result<Colour> encode_by_libjxl(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                                Bytes& out) {
  JxlEncoder* const encoder = JxlEncoderCreate(nullptr);
  JxlBasicInfo info;
  JxlEncoderInitBasicInfo(&info);
  info.xsize = format.columns;
  info.ysize = format.rows;
  info.num_color_channels = 1;
  info.bits_per_sample = 16;
  info.uses_original_profile = JXL_TRUE;
  JxlColorEncoding grey;
  JxlColorEncodingSetToSRGB(&grey, JXL_TRUE);
  JxlEncoderFrameSettings* const frame = JxlEncoderFrameSettingsCreate(encoder, nullptr);
  const bool taken =
      JxlEncoderSetBasicInfo(encoder, &info) == JXL_ENC_SUCCESS &&
      JxlEncoderSetColorEncoding(encoder, &grey) == JXL_ENC_SUCCESS &&
      JxlEncoderSetFrameLossless(frame, JXL_TRUE) == JXL_ENC_SUCCESS &&
      JxlEncoderAddImageFrame(frame, &kXlPixels, pixels.data(), pixels.size()) == JXL_ENC_SUCCESS;
  JxlEncoderCloseInput(encoder);
  out.resize(format.bytes() + 65536);  // more than it takes
  auto* next = reinterpret_cast<std::uint8_t*>(out.data());
  std::size_t left = out.size();
  const bool done = taken && JxlEncoderProcessOutput(encoder, &next, &left) == JXL_ENC_SUCCESS;
  out.resize(out.size() - left);
  JxlEncoderDestroy(encoder);
  if (!done) return fail(ErrorKind::Malformed, "libjxl cannot encode this");
  return format.colour;
}

}  // namespace pacs::bench
