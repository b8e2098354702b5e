// Deflated Image Frame Compression (PS3.5 §A.4.13): each frame a deflate stream of its own
// (RFC 1951), whatever its pixels are.
#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "encoding/codecs/codecs.h"
#include "encoding/codecs/halved_chroma.h"
#include "encoding/scan/inflate.h"

namespace pacs::codecs {
namespace {

/// Some writers put a zlib or gzip header before the stream. As a raw stream it would begin with a
/// stored block whose length has to stand there twice, or with an undefined block: so the raw
/// stream is tried first, and what is broken as all three is broken.
libdeflate_result inflate_frame(ByteView codestream, std::span<std::byte> pixels,
                                std::size_t& taken, std::size_t& given, Departures& departures) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater{
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor};
  if (!inflater) throw std::bad_alloc();
  const auto run = [&](auto* inflate) {
    return inflate(inflater.get(), codestream.data(), codestream.size(), pixels.data(),
                   pixels.size(), &taken, &given);
  };
  const libdeflate_result raw = run(libdeflate_deflate_decompress_ex);
  if (raw != LIBDEFLATE_BAD_DATA) return raw;
  libdeflate_result wrapped = run(libdeflate_zlib_decompress_ex);
  if (wrapped == LIBDEFLATE_BAD_DATA) wrapped = run(libdeflate_gzip_decompress_ex);
  if (wrapped != LIBDEFLATE_BAD_DATA) departures.add(Departure::ZlibHeader);
  return wrapped;
}

}  // namespace

Result<DecodedFrame> decode_deflated_frame(ByteView codestream, const FrameFormat& format,
                                           std::span<std::byte> pixels) {
  DecodedFrame frame{.colour = format.colour, .planar = format.planar, .departures = {}};
  std::size_t taken = 0;
  std::size_t given = 0;
  const auto answer = inflate_frame(codestream, pixels, taken, given, frame.departures);
  if (may_halve_chroma(format)) {  // natively it has half its chroma
    frame.colour = Colour::YbrFull;
    const bool has_half = given == halved_chroma_bytes(format) && given < pixels.size();
    if (answer == LIBDEFLATE_SUCCESS && has_half) {
      const Bytes halved(pixels.begin(), pixels.begin() + static_cast<std::ptrdiff_t>(given));
      PACS_TRY(double_chroma(format, halved, pixels));
      frame.planar = false;
      given = pixels.size();
    }
  }
  if (answer == LIBDEFLATE_BAD_DATA) {
    return fail(ErrorKind::Malformed, "the deflate stream is broken or ends too early");
  }
  if (answer != LIBDEFLATE_SUCCESS || given != pixels.size()) {
    return fail(ErrorKind::Mismatch,
                fmt::format("the frame does not inflate to the {} bytes that Rows, Columns, "
                            "Samples per Pixel and Bits Allocated make",
                            pixels.size()));
  }
  // PS3.5 §A.4.13: "a single trailing NULL byte", of which some writers leave more.
  if (!std::ranges::all_of(codestream.subspan(taken),
                           [](std::byte b) { return b == std::byte{}; })) {
    return fail(ErrorKind::Malformed, "bytes follow the end of the deflate stream");
  }
  return frame;
}

/// PS3.5 §8.2.16: "there are no restrictions on the values of Pixel Data Related Attributes".
Result<Colour> encode_deflated_frame(ByteView pixels, const FrameFormat& format,
                                     const EncodeOptions&, Bytes& out) {
  PACS_TRY(out, deflate_all(pixels));
  return format.colour;
}

}  // namespace pacs::codecs
