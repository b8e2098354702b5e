// Measures queries in-process, over a large index: how long the first answer and 200 answers take.
//
//   query_bench ARCHIVE [ROUNDS [KIND [STORES]]]
//
// ARCHIVE is made by `fill_index ARCHIVE --studies COUNT`. Each round asks for something else, as
// people do; the first answer is pulled alone. STORES: objects of 9 kB that are stored each second
// meanwhile, of today; KIND "" is every kind. Prints p50 and p95 in milliseconds for each kind of
// query, then answers per second of a universal query over all studies, and the memory it took.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "core/date_time.h"
#include "core/dicom_dataset.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "core/uid_generator.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"
#include "storage/archive.h"

namespace {

using namespace pacs;
using namespace pacs::storage;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswers = 200;

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "query_bench: {}\n", why);
  std::exit(1);
}

double milliseconds_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

double resident_mib() {
  std::size_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*u %zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * 4096 / (1 << 20);
}

using Keys = std::vector<std::pair<Tag, std::string>>;

/// A study-level query with the keys that work lists show.
Query query_of(const Keys& keys, bool fuzzy = false, QueryLevel level = QueryLevel::Study) {
  DataSet identifier;
  identifier.set_text(tags::QueryRetrieveLevel, to_string(level));
  for (const Tag tag : {tags::StudyDate, tags::StudyTime, tags::AccessionNumber,
                        tags::ModalitiesInStudy, tags::StudyDescription, tags::PatientName,
                        tags::PatientID, tags::PatientBirthDate, tags::StudyInstanceUID,
                        tags::NumberOfStudyRelatedSeries, tags::NumberOfStudyRelatedInstances}) {
    identifier.set_text(tag, "");
  }
  for (const auto& [tag, value] : keys) identifier.set_text(tag, dictionary_vr(tag), value);
  QueryRules rules;
  rules.relational = true;
  rules.fuzzy_names = fuzzy;
  auto query = parse_query(identifier, rules);
  if (!query) stop(query.error().to_string());
  return std::move(*query);
}

struct Times {
  std::vector<double> first, all;
  std::size_t answers = 0;
};

std::size_t pull(Matches& matches, std::size_t most) {
  auto answers = matches.next(most);
  if (!answers) stop(answers.error().to_string());
  return answers->size();
}

void measure(Archive& archive, Query query, Times& times) {
  const auto begun = Clock::now();
  auto matches = archive.find(std::move(query));
  if (!matches) stop(matches.error().to_string());
  std::size_t answers = pull(**matches, 1);
  times.first.push_back(milliseconds_since(begun));
  if (answers != 0) answers += pull(**matches, kAnswers - 1);
  times.all.push_back(milliseconds_since(begun));
  times.answers += answers;
}

double percentile(std::vector<double> values, std::size_t percent) {
  std::ranges::sort(values);
  return values[(values.size() - 1) * percent / 100];
}

void report(const std::string& kind, const Times& times) {
  fmt::print("{:<28} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.1f}\n", kind,
             percentile(times.first, 50), percentile(times.first, 95), percentile(times.all, 50),
             percentile(times.all, 95),
             static_cast<double>(times.answers) / static_cast<double>(times.all.size()));
}

void all_studies(Archive& archive) {
  const auto begun = Clock::now();
  auto matches = archive.find(query_of({}));
  if (!matches) stop(matches.error().to_string());
  std::size_t answers = 0;
  for (std::size_t got = 1; got != 0; answers += got) got = pull(**matches, kAnswers);
  const double seconds = milliseconds_since(begun) / 1000;
  fmt::print("all studies: {} answers in {:.2f} s, {:.0f} a second, {:.0f} MiB resident\n", answers,
             seconds, static_cast<double>(answers) / seconds, resident_mib());
}

