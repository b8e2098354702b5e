// How fast headers are parsed in memory: read_data_set and HeaderReader beside DCMTK, over the
// headers (everything before pixel data) of all sample files of pydicom. Same bytes, same elements.
#include <benchmark/benchmark.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/header_reader.h"

namespace {

struct Sample {
  std::string name;
  pacs::SharedBytes bytes;  // of the data set, pixel data included
  const pacs::TransferSyntax* syntax;
  E_TransferSyntax dcmtk_syntax;
  std::size_t header_bytes;
};

bool dcmtk_reads(const Sample& sample, DcmDataset& data_set) {
  DcmInputBufferStream stream;
  stream.setBuffer(sample.bytes.view.data(), static_cast<offile_off_t>(sample.bytes.view.size()));
  stream.setEos();
  data_set.transferInit();
  const OFCondition condition = data_set.readUntilTag(stream, sample.dcmtk_syntax, EGL_noChange,
                                                      DCM_MaxReadLength, DCM_PixelData);
  data_set.transferEnd();
  return condition.good();
}

pacs::Result<pacs::DataSet> pacs_reads(const Sample& sample) {
  return pacs::read_data_set(sample.bytes, *sample.syntax, {.stop_before = pacs::kPixelData});
}

std::size_t count(const pacs::DataSet& data_set) {
  std::size_t elements = data_set.size();
  for (const auto& element : data_set) {
    for (const auto& item : element.items()) elements += count(item.data_set);
  }
  return elements;
}

/// DCMTK counts sequences, items and elements alike.
std::size_t count(DcmItem& item) {
  std::size_t elements = item.card();
  for (unsigned long i = 0; i < item.card(); ++i) {
    auto* sequence = dynamic_cast<DcmSequenceOfItems*>(item.getElement(i));
    for (unsigned long j = 0; sequence != nullptr && j < sequence->card(); ++j) {
      elements += count(*sequence->getItem(j));
    }
  }
  return elements;
}

/// The samples that both read, to the same number of elements. Deflated ones measure zlib: left
/// out.
std::vector<Sample> load_samples() {
  std::vector<Sample> samples;
  const std::filesystem::path root = "/usr/lib/python3/dist-packages/pydicom/data";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    auto bytes = pacs::map_file(entry.path());
    if (!bytes) continue;
    const auto header = pacs::read_file_header(*bytes);
    if (!header || header->syntax->deflated || header->syntax->uid.empty()) continue;
    bytes->view = bytes->view.subspan(header->data_set_offset);
    Sample sample{entry.path().filename(), *bytes, header->syntax,
                  DcmXfer(std::string(header->syntax->uid).c_str()).getXfer(), 0};
    const auto ours = pacs_reads(sample);
    DcmDataset theirs;
    if (!ours || !dcmtk_reads(sample, theirs)) continue;
    if (count(*ours) != count(theirs)) {
      std::fprintf(stderr, "left out, elements differ (%zu, DCMTK %zu): %s\n", count(*ours),
                   count(theirs), sample.name.c_str());
      continue;
    }
    const pacs::Element* pixels = nullptr;
    const auto whole = pacs::read_data_set(sample.bytes, *sample.syntax);
    if (whole) pixels = whole->find(pacs::kPixelData);
    const bool native = pixels != nullptr && pixels->form() == pacs::Element::Form::Value;
    sample.header_bytes =
        native ? static_cast<std::size_t>(pixels->value().data() - sample.bytes.view.data())
               : std::min<std::size_t>(sample.bytes.view.size(), 4096);
    samples.push_back(std::move(sample));
  }
  return samples;
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> loaded = load_samples();
  return loaded;
}

void report(benchmark::State& state) {
  std::size_t bytes = 0;
  for (const Sample& sample : samples()) bytes += sample.header_bytes;
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * samples().size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

void dcmtk_data_set(benchmark::State& state) {
  for (auto _ : state) {
    for (const Sample& sample : samples()) {
      DcmDataset data_set;
      benchmark::DoNotOptimize(dcmtk_reads(sample, data_set));
    }
  }
  report(state);
}

void pacs_data_set(benchmark::State& state) {
  for (auto _ : state) {
    for (const Sample& sample : samples()) benchmark::DoNotOptimize(pacs_reads(sample));
  }
  report(state);
}

/// As in ingest: the whole object streams past in pieces of PDU size.
void pacs_header_reader(benchmark::State& state) {
  constexpr std::size_t kPieceBytes = 16 * 1024;
  for (auto _ : state) {
    for (const Sample& sample : samples()) {
      pacs::HeaderReader reader{*sample.syntax};
      for (pacs::ByteView rest = sample.bytes.view; !rest.empty();) {
        const auto piece = rest.first(std::min(kPieceBytes, rest.size()));
        if (!reader.feed(piece)) break;
        rest = rest.subspan(piece.size());
      }
      benchmark::DoNotOptimize(reader.finish());
    }
  }
  report(state);
}

BENCHMARK(dcmtk_data_set)->Unit(benchmark::kMicrosecond);
BENCHMARK(pacs_data_set)->Unit(benchmark::kMicrosecond);
BENCHMARK(pacs_header_reader)->Unit(benchmark::kMicrosecond);

/// Prints as usual and remembers the times, for the ratio.
class Remembering : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      auto& best = best_[run.benchmark_name()];
      if (best == 0 || run.GetAdjustedCPUTime() < best) best = run.GetAdjustedCPUTime();
    }
    ConsoleReporter::ReportRuns(runs);
  }
  [[nodiscard]] double best(const std::string& name) const { return best_.at(name); }

 private:
  std::map<std::string, double> best_;
};

}  // namespace

int main(int argc, char** argv) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  benchmark::Initialize(&argc, argv);
  std::printf("%zu headers\n", samples().size());
  Remembering reporter;
  if (benchmark::RunSpecifiedBenchmarks(&reporter) == 3) {
    const double dcmtk = reporter.best("dcmtk_data_set");
    std::printf("read_data_set is %.1f times as fast as DCMTK, HeaderReader %.1f times\n",
                dcmtk / reporter.best("pacs_data_set"),
                dcmtk / reporter.best("pacs_header_reader"));
  }
}
