// JPEG of 8 bits: baseline, extended sequential and progressive (ITU-T T.81), by libjpeg-turbo. It
// reports errors by longjmp: only lambdas without destructors run under a setjmp here.
#include <fmt/format.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>  // its codes depend on what jpeglib.h defines

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/jpeg_extended.h"
#include "encoding/codecs/samples.h"

namespace pacs::codecs {
namespace {

/// Of a progressive codestream. Encoders write about ten; each scan goes over the whole image, so
/// that a few hundred bytes could keep a core busy for hours. Large images are allowed fewer.
constexpr int kJpegScansMax = 200;
constexpr int kJpegScansMin = 16;
constexpr std::uint64_t kJpegScannedPixelsMax = 1ULL << 30;

int jpeg_scans_max(const jpeg_decompress_struct& library) {
  const std::uint64_t pixels = std::uint64_t{library.image_height} * library.image_width;
  const std::uint64_t scans = kJpegScannedPixelsMax / std::max<std::uint64_t>(pixels, 1);
  return static_cast<int>(std::clamp<std::uint64_t>(scans, kJpegScansMin, kJpegScansMax));
}

/// What libjpeg reports of one frame.
struct JpegReport {
  jpeg_error_mgr handlers{};
  std::jmp_buf back{};
  int error = 0;
  bool ends_early = false;  ///< the codestream's bytes end before EOI
  bool is_broken = false;   ///< samples were made up
  char message[JMSG_LENGTH_MAX]{};
};

JpegReport& jpeg_report_of(j_common_ptr codec) {
  return *static_cast<JpegReport*>(codec->client_data);
}

[[noreturn]] void leave_jpeg(j_common_ptr codec) {
  JpegReport& report = jpeg_report_of(codec);
  report.error = codec->err->msg_code;
  codec->err->format_message(codec, report.message);
  std::longjmp(report.back, 1);  // NOLINT(cert-err52-cpp): the only way out of libjpeg
}

/// libjpeg goes on after these with samples that it makes up.
void note_jpeg_warning(j_common_ptr codec, int level) {
  if (level >= 0) return;
  JpegReport& report = jpeg_report_of(codec);
  switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF:
      report.ends_early = true;
      return;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
      if (!report.is_broken) codec->err->format_message(codec, report.message);
      report.is_broken = true;
      return;
    default:  // bytes between markers, versions of headers
      return;
  }
}

void limit_jpeg_scans(j_common_ptr codec) {
  auto* const decoder = reinterpret_cast<j_decompress_ptr>(codec);
  const int most = jpeg_scans_max(*decoder);
  if (decoder->input_scan_number <= most) return;
  JpegReport& report = jpeg_report_of(codec);
  std::snprintf(report.message, sizeof report.message, "it has more than %d scans", most);
  std::longjmp(report.back, 1);  // NOLINT(cert-err52-cpp): the only way out of libjpeg
}

void set_up_jpeg_report(JpegReport& report) {
  jpeg_std_error(&report.handlers);
  report.handlers.error_exit = leave_jpeg;
  report.handlers.emit_message = note_jpeg_warning;
  report.handlers.output_message = [](j_common_ptr) {};
}

/// False when libjpeg left by its error handler. `calls` must hold nothing that is destroyed.
template <typename Calls>
bool jpeg_runs(JpegReport& report, Calls calls) {
  if (setjmp(report.back) != 0) return false;  // NOLINT(cert-err52-cpp): as above
  calls();
  return true;
}

struct JpegDecoder {
  jpeg_decompress_struct library{};
  jpeg_progress_mgr progress{};
  JpegReport report;

  JpegDecoder() {
    set_up_jpeg_report(report);
    library.err = &report.handlers;
    library.client_data = &report;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&library); }

  bool read_header(ByteView codestream) {
    return jpeg_runs(report, [&] {
      jpeg_create_decompress(&library);
      library.client_data = &report;
      library.progress = &progress;
      progress.progress_monitor = limit_jpeg_scans;
      jpeg_mem_src(&library, reinterpret_cast<const unsigned char*>(codestream.data()),
                   codestream.size());
      jpeg_read_header(&library, TRUE);
    });
  }
  [[nodiscard]] tl::unexpected<Error> error() const {
    const bool cut = report.ends_early || report.error == JERR_INPUT_EMPTY ||
                     report.error == JERR_INPUT_EOF || report.error == JERR_NO_IMAGE;
    const bool unread = report.error == JERR_SOF_UNSUPPORTED || report.error == JERR_EMPTY_IMAGE ||
                        report.error == JERR_CONVERSION_NOTIMPL;
    return fail(cut      ? ErrorKind::Truncated
                : unread ? ErrorKind::Unsupported
                         : ErrorKind::Malformed,
                fmt::format("the JPEG codestream cannot be decoded: {}",
                            report.message[0] != 0 ? report.message : "it ends too early"));
  }
};

