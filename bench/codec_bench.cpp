// Decoding one frame from the same codestream: by us, by DCMTK's and GDCM's codecs in this process,
// and by the bare library that an adapter of ours calls. One thread; items are pixels. Benchmarks
// are named codec/size/who; bench/peers/compare.py puts them into ratios.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <gdcmImageReader.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/bare_codecs.h"
#include "bench/bench_images.h"
#include "encoding/codecs/frame_codec.h"

namespace {

using namespace pacs;

void must(bool done) {
  if (!done) std::abort();
}
void must(const OFCondition& done) {
  must(done.good());
}

/// A Part 10 file in memory with one frame, native.
std::unique_ptr<DcmFileFormat> native_file(const FrameFormat& format, ByteView pixels) {
  auto file = std::make_unique<DcmFileFormat>();
  DcmDataset& to = *file->getDataset();
  to.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
  to.putAndInsertString(DCM_SOPInstanceUID, "1.2.3");
  to.putAndInsertString(DCM_PhotometricInterpretation,
                        format.samples_per_pixel == 3 ? "RGB" : "MONOCHROME2");
  const std::pair<DcmTagKey, std::uint32_t> numbers[] = {
      {DCM_SamplesPerPixel, format.samples_per_pixel},
      {DCM_Rows, format.rows},
      {DCM_Columns, format.columns},
      {DCM_BitsAllocated, format.bits_allocated},
      {DCM_BitsStored, format.bits_stored},
      {DCM_HighBit, format.bits_stored - 1U},
      {DCM_PixelRepresentation, 0},
      {DCM_PlanarConfiguration, 0}};
  for (const auto& [tag, number] : numbers) {
    must(to.putAndInsertUint16(tag, static_cast<Uint16>(number)));
  }
  if (format.bits_allocated == 8) {
    must(to.putAndInsertUint8Array(DCM_PixelData, reinterpret_cast<const Uint8*>(pixels.data()),
                                   pixels.size()));
  } else {
    must(to.putAndInsertUint16Array(DCM_PixelData, reinterpret_cast<const Uint16*>(pixels.data()),
                                    pixels.size() / 2));
  }
  return file;
}

DcmPixelData& pixel_data(DcmDataset& data_set) {
  DcmElement* element = nullptr;
  must(data_set.findAndGetElement(DCM_PixelData, element));
  return *static_cast<DcmPixelData*>(element);
}

/// JPEG Lossless, which we do not write.
Bytes by_dcmtk(const FrameFormat& format, ByteView pixels) {
  const auto file = native_file(format, pixels);
  const DJ_RPLossless lossless;
  must(file->getDataset()->chooseRepresentation(EXS_JPEGProcess14SV1, &lossless));
  DcmPixelSequence* fragments = nullptr;
  DcmPixelItem* item = nullptr;
  Uint8* bytes = nullptr;
  must(pixel_data(*file->getDataset())
           .getEncapsulatedRepresentation(EXS_JPEGProcess14SV1, &lossless, fragments));
  must(fragments->getItem(item, 1));
  must(item->getUint8Array(bytes));
  const auto* first = reinterpret_cast<const std::byte*>(bytes);
  return {first, first + item->getLength()};
}

/// One frame in a codec, ready for each of those who are to decode it.
struct Coded {
  std::string_view name;
  Codec codec;
  E_TransferSyntax syntax;
  FrameFormat format;

  void make() {
    if (!codestream.empty()) return;
    const Bytes pixels = bench::pixels_of(format);
    EncodeFrame* const encode =
        codec == Codec::JpegXl ? bench::encode_by_libjxl : find_frame_codec(codec)->encode;
    if (encode == nullptr) {
      codestream = by_dcmtk(format, pixels);
    } else {
      const auto encoded = encode(pixels, format, {}, codestream);
      must(encoded.has_value());
      format.colour = *encoded;
    }
  }
  /// The file with the codestream as its only fragment.
  std::unique_ptr<DcmFileFormat> file() const {
    auto made = native_file(format, Bytes(format.bytes()));
    auto* const fragments = new DcmPixelSequence(DcmTag(DCM_PixelSequenceTag, EVR_OB));
    fragments->insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag, EVR_OB)));
    auto* const item = new DcmPixelItem(DcmTag(DCM_PixelItemTag, EVR_OB));
    must(item->putUint8Array(reinterpret_cast<const Uint8*>(codestream.data()),
                             static_cast<Uint32>(codestream.size())));
    fragments->insert(item);
    pixel_data(*made->getDataset()).putOriginalRepresentation(syntax, nullptr, fragments);
    if (format.samples_per_pixel == 3) {
      must(made->getDataset()->putAndInsertString(DCM_PhotometricInterpretation, "YBR_FULL_422"));
    }
    return made;
  }
  std::string part_10() const {
    const auto made = file();
    std::string bytes(codestream.size() + 65536, '\0');
    DcmOutputBufferStream stream(bytes.data(), bytes.size());
    made->transferInit();
    must(made->write(stream, syntax, EET_ExplicitLength, nullptr));
    made->transferEnd();
    void* start = nullptr;
    offile_off_t length = 0;
    stream.flushBuffer(start, length);
    bytes.resize(static_cast<std::size_t>(length));
    return bytes;
  }

  Bytes codestream{};
};

void count(benchmark::State& state, const FrameFormat& format) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(format.rows) *
                          format.columns);
}

void ours(benchmark::State& state, Coded& frame) {
  frame.make();
  Bytes pixels(frame.format.bytes());
  for (auto _ : state) {
    must(find_frame_codec(frame.codec)->decode(frame.codestream, frame.format, pixels).has_value());
    benchmark::DoNotOptimize(pixels.data());
  }
  count(state, frame.format);
}

