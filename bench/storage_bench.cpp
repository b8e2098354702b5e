// Measures the archive itself, without network: how long one object takes from its first byte to
// its acknowledgement, and its total cost to the process.
//
//   storage_bench FILE COUNT [STREAMS [FOLDER [PIECE_BYTES [ASKERS]]]]
//
// Stores COUNT copies of a Part 10 file, each under a SOP Instance UID of its own, over STREAMS
// threads, durability full, while ASKERS threads ask for all studies again and again. Prints wall
// and CPU time per object, later work included in the latter, and the size of the index.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "core/dicom_tags.h"
#include "encoding/data_sets/dicom_file.h"
#include "storage/archive.h"

namespace {

using namespace pacs;
using namespace pacs::storage;
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "storage_bench: %s\n", why.c_str());
  std::exit(1);
}

/// A file whose SOP Instance UID can be changed in place.
struct Template {
  Bytes data_set;
  std::size_t uid_offset = 0, uid_length = 0;
  std::string sop_class, transfer_syntax;

  static Template read(const char* path) {
    auto mapped = map_file(path);
    if (!mapped) stop(mapped.error().to_string());
    auto file = read_file(*mapped);
    if (!file) stop(file.error().to_string());
    Template made;
    const ByteView data_set =
        mapped->view.subspan(static_cast<std::size_t>(file->header.data_set_offset));
    made.data_set.assign(data_set.begin(), data_set.end());
    const Element* uid = file->data_set.find(tags::SOPInstanceUID);
    if (uid == nullptr) stop("no SOP Instance UID");
    made.uid_offset = static_cast<std::size_t>(uid->value().data() - data_set.data());
    made.uid_length = uid->value().size();
    made.sop_class = file->data_set.text(tags::SOPClassUID);
    made.transfer_syntax = file->header.transfer_syntax_uid;
    return made;
  }
  std::string number(std::size_t n) {
    std::string uid = "1.2.826.0.1.3680043.10." + std::to_string(100000 + n);
    uid.resize(std::min(uid.size(), uid_length));
    const auto place = data_set.begin() + static_cast<std::ptrdiff_t>(uid_offset);
    std::fill_n(place, uid_length, std::byte{0});
    std::ranges::copy(as_bytes(uid), place);
    return uid;
  }
};

void store(Archive& archive, Template object, std::size_t first, std::size_t step, std::size_t end,
           std::size_t piece, std::vector<double>& milliseconds) {
  for (std::size_t n = first; n < end; n += step) {
    const std::string uid = object.number(n);
    const auto begun = Clock::now();
    auto ingest =
        archive.begin_ingest({object.transfer_syntax, object.sop_class, uid, "BENCH", "bench"});
    if (!ingest) stop(ingest.error().to_string());
    for (ByteView rest = object.data_set; !rest.empty();) {
      const std::size_t length = std::min(piece, rest.size());
      if (auto taken = (*ingest)->append(rest.first(length)); !taken) {
        stop(taken.error().to_string());
      }
      rest = rest.subspan(length);
    }
    std::promise<Result<StoredInstance>> answer;
    (*ingest)->commit([&](Result<StoredInstance> result) { answer.set_value(std::move(result)); });
    const auto stored = answer.get_future().get();
    if (!stored) stop(stored.error().to_string());
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
}

/// A study-level query with counts, to its end.
void ask(Archive& archive) {
  DataSet identifier;
  identifier.set_text(tags::QueryRetrieveLevel, "STUDY");
  identifier.set_text(tags::StudyInstanceUID, "");
  identifier.set_text(tags::PatientName, "*");
  identifier.set_text(tags::NumberOfStudyRelatedInstances, "");
  auto query = parse_query(identifier, {});
  if (!query) stop(query.error().to_string());
  auto matches = archive.find(std::move(*query));
  if (!matches) stop(matches.error().to_string());
  for (bool more = true; more;) {
    auto answers = (*matches)->next(100);
    if (!answers) stop(answers.error().to_string());
    more = !answers->empty();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) stop("usage: storage_bench FILE COUNT [STREAMS [FOLDER [PIECE_BYTES [ASKERS]]]]");
  const Template object = Template::read(argv[1]);
  const std::size_t count = std::strtoull(argv[2], nullptr, 10);
  const std::size_t streams = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const std::filesystem::path folder = argc > 4 ? argv[4] : "storage_bench.data";
  const std::size_t piece = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 16 << 10;
  const std::size_t askers = argc > 6 ? std::strtoull(argv[6], nullptr, 10) : 0;
  std::filesystem::remove_all(folder);

  ArchiveOptions options;
  options.path = folder;
  auto archive = Archive::open(options);
  if (!archive) stop(archive.error().to_string());

  const double cpu = cpu_seconds();
  const auto begun = Clock::now();
  std::vector<std::vector<double>> milliseconds(streams);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < streams; ++i) {
    threads.emplace_back(
        [&, i] { store(**archive, object, i, streams, count, piece, milliseconds[i]); });
  }
  std::atomic<bool> storing = true;
  std::atomic<std::size_t> asked = 0;
  std::vector<std::jthread> asking;
  for (std::size_t i = 0; i < askers; ++i) {
    asking.emplace_back([&] {
      while (storing) {
        ask(**archive);
        ++asked;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  storing = false;
  asking.clear();
  const double wall = std::chrono::duration<double>(Clock::now() - begun).count();
  const double cpu_acknowledged = cpu_seconds() - cpu;
  if (auto counts = (*archive)->counts(); !counts) stop(counts.error().to_string());
  archive->reset();
  const double all = std::chrono::duration<double>(Clock::now() - begun).count();
  const double cpu_all = cpu_seconds() - cpu;

  std::vector<double> each;
  for (const auto& some : milliseconds) each.insert(each.end(), some.begin(), some.end());
  std::ranges::sort(each);
  const double n = static_cast<double>(count);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%zu objects of %zu bytes over %zu streams\n", count, object.data_set.size(),
              streams);
  std::printf("  wall %.3f ms each (median %.3f, p99 %.3f), closed after %.2f s\n", wall * 1e3 / n,
              each[each.size() / 2], each[each.size() * 99 / 100], all);
  std::printf("  CPU  %.3f ms each until acknowledged, %.3f in all; peak memory %ld MiB\n",
              cpu_acknowledged * 1e3 / n, cpu_all * 1e3 / n, usage.ru_maxrss / 1024);
  if (askers != 0)
    std::printf("  %.0f queries a second meanwhile\n", static_cast<double>(asked) / wall);
  std::printf("  index %.0f bytes each\n",
              static_cast<double>(std::filesystem::file_size(folder / "index.sqlite")) / n);
  std::filesystem::remove_all(folder);
}