/// What the three components of a codestream are: APP14 of Adobe says it (transform 0: RGB, 1:
/// YCbCr), else a JFIF header does (YCbCr), else components called R, G and B, else the data set.
bool jpeg_is_ycbcr(const jpeg_decompress_struct& library, Colour label) {
  if (library.saw_Adobe_marker != 0) return library.Adobe_transform != 0;
  if (library.saw_JFIF_marker != 0) return true;
  const jpeg_component_info* const components = library.comp_info;
  if (components[0].component_id == 'R' && components[1].component_id == 'G' &&
      components[2].component_id == 'B') {
    return false;
  }
  return label != Colour::Rgb;
}

Result<> set_jpeg_colours(jpeg_decompress_struct& library, const FrameFormat& format,
                          DecodedFrame& frame) {
  if (library.num_components == 1) {
    library.jpeg_color_space = library.out_color_space = JCS_GRAYSCALE;
    frame.colour = format.colour == Colour::Palette ? Colour::Palette : Colour::Monochrome;
    return {};
  }
  if (library.num_components != 3) {
    return fail(ErrorKind::Unsupported,
                fmt::format("JPEG of {} components is not supported", library.num_components));
  }
  const bool ycbcr = jpeg_is_ycbcr(library, format.colour);
  library.jpeg_color_space = ycbcr ? JCS_YCbCr : JCS_RGB;
  library.out_color_space = JCS_RGB;
  frame.colour = Colour::Rgb;
  if (ycbcr == (format.colour == Colour::Rgb)) frame.departures.add(Departure::CodestreamColour);
  return {};
}

/// Line by line into the frame; samples of more bytes, or bits below them, by way of `line`.
bool decode_jpeg_lines(JpegDecoder& decoder, const FrameFormat& format, const SampleWriter& writer,
                       std::span<std::byte> pixels, std::vector<std::uint8_t>& line) {
  jpeg_decompress_struct& library = decoder.library;
  const bool direct = format.bits_allocated == 8;
  const std::uint64_t line_samples = std::uint64_t{format.columns} * format.samples_per_pixel;
  return jpeg_runs(decoder.report, [&] {
    jpeg_start_decompress(&library);
    while (library.output_scanline < library.output_height) {
      const std::uint64_t first = library.output_scanline * line_samples;
      JSAMPROW row = direct ? reinterpret_cast<JSAMPROW>(pixels.data() + first) : line.data();
      jpeg_read_scanlines(&library, &row, 1);
      if (!direct) writer.put<std::uint8_t>(first, 1, line);
    }
    // A second image or bytes behind EOI are no matter of the frame's, so not finish_decompress.
  });
}

}  // namespace

Result<DecodedFrame> decode_jpeg(ByteView codestream, const FrameFormat& format,
                                 std::span<std::byte> pixels) {
  JpegDecoder decoder;
  jpeg_decompress_struct& library = decoder.library;
  if (!decoder.read_header(codestream)) {
    if (decoder.report.error == JERR_BAD_PRECISION && library.data_precision == 12) {
      return decode_jpeg_12_bit(codestream, format, pixels);
    }
    return decoder.error();
  }
  const CodestreamShape shape{
      .rows = library.image_height,
      .columns = library.image_width,
      .samples_per_pixel = static_cast<std::uint32_t>(library.num_components),
      .precision = 8,
      .is_signed = format.is_signed};
  DecodedFrame frame;
  PACS_TRY(frame.departures, check_shape(shape, format));
  PACS_TRY(set_jpeg_colours(library, format, frame));
  std::vector<std::uint8_t> line(
      format.bits_allocated == 8 ? 0 : std::size_t{format.columns} * format.samples_per_pixel);
  const SampleWriter writer{shape, format, pixels};
  if (!decode_jpeg_lines(decoder, format, writer, pixels, line)) return decoder.error();
  // What is missing of a codestream of one scan are at most bytes behind its samples, or samples
  // were made up; of more scans a whole one may be missing.
  const bool cut = decoder.report.ends_early && jpeg_has_multiple_scans(&library) != 0;
  if (cut || decoder.report.is_broken) return decoder.error();
  return frame;
}