void bare(benchmark::State& state, Coded& frame, bench::BareDecoder* decode) {
  frame.make();
  Bytes pixels(frame.format.bytes());
  for (auto _ : state) {
    must(decode(frame.codestream, pixels));
    benchmark::DoNotOptimize(pixels.data());
  }
  count(state, frame.format);
}

void dcmtk(benchmark::State& state, Coded& frame) {
  frame.make();
  const auto file = frame.file();
  for (auto _ : state) {
    state.PauseTiming();
    DcmDataset copy(*file->getDataset());
    state.ResumeTiming();
    must(copy.chooseRepresentation(EXS_LittleEndianExplicit, nullptr));
  }
  count(state, frame.format);
}

/// GDCM decodes each time it is asked for the pixels.
void gdcm_reads(benchmark::State& state, Coded& frame) {
  frame.make();
  std::istringstream bytes(frame.part_10());
  gdcm::ImageReader reader;
  reader.SetStream(bytes);
  must(reader.Read());
  const gdcm::Image& image = reader.GetImage();
  std::vector<char> pixels(image.GetBufferLength());
  for (auto _ : state) {
    must(image.GetBuffer(pixels.data()));
    benchmark::DoNotOptimize(pixels.data());
  }
  count(state, frame.format);
}

void encoding(benchmark::State& state, const Coded& frame, EncodeFrame* encode) {
  const Bytes pixels = bench::pixels_of(frame.format);
  Bytes codestream;
  for (auto _ : state) {
    must(encode(pixels, frame.format, {}, codestream).has_value());
    benchmark::DoNotOptimize(codestream.data());
  }
  count(state, frame.format);
}

using bench::kCt, bench::kMammogram, bench::kPhotograph, bench::kUltrasound;

// What GDCM calls for JPEG-LS has the names of DCMTK's CharLS, so one process holds only the one.
Coded frames[] = {
    {"rle/512x512x12", Codec::Rle, EXS_RLELossless, kCt},
    {"rle/3000x4000x16", Codec::Rle, EXS_RLELossless, kMammogram},
    {"jpeg_lossless/512x512x12", Codec::JpegLossless, EXS_JPEGProcess14SV1, kCt},
    {"jpeg_lossless/3000x4000x16", Codec::JpegLossless, EXS_JPEGProcess14SV1, kMammogram},
    {"jpeg/512x512x8", Codec::Jpeg, EXS_JPEGProcess1, kUltrasound},
    {"jpeg/3000x4000x8x3", Codec::Jpeg, EXS_JPEGProcess1, kPhotograph},
    {"jpeg_ls/512x512x12", Codec::JpegLs, EXS_JPEGLSLossless, kCt},
    {"jpeg_ls/3000x4000x16", Codec::JpegLs, EXS_JPEGLSLossless, kMammogram},
    {"jpeg_2000/512x512x12", Codec::Jpeg2000, EXS_JPEG2000LosslessOnly, kCt},
    {"jpeg_2000/3000x4000x16", Codec::Jpeg2000, EXS_JPEG2000LosslessOnly, kMammogram},
    {"htj2k/512x512x12", Codec::Htj2k, EXS_Unknown, kCt},
    {"htj2k/3000x4000x16", Codec::Htj2k, EXS_Unknown, kMammogram},
    {"jpeg_xl/3000x4000x16", Codec::JpegXl, EXS_Unknown, kMammogram},
};

bench::BareDecoder* bare_decoder(Codec codec) {
  switch (codec) {
    case Codec::Jpeg:
      return bench::libjpeg_turbo;
    case Codec::JpegLs:
      return bench::charls;
    case Codec::Jpeg2000:
    case Codec::Htj2k:
      return bench::openjpeg;
    case Codec::JpegXl:
      return bench::libjxl;
    default:
      return nullptr;
  }
}

void add(std::string_view name, const char* who,
         const std::function<void(benchmark::State&)>& measure) {
  benchmark::RegisterBenchmark((std::string{name} + "/" + who).c_str(), measure)
      ->MeasureProcessCPUTime();  // GDCM lets OpenJPEG use several threads
}

void add_all() {
  for (Coded& frame : frames) {
    add(frame.name, "ours", [&](auto& state) { ours(state, frame); });
    if (auto* decode = bare_decoder(frame.codec)) {
      add(frame.name, "bare", [&frame, decode](auto& state) { bare(state, frame, decode); });
    }
    const bool high_throughput = frame.codec == Codec::Htj2k;
    const bool others_read = frame.syntax != EXS_Unknown;
    // DCMTK 3.6.7 frees what it has not allocated with a JPEG-LS frame of this size.
    const bool breaks_dcmtk = frame.name == "jpeg_ls/3000x4000x16";
    if (others_read && frame.codec != Codec::Jpeg2000 && !breaks_dcmtk) {
      add(frame.name, "dcmtk", [&](auto& state) { dcmtk(state, frame); });
    }
    if (others_read && frame.codec != Codec::JpegLs) {
      add(frame.name, "gdcm", [&](auto& state) { gdcm_reads(state, frame); });
    }
    if (high_throughput) {
      const std::string name = "to_" + std::string{frame.name};
      add(frame.name, "openjph", [&](auto& state) { bare(state, frame, bench::openjph); });
      add(name, "ours",
          [&](auto& state) { encoding(state, frame, find_frame_codec(Codec::Htj2k)->encode); });
      add(name, "bare", [&](auto& state) { encoding(state, frame, bench::encode_by_openjph); });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  DJDecoderRegistration::registerCodecs();
  DJEncoderRegistration::registerCodecs();
  DJLSDecoderRegistration::registerCodecs();
  DcmRLEDecoderRegistration::registerCodecs();
  add_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
