// High-Throughput JPEG 2000 (ITU-T T.814): written by OpenJPH, read by OpenJPEG. OpenJPH 0.9 reads
// more than twice as fast, but ends the process by assertions, which no handler of its messages
// sees, on what packet headers say of blocks (missing bit planes, passes, lengths). Only a reader
// of packet headers (T.800 §B.10) of our own could keep that from it, and nothing would watch its
// block decoder then. The one assertion of OpenJPEG that hostile blocks reach is kept from them by
// read_jpeg_2000_header.
#include <fmt/format.h>

#include <mutex>
#include <stdexcept>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_message.h>
#include <openjph/ojph_params.h>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/jpeg_2000_header.h"
#include "encoding/codecs/samples.h"

namespace pacs::codecs {
namespace {

/// Where OpenJPH's 32-bit coder is still lossless, with the bits that the transforms add.
constexpr unsigned kHtPrecisionMax = 24;

// NOLINTBEGIN(cppcoreguidelines-virtual-class-destructor): OpenJPH's bases have none; none is
// deleted
struct SilentInfo final : ojph::message_info {
  void operator()(int, const char*, int, const char*, ...) override {}
};
struct SilentWarning final : ojph::message_warning {
  void operator()(int, const char*, int, const char*, ...) override {}
};
struct ThrownError final : ojph::message_error {
  void operator()(int code, const char*, int, const char* text, ...) override {
    throw std::runtime_error(fmt::format("{} ({:#x})", text, code));
  }
};
// NOLINTEND(cppcoreguidelines-virtual-class-destructor)

/// OpenJPH prints to standard error and throws; here it only throws.
void silence_openjph() {
  static std::once_flag once;
  std::call_once(once, [] {
    static SilentInfo info;
    static SilentWarning warning;
    static ThrownError error;
    ojph::configure_info(&info);
    ojph::configure_warning(&warning);
    ojph::configure_error(&error);
  });
}

/// Bytes that OpenJPH writes; its own file in memory tells its size only while it is open.
struct HtOutput final : ojph::outfile_base {
  Bytes& bytes;

  explicit HtOutput(Bytes& to) : bytes(to) {}
  size_t write(const void* from, size_t size) override {
    append(bytes, ByteView{static_cast<const std::byte*>(from), size});
    return size;
  }
  ojph::si64 tell() override { return static_cast<ojph::si64>(bytes.size()); }
};

void encode_by_openjph(ByteView pixels, const FrameFormat& format, Bytes& out) {
  ojph::codestream codestream;
  ojph::param_siz size = codestream.access_siz();
  size.set_image_extent(ojph::point{format.columns, format.rows});
  size.set_num_components(format.samples_per_pixel);
  for (std::uint16_t i = 0; i < format.samples_per_pixel; ++i) {
    size.set_component(i, ojph::point{1, 1}, format.bits_stored, format.is_signed);
  }
  ojph::param_cod style = codestream.access_cod();
  style.set_reversible(true);
  style.set_color_transform(format.colour == Colour::Rgb);
  style.set_num_decomposition(levels_for_jpeg_2000(format));
  codestream.set_planar(false);
  HtOutput file{out};
  codestream.write_headers(&file);
  const SampleReader reader{pixels, format};
  ojph::ui32 component = 0;
  ojph::line_buf* line = codestream.exchange(nullptr, component);
  for (std::uint64_t row = 0; row < format.rows; ++row) {
    for (std::uint16_t i = 0; i < format.samples_per_pixel; ++i) {
      reader.take(row * format.columns, static_cast<std::uint16_t>(component),
                  {line->i32, format.columns});
      line = codestream.exchange(line, component);
    }
  }
  codestream.flush();
  codestream.close();
}

}  // namespace

Result<DecodedFrame> decode_htj2k(ByteView codestream, const FrameFormat& format,
                                  std::span<std::byte> pixels) {
  return decode_jpeg_2000(codestream, format, pixels);
}

Result<Colour> encode_htj2k(ByteView pixels, const FrameFormat& format, const EncodeOptions&,
                            Bytes& out) {
  PACS_TRY(check_encodes(format, 1, kHtPrecisionMax));
  out.clear();
  silence_openjph();
  try {
    encode_by_openjph(pixels, format, out);
  } catch (const std::exception& error) {
    return fail(ErrorKind::Internal, fmt::format("OpenJPH cannot encode: {}", error.what()));
  } catch (...) {
    return fail(ErrorKind::OutOfResources, "no memory to encode HTJ2K");
  }
  if (out.size() % 2 != 0) out.push_back(std::byte{0});  // PS3.5 §A.4
  return format.colour == Colour::Rgb ? Colour::YbrRct : format.colour;
}

}  // namespace pacs::codecs
