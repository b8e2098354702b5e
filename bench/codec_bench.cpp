// Decoding one frame, by us and by DCMTK's codecs in this process, from the same codestream. One
// thread; items are pixels. What DCMTK writes is decoded: JPEG Lossless and RLE. (Its JPEG-LS is a
// CharLS of its own, whose names are those of the library that we use.)
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "encoding/codecs/frame_codec.h"

namespace {

using namespace pacs;

struct Size {
  std::uint16_t rows, columns, bits;
};
constexpr Size kCt{512, 512, 12}, kMammogram{3000, 4000, 16};

/// A disc of soft waves and noise in a dark field: as images are, neither flat nor random.
std::vector<Uint16> pixels_of(const Size& size) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 1 << (size.bits - 9));
  const double top = (1 << size.bits) - 1;
  std::vector<Uint16> pixels;
  for (int y = 0; y < size.rows; ++y) {
    for (int x = 0; x < size.columns; ++x) {
      const double u = 2.0 * x / size.columns - 1, v = 2.0 * y / size.rows - 1;
      const double inside = u * u + v * v < 0.8 ? 0.5 + 0.2 * std::sin(9 * u) * std::cos(7 * v) : 0;
      const double value = inside == 0 ? 0 : inside * top + noise(random);
      pixels.push_back(static_cast<Uint16>(std::fmin(std::fmax(value, 0), top)));
    }
  }
  return pixels;
}

/// A data set with one frame, as DCMTK writes it in a transfer syntax.
struct Coded {
  Coded(const Size& size, E_TransferSyntax as, const DcmRepresentationParameter* how) : syntax(as) {
    const std::vector<Uint16> pixels = pixels_of(size);
    DcmDataset& to = *file.getDataset();
    to.putAndInsertString(DCM_SOPClassUID, UID_CTImageStorage);
    to.putAndInsertString(DCM_SOPInstanceUID, "1.2.3");
    to.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
    const std::pair<DcmTagKey, Uint16> numbers[] = {
        {DCM_SamplesPerPixel, 1},    {DCM_Rows, size.rows},
        {DCM_Columns, size.columns}, {DCM_BitsAllocated, 16},
        {DCM_BitsStored, size.bits}, {DCM_HighBit, static_cast<Uint16>(size.bits - 1)},
        {DCM_PixelRepresentation, 0}};
    for (const auto& [tag, number] : numbers) to.putAndInsertUint16(tag, number);
    to.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
    if (to.chooseRepresentation(as, how).bad()) std::abort();
    to.removeAllButCurrentRepresentations();
    format = {size.rows, size.columns, 1, 16, size.bits};
    DcmElement* element = nullptr;
    DcmPixelSequence* fragments = nullptr;
    DcmPixelItem* item = nullptr;
    Uint8* bytes = nullptr;
    to.findAndGetElement(DCM_PixelData, element);
    if (static_cast<DcmPixelData*>(element)
            ->getEncapsulatedRepresentation(as, how, fragments)
            .bad() ||
        fragments->getItem(item, 1).bad() || item->getUint8Array(bytes).bad()) {
      std::abort();
    }
    codestream = {reinterpret_cast<const std::byte*>(bytes), item->getLength()};
  }

  DcmFileFormat file;
  E_TransferSyntax syntax;
  FrameFormat format;
  ByteView codestream;
};

const Coded& coded(const Size& size, E_TransferSyntax as) {
  static std::vector<std::unique_ptr<Coded>> made;
  for (const auto& one : made) {
    if (one->syntax == as && one->format.rows == size.rows) return *one;
  }
  static const DJ_RPLossless lossless;
  static const DcmRLERepresentationParameter rle;
  const DcmRepresentationParameter* how = &lossless;
  if (as == EXS_RLELossless) how = &rle;
  return *made.emplace_back(std::make_unique<Coded>(size, as, how));
}

void count(benchmark::State& state, const Size& size) {
  state.SetItemsProcessed(state.iterations() * size.rows * size.columns);
}

void ours(benchmark::State& state, const Size& size, E_TransferSyntax syntax, Codec codec) {
  const Coded& frame = coded(size, syntax);
  Bytes pixels(frame.format.bytes());
  for (auto _ : state) {
    if (!find_frame_codec(codec)->decode(frame.codestream, frame.format, pixels)) std::abort();
    benchmark::DoNotOptimize(pixels.data());
  }
  count(state, size);
}

void dcmtk(benchmark::State& state, const Size& size, E_TransferSyntax syntax) {
  const Coded& frame = coded(size, syntax);
  for (auto _ : state) {
    state.PauseTiming();
    DcmDataset copy(*const_cast<DcmFileFormat&>(frame.file).getDataset());
    state.ResumeTiming();
    if (copy.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad()) std::abort();
  }
  count(state, size);
}

#define BOTH(name, syntax, codec)                                          \
  BENCHMARK_CAPTURE(ours, name##_512x512x12, kCt, syntax, codec);          \
  BENCHMARK_CAPTURE(dcmtk, name##_512x512x12, kCt, syntax);                \
  BENCHMARK_CAPTURE(ours, name##_3000x4000x16, kMammogram, syntax, codec); \
  BENCHMARK_CAPTURE(dcmtk, name##_3000x4000x16, kMammogram, syntax)

BOTH(jpeg_lossless, EXS_JPEGProcess14SV1, Codec::JpegLossless);
BOTH(rle, EXS_RLELossless, Codec::Rle);

}  // namespace

int main(int argc, char** argv) {
  DJDecoderRegistration::registerCodecs();
  DJEncoderRegistration::registerCodecs();
  DcmRLEDecoderRegistration::registerCodecs();
  DcmRLEEncoderRegistration::registerCodecs();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