namespace {

struct JpegEncoder {
  jpeg_compress_struct library{};
  JpegReport report;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;

  JpegEncoder() {
    set_up_jpeg_report(report);
    library.err = &report.handlers;
    library.client_data = &report;
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
  ~JpegEncoder() {
    jpeg_destroy_compress(&library);
    std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): of jpeg_mem_dest
  }

  void start(const FrameFormat& format, int quality) {
    jpeg_create_compress(&library);
    library.client_data = &report;
    jpeg_mem_dest(&library, &bytes, &size);
    library.image_width = format.columns;
    library.image_height = format.rows;
    library.input_components = format.samples_per_pixel;
    library.in_color_space = format.samples_per_pixel == 1  ? JCS_GRAYSCALE
                             : format.colour == Colour::Rgb ? JCS_RGB
                                                            : JCS_YCbCr;
    jpeg_set_defaults(&library);
    jpeg_set_quality(&library, quality, TRUE);
    if (format.samples_per_pixel == 3) {
      // PS3.3 §C.7.6.3.1.2, YBR_FULL_422: the chroma of two pixels in a row are one.
      library.comp_info[0].h_samp_factor = 2;
      library.comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(&library, TRUE);
  }
};

void interleave_jpeg_line(ByteView pixels, const FrameFormat& format, std::uint64_t row,
                          std::vector<std::uint8_t>& line) {
  const std::uint64_t plane = std::uint64_t{format.rows} * format.columns;
  for (std::uint64_t column = 0; column < format.columns; ++column) {
    for (std::uint64_t sample = 0; sample < 3; ++sample) {
      line[column * 3 + sample] =
          std::to_integer<std::uint8_t>(pixels[sample * plane + row * format.columns + column]);
    }
  }
}

Result<> check_encodes_as_jpeg(const FrameFormat& format) {
  const bool monochrome = format.samples_per_pixel == 1 && format.colour == Colour::Monochrome;
  const bool colours = format.samples_per_pixel == 3 &&
                       (format.colour == Colour::Rgb || format.colour == Colour::YbrFull);
  if ((monochrome || colours) && format.bits_allocated == 8 && format.bits_stored == 8 &&
      !format.is_signed && format.rows <= JPEG_MAX_DIMENSION &&
      format.columns <= JPEG_MAX_DIMENSION && format.bytes() != 0) {
    return {};
  }
  // PS3.5 §8.2.1, Table 8.2.1-1.
  return fail(ErrorKind::Unsupported,
              "JPEG Baseline takes MONOCHROME, RGB and YBR_FULL of 8 unsigned bits");
}

}  // namespace

Result<Colour> encode_jpeg(ByteView pixels, const FrameFormat& format, const EncodeOptions& options,
                           Bytes& out) {
  PACS_TRY(check_encodes_as_jpeg(format));
  JpegEncoder encoder;
  jpeg_compress_struct& library = encoder.library;
  const bool planar = format.planar && format.samples_per_pixel == 3;
  const std::size_t line_bytes = std::size_t{format.columns} * format.samples_per_pixel;
  std::vector<std::uint8_t> line(line_bytes);
  const bool encoded = jpeg_runs(encoder.report, [&] {
    encoder.start(format, options.jpeg_quality);
    while (library.next_scanline < library.image_height) {
      const std::uint64_t row = library.next_scanline;
      if (planar) {
        interleave_jpeg_line(pixels, format, row, line);
      } else {
        std::memcpy(line.data(), pixels.data() + row * line_bytes, line_bytes);
      }
      JSAMPROW to = line.data();
      jpeg_write_scanlines(&library, &to, 1);
    }
    jpeg_finish_compress(&library);
  });
  if (!encoded) {
    return fail(ErrorKind::Internal,
                fmt::format("libjpeg cannot encode the frame: {}", encoder.report.message));
  }
  const ByteView bytes = std::as_bytes(std::span{encoder.bytes, encoder.size});
  out.assign(bytes.begin(), bytes.end());
  if (out.size() % 2 != 0) out.push_back(std::byte{0});  // PS3.5 §A.4
  return format.samples_per_pixel == 1 ? Colour::Monochrome : Colour::YbrFull422;
}

}  // namespace pacs::codecs
