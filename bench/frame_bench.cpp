// Frames of stored objects: as pictures, one out of many, and all of them in another transfer
// syntax on one thread and on two. Benchmarks are named as those of codec_bench; items are pixels.
#include <cstdlib>
#include <memory>

#include <benchmark/benchmark.h>

#include "bench/bench_images.h"
#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/header_blob.h"
#include "encoding/pixels/coded_frames.h"
#include "encoding/pixels/stored_image.h"
#include "encoding/pixels/transcoder.h"
#include "integration/thread_adapter.h"

namespace {

using namespace pacs;

void must(bool done) {
  if (!done) std::abort();
}

DataSet image_of(const FrameFormat& format, std::string_view photometric) {
  DataSet set;
  set.set_text(tags::SOPClassUID, uids::SecondaryCaptureImageStorage);
  set.set_text(tags::SOPInstanceUID, "1.2.3");
  set.set_text(tags::PhotometricInterpretation, photometric);
  for (const auto& [tag, number] :
       {std::pair<Tag, int>{tags::SamplesPerPixel, format.samples_per_pixel},
        {tags::Rows, static_cast<int>(format.rows)},
        {tags::Columns, static_cast<int>(format.columns)},
        {tags::BitsAllocated, format.bits_allocated},
        {tags::BitsStored, format.bits_stored},
        {tags::HighBit, format.bits_stored - 1},
        {tags::PixelRepresentation, format.is_signed ? 1 : 0},
        {tags::PlanarConfiguration, 0}}) {
    set.set_integer(tag, VR::US, number);
  }
  return set;
}

/// Rendering to 8 bits without encoding; `window`: an explicit one.
void render(benchmark::State& state, FrameFormat format, std::string_view photometric,
            bool window) {
  DataSet set = image_of(format, photometric);
  if (window) {
    set.set_text(tags::WindowCenter, "2048");
    set.set_text(tags::WindowWidth, "3000");
  }
  const PixelFormat pixel = *pixel_format(set);
  const Bytes pixels = bench::pixels_of(format);
  FramePixels what;
  what.format = pixel.frame;
  Departures met;
  for (auto _ : state) {
    const auto image = render_frame(set, pixel, what, pixels, 0, {}, met);
    must(image.has_value());
    benchmark::DoNotOptimize(image->bytes.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(format.rows) *
                          format.columns);
}

/// An object with so many frames, all of one codestream, as it lies in the archive.
struct Multiframe {
  const TransferSyntax& syntax;
  Bytes codestream{};
  Bytes header{};  ///< as the index keeps it
  ReadStored stored{};

  Multiframe(Codec codec, std::uint32_t frames)
      : syntax(*find_transfer_syntax(find_frame_codec(codec)->written_as)) {
    must(find_frame_codec(codec)
             ->encode(bench::pixels_of(bench::kCt), bench::kCt, {}, codestream)
             .has_value());
    DataSet set = image_of(bench::kCt, "MONOCHROME2");
    set.set_integer(tags::NumberOfFrames, VR::IS, frames);
    const auto owner = std::make_shared<Bytes>(codestream);
    set.set(Element::fragments(kPixelData, VR::OB,
                               {{}, std::vector<ByteView>(frames, ByteView{*owner})}, owner));
    const SharedBytes bytes = share(write_data_set(set, syntax).value());
    HeaderReader reader{syntax};
    must(reader.feed(bytes.view).has_value());
    header = encode_header(reader.finish().value()).value();
    stored = stored_in(bytes);
  }
  [[nodiscard]] Header read_header() const { return decode_header(share(Bytes{header})).value(); }
};

/// What a request for one frame costs behind the index and the disk.
void one_of_400(benchmark::State& state, Codec codec) {
  const Multiframe object{codec, 400};
  Bytes pixels(bench::kCt.bytes());
  for (auto _ : state) {
    const auto image = StoredImage::open(object.read_header(), object.syntax, object.stored);
    must(image.has_value());
    must(image->decode(200, pixels).has_value());
  }
}

void alone(benchmark::State& state, Codec codec) {
  const Multiframe object{codec, 1};
  Bytes pixels(bench::kCt.bytes());
  for (auto _ : state) {
    must(find_frame_codec(codec)->decode(object.codestream, bench::kCt, pixels).has_value());
  }
}

/// To Explicit VR Little Endian, as a worker of the server does it.
void transcode_all(benchmark::State& state, Codec codec, std::size_t threads) {
  constexpr std::uint32_t kFrames = 64;
  const Multiframe object{codec, kFrames};
  integration::WorkPool workers{threads - 1};
  const auto for_each = [&](std::size_t count, const std::function<void(std::size_t)>& work) {
    workers.for_each(count, work);
  };
  for (auto _ : state) {
    TranscodeOptions options{.frames_at_once = kFramesAtOnce};
    if (threads > 1) options.for_each = for_each;
    auto pieces = transcode(object.read_header(), object.syntax.uid, uids::ExplicitVRLittleEndian,
                            object.stored, std::move(options));
    must(pieces.has_value());
    for (ByteView piece = (*pieces)().value(); !piece.empty(); piece = (*pieces)().value()) {
      benchmark::DoNotOptimize(piece.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * kFrames * 512 * 512);
}

constexpr FrameFormat kColour{
    .rows = 512, .columns = 512, .samples_per_pixel = 3, .colour = Colour::Rgb};

BENCHMARK_CAPTURE(render, 16_bit_window, bench::kCt, "MONOCHROME2", true);
BENCHMARK_CAPTURE(render, 16_bit, bench::kCt, "MONOCHROME2", false);
BENCHMARK_CAPTURE(render, 8_bit, bench::kUltrasound, "MONOCHROME2", false);
BENCHMARK_CAPTURE(render, rgb, kColour, "RGB", false);
BENCHMARK_CAPTURE(render, ybr, kColour, "YBR_FULL", false);
BENCHMARK_CAPTURE(one_of_400, jpeg_2000, Codec::Jpeg2000);
BENCHMARK_CAPTURE(alone, jpeg_2000, Codec::Jpeg2000);
BENCHMARK_CAPTURE(one_of_400, rle, Codec::Rle);
BENCHMARK_CAPTURE(alone, rle, Codec::Rle);
BENCHMARK_CAPTURE(transcode_all, one_core, Codec::JpegLs, 1)->UseRealTime();
BENCHMARK_CAPTURE(transcode_all, two_cores, Codec::JpegLs, 2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
