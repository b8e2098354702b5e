// Measures queries of the worklist in-process, among many scheduled steps.
//
//   worklist_bench ARCHIVE STEPS [ROUNDS]
//
// ARCHIVE is filled up to STEPS steps: all still to be done, over 400 days and 40 stations. Each
// round asks for something else, as modalities do; the answers are pulled, 200 at most, and encoded
// as responses have them. Prints p50 and p95 in milliseconds for each kind of query, and the
// greatest p95. The times are CPU time: that is all a query waits for once the index is in memory,
// and other work of the machine is not measured.
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/date_time.h"
#include "core/dicom_dictionary.h"
#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "storage/archive.h"
#include "storage/worklist/worklist_order.h"

namespace {

using namespace pacs;
using namespace pacs::storage;
using Keys = std::vector<std::pair<Tag, std::string>>;

constexpr std::size_t kAnswers = 200;
constexpr std::size_t kBatch = 1000;
constexpr std::int32_t kFirstDay = 19'700;  // 2023-12-09
constexpr std::size_t kDays = 400, kStations = 40;
constexpr std::array<std::string_view, 4> kModalities{"CT", "MR", "US", "DX"};
constexpr std::array<std::string_view, 16> kFamilies{
    "Smith",  "Johnson",  "Williams", "Brown", "Jones",  "Garcia", "Miller",   "Davis",
    "Wilson", "Anderson", "Taylor",   "Moore", "Martin", "Lee",    "Thompson", "White"};

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "worklist_bench: {}\n", why);
  std::exit(1);
}

double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1000 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::string day(std::size_t number) {
  return Date::from_days(kFirstDay + static_cast<std::int32_t>(number % kDays)).to_string();
}
std::string family(std::size_t patient) {
  return fmt::format("{}{}", kFamilies[patient % kFamilies.size()], patient / 16 % 500);
}

DataSet order(std::size_t number) {
  const std::size_t station = number * 7919 % 100'003 % kStations;  // on any day any station
  DataSet step;
  step.set_text(tags::ScheduledStationAETitle, fmt::format("STATION{:02}", station));
  step.set_text(tags::ScheduledProcedureStepStartDate, day(number));
  step.set_text(tags::ScheduledProcedureStepStartTime,
                fmt::format("{:02}{:02}00", 7 + number / kDays % 12, number / 5 % 60));
  step.set_text(tags::Modality, kModalities[station % kModalities.size()]);
  step.set_text(tags::ScheduledPerformingPhysicianName, "Performer^Paul");
  step.set_text(tags::ScheduledProcedureStepDescription, "Thorax routine");
  step.set_text(tags::ScheduledProcedureStepID, fmt::format("SPS{:07}", number));
  step.set_text(tags::ScheduledProcedureStepLocation, "Radiology 1");
  DataSet order;
  order.set_text(tags::AccessionNumber, fmt::format("A{:08}", number));
  order.set_text(tags::ReferringPhysicianName, "Referrer^Ruth");
  order.set_text(tags::PatientName, family(number / 2) + "^Jane");
  order.set_text(tags::PatientID, fmt::format("P{:07}", number / 2));
  order.set_text(tags::PatientBirthDate, "19610423");
  order.set_text(tags::PatientSex, "F");
  order.set_text(tags::StudyInstanceUID, fmt::format("1.2.826.0.1.3680043.8.498.5.{}", number));
  order.set_text(tags::RequestingPhysician, "Requester^Rose");
  order.set_text(tags::RequestedProcedureDescription, "CT of chest");
  order.set_text(tags::RequestedProcedureID, fmt::format("R{:07}", number));
  order.set_items(tags::ScheduledProcedureStepSequence, {Item{std::move(step)}});
  return order;
}

void fill(Worklist& worklist, std::size_t steps) {
  if (worklist.get({fmt::format("1.2.826.0.1.3680043.8.498.5.{}", steps - 1),
                    fmt::format("SPS{:07}", steps - 1)})) {
    return;
  }
  for (std::size_t number = 0; number < steps;) {
    std::vector<NewWorklistItem> items;
    while (items.size() < kBatch && number < steps) {
      auto of_order = items_of_order(order(number++));
      if (!of_order) stop(of_order.error().to_string());
      items.push_back(std::move(of_order->front()));
    }
    const auto put = worklist.put(items, Worklist::Existing::Replace);
    if (!put) stop(put.error().to_string());
  }
}