/// Stores so many objects each second, a study of 50 after the other, until it is stopped.
void store(const std::stop_token& stopped, Archive& archive, std::size_t each_second) {
  DataSet ds;
  ds.set_text(tags::SOPClassUID, uids::MRImageStorage);
  ds.set_text(tags::StudyDate, "20241231");
  ds.set_text(tags::Modality, "MR");
  ds.set_text(tags::PatientName, "Load^Heavy");
  ds.set_bytes(tags::PixelData, VR::OW, Bytes(9000));
  const auto begun = Clock::now();
  for (std::size_t number = 0; !stopped.stop_requested(); ++number) {
    std::this_thread::sleep_until(begun + number * std::chrono::seconds(1) / each_second);
    if (number % 50 == 0) {
      ds.set_text(tags::PatientID, fmt::format("L{}", number));
      ds.set_text(tags::StudyInstanceUID, generate_uid());
      ds.set_text(tags::SeriesInstanceUID, generate_uid());
    }
    ds.set_text(tags::SOPInstanceUID, generate_uid());
    IngestContext context;
    context.transfer_syntax_uid = uids::ExplicitVRLittleEndian;
    auto ingest = archive.begin_ingest(context);
    const auto bytes = write_data_set(ds, *find_transfer_syntax(uids::ExplicitVRLittleEndian));
    if (!ingest || !bytes || !(*ingest)->append(*bytes)) stop("cannot store");
    (*ingest)->commit([](const Result<StoredInstance>& stored) {
      if (!stored) stop(stored.error().to_string());
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::fputs("usage: query_bench ARCHIVE [ROUNDS [KIND [STORES]]]\n", stderr);
    return 2;
  }
  const std::size_t rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100;
  ArchiveOptions options;
  options.path = argv[1];
  options.durability = Durability::Os;
  auto opened = Archive::open(options);
  if (!opened) stop(opened.error().to_string());
  Archive& archive = **opened;
  const std::string_view only = argc > 3 ? argv[3] : "";
  const auto counts = archive.counts();
  if (!counts) stop(counts.error().to_string());
  const std::uint64_t studies = counts->studies;
  if (studies == 0 || rounds == 0) stop("nothing to ask");
  fmt::print("{} patients, {} studies, {} series, {} instances\n", counts->patients, studies,
             counts->series, counts->instances);

  // As fill_index makes them.
  const std::vector<std::string> parts{"BAK", "BER", "CHE", "ELF", "GAR", "JAK", "MAN", "SKI"};
  const std::vector<std::string> modalities{"CT", "MR", "CR", "US", "DX", "MG", "XA", "NM"};
  const auto study_of = [&](std::size_t round) { return round * 7919 * 104'729 % studies; };
  const auto day = [](std::size_t round, std::int32_t more = 0) {
    return Date::from_days(20'088 - static_cast<std::int32_t>(round % 3000) + more).to_string();
  };
  const std::vector<std::pair<std::string, std::function<Keys(std::size_t)>>> kinds{
      {"patient id",
       [&](std::size_t r) {
         return Keys{{tags::PatientID, fmt::format("P{:07}", study_of(r) / 2)}};
       }},
      {"accession number",
       [&](std::size_t r) {
         return Keys{{tags::AccessionNumber, fmt::format("A{:08}", study_of(r))}};
       }},
      {"study UID",
       [&](std::size_t r) {
         return Keys{
             {tags::StudyInstanceUID, fmt::format("1.2.826.0.1.3680043.8.498.2.{}", study_of(r))}};
       }},
      {"name SMITH*",
       [](std::size_t) {
         return Keys{{tags::PatientName, "SMITH*"}};
       }},
      {"name prefix, three letters",
       [&](std::size_t r) {
         return Keys{{tags::PatientName, parts[r % parts.size()] + "*"}};
       }},
      {"name *MITH*",
       [](std::size_t) {
         return Keys{{tags::PatientName, "*MITH*"}};
       }},
      {"name infix, six letters",
       [&](std::size_t r) {
         return Keys{{tags::PatientName,
                      "*" + parts[r % parts.size()] + parts[r / 8 % parts.size()] + "*"}};
       }},
      {"name and a year",
       [&](std::size_t r) {
         return Keys{{tags::PatientName, "SMITH^J*"},
                     {tags::StudyDate, day(r, -365) + "-" + day(r)}};
       }},
      {"a month and modality",
       [&](std::size_t r) {
         return Keys{{tags::StudyDate, day(r, -30) + "-" + day(r)},
                     {tags::ModalitiesInStudy, modalities[r % modalities.size()]}};
       }},
      {"a day's studies",
       [&](std::size_t r) {
         return Keys{{tags::StudyDate, day(r)}};
       }},
      {"ten years, rare description",
       [&](std::size_t r) {
         return Keys{{tags::StudyDate, day(r, -3650) + "-"},
                     {tags::StudyDescription, "XA KNEE"},
                     {tags::PatientSex, "F"}};
       }},
      {"today's, of a rare letter",
       [&](std::size_t r) {
         return Keys{{tags::PatientName, std::string(1, parts[r % parts.size()][0]) + "*"},
                     {tags::StudyDate, day(r, -30) + "-" + day(r)}};
       }},
      {"description XA KNEE",
       [](std::size_t) {
         return Keys{{tags::StudyDescription, "XA KNEE"}};
       }},
      {"description *SPINE*, of one",
       [&](std::size_t r) {
         return Keys{{tags::StudyDescription, "*SPINE*"},
                     {tags::PatientBirthDate, day(r, -10'000)}};
       }},
      {"no such description",
       [](std::size_t) {
         return Keys{{tags::StudyDescription, "*QXQXQ*"}};
       }},
      {"no such physician",
       [](std::size_t) {
         return Keys{{tags::ReferringPhysicianName, "QXQXQ*"}};
       }},
      {"a rare institution",
       [](std::size_t) {
         return Keys{{tags::InstitutionName, "Valley*"}};
       }},
      {"no such station",
       [](std::size_t) {
         return Keys{{tags::StationName, "QX*"}};
       }},
      {"fuzzy SMITH^JON",
       [](std::size_t) {
         return Keys{{tags::PatientName, "SMYTH^JON"}};
       }},
      {"fuzzy, no such name",
       [](std::size_t) {
         return Keys{{tags::PatientName, "QXQXQ^ZZZ"}};
       }},
      {"no such name",
       [](std::size_t) {
         return Keys{{tags::PatientName, "*QXQXQ*"}};
       }},
  };
  std::jthread load;
  if (argc > 4) {
    const std::size_t each_second = std::strtoul(argv[4], nullptr, 10);
    load = std::jthread([&archive, each_second](const std::stop_token& stopped) {
      store(stopped, archive, each_second);
    });
  }
  fmt::print("{:<28} {:>19} {:>19}\n{:<28} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "", "first answer, ms",
             "200 answers, ms", "", "p50", "p95", "p50", "p95", "answers");
  for (const auto& [name, keys] : kinds) {
    if (name.find(only) == std::string::npos) continue;
    Times times;
    for (std::size_t round = 0; round < rounds; ++round) {
      // So that there is something to wait for: a query waits for what was stored before it.
      if (load.joinable()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      measure(archive, query_of(keys(round), name.starts_with("fuzzy")), times);
    }
    report(name, times);
  }
  if (only.empty()) all_studies(archive);
  return 0;
}