Query query_of(const Keys& keys, const Keys& of_step) {
  DataSet identifier, step;
  for (const Tag tag :
       {tags::AccessionNumber, tags::ReferringPhysicianName, tags::PatientName, tags::PatientID,
        tags::PatientBirthDate, tags::PatientSex, tags::StudyInstanceUID,
        tags::RequestedProcedureDescription, tags::RequestedProcedureID}) {
    identifier.set_text(tag, "");
  }
  for (const Tag tag : {tags::ScheduledStationAETitle, tags::ScheduledProcedureStepStartDate,
                        tags::ScheduledProcedureStepStartTime, tags::Modality,
                        tags::ScheduledPerformingPhysicianName,
                        tags::ScheduledProcedureStepDescription, tags::ScheduledProcedureStepID}) {
    step.set_text(tag, "");
  }
  for (const auto& [tag, value] : keys) identifier.set_text(tag, dictionary_vr(tag), value);
  for (const auto& [tag, value] : of_step) step.set_text(tag, dictionary_vr(tag), value);
  identifier.set_items(tags::ScheduledProcedureStepSequence, {Item{std::move(step)}});
  QueryRules rules;
  rules.model = QueryModel::ModalityWorklist;
  rules.combined_date_time = true;
  auto query = parse_query(identifier, rules);
  if (!query) stop(query.error().to_string());
  return std::move(*query);
}

struct Kind {
  std::string name;
  std::function<Query(std::size_t)> query;
};

std::vector<Kind> kinds(std::size_t steps) {
  const auto number = [steps](std::size_t round) { return round * 7919 * 104'729 % steps; };
  const auto station = [](std::size_t round) {
    return fmt::format("STATION{:02}", round * 13 % kStations);
  };
  return {
      {"station and day",
       [=](std::size_t r) {
         return query_of({}, {{tags::ScheduledStationAETitle, station(r)},
                              {tags::ScheduledProcedureStepStartDate, day(r * 31)}});
       }},
      {"station, day and hours",
       [=](std::size_t r) {
         return query_of({}, {{tags::ScheduledStationAETitle, station(r)},
                              {tags::ScheduledProcedureStepStartDate, day(r * 31)},
                              {tags::ScheduledProcedureStepStartTime, "0800-1200"}});
       }},
      {"modality and three days",
       [=](std::size_t r) {
         const std::size_t first = r * 31 % (kDays - 3);
         return query_of(
             {}, {{tags::Modality, std::string(kModalities[r % 4])},
                  {tags::ScheduledProcedureStepStartDate, day(first) + "-" + day(first + 2)}});
       }},
      {"patient id",
       [=](std::size_t r) {
         return query_of({{tags::PatientID, fmt::format("P{:07}", number(r) / 2)}}, {});
       }},
      {"accession number",
       [=](std::size_t r) {
         return query_of({{tags::AccessionNumber, fmt::format("A{:08}", number(r))}}, {});
       }},
      {"patient name, prefix",
       [=](std::size_t r) {
         return query_of({{tags::PatientName, family(number(r)) + "*"}}, {});
       }},
  };
}

double percentile(std::vector<double> values, std::size_t percent) {
  std::ranges::sort(values);
  return values[(values.size() - 1) * percent / 100];
}

std::size_t ask(Worklist& worklist, Query query) {
  WorklistView view;
  view.statuses = {StepStatus::Scheduled, StepStatus::Arrived, StepStatus::Ready,
                   StepStatus::Started};
  auto matches = worklist.find(std::move(query), std::move(view));
  if (!matches) stop(matches.error().to_string());
  const auto answers = (*matches)->next(kAnswers);
  if (!answers) stop(answers.error().to_string());
  Bytes encoded;
  for (const DataSet& answer : *answers) {
    if (!append_data_set(encoded, answer, explicit_vr_little_endian())) stop("not encoded");
  }
  return answers->size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fputs("usage: worklist_bench ARCHIVE STEPS [ROUNDS]\n", stderr);
    return 2;
  }
  const std::size_t steps = std::strtoul(argv[2], nullptr, 10);
  const std::size_t rounds = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 300;
  if (steps == 0 || rounds == 0) stop("nothing to ask");
  ArchiveOptions options;
  options.path = argv[1];
  options.durability = Durability::Os;
  auto opened = Archive::open(options);
  if (!opened) stop(opened.error().to_string());
  Worklist& worklist = (*opened)->worklist();
  fill(worklist, steps);
  double greatest = 0;
  fmt::print("{:<28} {:>9} {:>9} {:>9}\n", "ms", "p50", "p95", "answers");
  for (const Kind& kind : kinds(steps)) {
    std::vector<double> times;
    std::size_t answers = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      Query query = kind.query(round);
      const double begun = cpu_milliseconds();
      answers += ask(worklist, std::move(query));
      times.push_back(cpu_milliseconds() - begun);
    }
    greatest = std::max(greatest, percentile(times, 95));
    fmt::print("{:<28} {:>9.3f} {:>9.3f} {:>9.1f}\n", kind.name, percentile(times, 50),
               percentile(times, 95), static_cast<double>(answers) / static_cast<double>(rounds));
  }
  fmt::print("p95 {:.3f} ms\n", greatest);
  return 0;
}
