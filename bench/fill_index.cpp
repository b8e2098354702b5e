// Makes an archive folder with a large index, written by the real index code and without objects:
// the cost of a start or a query does not depend on how the rows got there.
//
//   fill_index ARCHIVE COUNT FILE       COUNT instances like FILE, 500 in each series
//   fill_index ARCHIVE --studies COUNT  COUNT studies of many patients, 5 series each; of the 10
//                                       instances of a series one is in the index
#include <array>
#include <charconv>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/date_time.h"
#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/header_blob.h"
#include "storage/index/sql_index.h"
#include "storage/objects/file_storage.h"

namespace {

using namespace pacs;
using storage::IndexedInstance;

constexpr std::uint64_t kInstancesOfSeries = 500;
constexpr std::uint64_t kBatch = 1000;

/// The number-th instance: the template with identity and position of its own.
Result<IndexedInstance> instance(const DataSet& like, std::uint64_t number) {
  const std::uint64_t series = number / kInstancesOfSeries;
  Header header;
  header.data_set = like;
  DataSet& ds = header.data_set;
  IndexedInstance row;
  row.number = number;
  row.record.sop_class_uid = ds.text(tags::SOPClassUID);
  row.record.study_instance_uid = fmt::format("1.2.826.0.1.3680043.8.498.1.{}", series);
  row.record.series_instance_uid = row.record.study_instance_uid + ".1";
  row.record.sop_instance_uid = fmt::format("{}.{}", row.record.series_instance_uid, number);
  row.record.transfer_syntax_uid = uids::ExplicitVRLittleEndian;
  row.record.data_set_bytes = header.data_set_bytes = 526'000;
  row.record.data_set_offset = 348;
  row.record.checksum = number * 0x9E3779B97F4A7C15ULL;
  row.record.object_key = storage::object_key(number);
  ds.set_text(tags::SOPInstanceUID, row.record.sop_instance_uid);
  ds.set_text(tags::StudyInstanceUID, row.record.study_instance_uid);
  ds.set_text(tags::SeriesInstanceUID, row.record.series_instance_uid);
  ds.set_text(tags::PatientID, fmt::format("P{:07}", series));
  ds.set_text(tags::InstanceNumber, fmt::format("{}", number % kInstancesOfSeries + 1));
  ds.set_text(tags::SliceLocation, fmt::format("{}.25", number % kInstancesOfSeries));
  row.columns = storage::column_values(ds);
  Result<Bytes> blob = encode_header(header);
  if (!blob) return fail(blob.error());
  row.header = std::move(*blob);
  row.source_ae = "CT01";
  return row;
}

constexpr std::uint64_t kSeriesOfStudy = 5;
/// Study dates: 2000-01-01 to 2024-12-31.
constexpr std::int32_t kFirstDay = 10'957, kLastDay = 20'088;

constexpr std::array<std::string_view, 40> kFamilies{
    "Smith",   "Johnson",  "Williams", "Brown",  "Jones",  "Garcia", "Miller",   "Davis",
    "Wilson",  "Anderson", "Taylor",   "Moore",  "Martin", "Lee",    "Thompson", "White",
    "Harris",  "Clark",    "Lewis",    "Walker", "Hall",   "Young",  "King",     "Wright",
    "Scott",   "Green",    "Baker",    "Adams",  "Nelson", "Hill",   "Campbell", "Mitchell",
    "Roberts", "Carter",   "Phillips", "Evans",  "Turner", "Torres", "Parker",   "Collins"};
constexpr std::array<std::string_view, 24> kSyllables{
    "ba",  "ber", "chen", "do", "el", "fi", "gar", "ha", "in", "ja",  "kov", "la",
    "man", "ni",  "os",   "pe", "ri", "sa", "ski", "to", "u",  "vic", "win", "zen"};
constexpr std::array<std::string_view, 16> kGiven{
    "James", "Mary",  "Robert", "Anna",  "John", "Linda", "David", "Elena",
    "Peter", "Sarah", "Thomas", "Karen", "Paul", "Nina",  "Mark",  "Julia"};
constexpr std::array<std::string_view, 8> kModalities{"CT", "MR", "CR", "US",
                                                      "DX", "MG", "XA", "NM"};
constexpr std::array<std::string_view, 8> kParts{"HEAD", "CHEST", "ABDOMEN", "PELVIS",
                                                 "KNEE", "SPINE", "NECK",    "BREAST"};

/// splitmix64: the same archive each time.
std::uint64_t scattered(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15ULL;
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9ULL;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBULL;
  return number ^ (number >> 31);
}

/// A quarter has one of forty names, Smith more often than others; the rest one of 13,824 made up.
std::string patient_name(std::uint64_t patient) {
  std::uint64_t chance = scattered(patient);
  const auto draw = [&](std::size_t many) {
    const std::uint64_t drawn = chance % many;
    chance = scattered(chance);
    return static_cast<std::size_t>(drawn);
  };
  std::string family;
  if (draw(4) == 0) {
    family = kFamilies[draw(kFamilies.size()) * draw(kFamilies.size()) / kFamilies.size()];
  } else {
    for (int i = 0; i < 3; ++i) family += kSyllables[draw(kSyllables.size())];
    family[0] = static_cast<char>(family[0] - 'a' + 'A');
  }
  return fmt::format("{}^{}", family, kGiven[draw(kGiven.size())]);
}

Result<IndexedInstance> instance_of_study(std::uint64_t number, std::uint64_t studies) {
  const std::uint64_t study = (number - 1) / kSeriesOfStudy;
  const std::uint64_t series = (number - 1) % kSeriesOfStudy + 1;
  const std::uint64_t patient = scattered(study) % (studies / 2 + 1);
  const std::uint64_t chance = scattered(study * 31 + 7);
  const std::int32_t day =
      kFirstDay + static_cast<std::int32_t>(study * (kLastDay - kFirstDay + 1) / studies);
  const std::string date = Date::from_days(day).to_string();
  const std::string_view modality = kModalities[chance % kModalities.size()];
  const std::string_view part = kParts[chance / 8 % kParts.size()];
  Header header;
  DataSet& ds = header.data_set;
  IndexedInstance row;
  row.number = number;
  row.record.sop_class_uid = uids::CTImageStorage;
  row.record.study_instance_uid = fmt::format("1.2.826.0.1.3680043.8.498.2.{}", study);
  row.record.series_instance_uid = fmt::format("{}.{}", row.record.study_instance_uid, series);
  row.record.sop_instance_uid = row.record.series_instance_uid + ".1";
  row.record.transfer_syntax_uid = uids::ExplicitVRLittleEndian;
  row.record.data_set_bytes = header.data_set_bytes = 526'000;
  row.record.data_set_offset = 348;
  row.record.checksum = scattered(number);
  row.record.object_key = storage::object_key(number);
  ds.set_text(tags::SOPClassUID, row.record.sop_class_uid);
  ds.set_text(tags::SOPInstanceUID, row.record.sop_instance_uid);
  ds.set_text(tags::StudyDate, date);
  ds.set_text(tags::SeriesDate, date);
  ds.set_text(tags::StudyTime, fmt::format("{:02}{:02}00", 7 + chance % 12, chance / 16 % 60));
  ds.set_text(tags::AccessionNumber, fmt::format("A{:08}", study));
  ds.set_text(tags::Modality, series == kSeriesOfStudy && chance % 5 == 0 ? "SR" : modality);
  ds.set_text(tags::Manufacturer, "ACME Imaging");
  ds.set_text(tags::InstitutionName, chance % 4000 == 0 ? "Valley Clinic" : "General Hospital");
  ds.set_text(tags::StationName, fmt::format("{}{:02}", modality, chance / 64 % 40));
  ds.set_text(tags::ReferringPhysicianName, patient_name(chance % 500));
  ds.set_text(tags::StudyDescription, fmt::format("{} {}", modality, part));
  ds.set_text(tags::SeriesDescription, fmt::format("{} {}", part, series));
  ds.set_text(tags::PatientName, patient_name(patient));
  ds.set_text(tags::PatientID, fmt::format("P{:07}", patient));
  ds.set_text(
      tags::PatientBirthDate,
      Date::from_days(static_cast<std::int32_t>(scattered(patient) % 20'000) - 10'000).to_string());
  ds.set_text(tags::PatientSex, patient % 2 == 0 ? "M" : "F");
  ds.set_text(tags::BodyPartExamined, part);
  ds.set_text(tags::StudyInstanceUID, row.record.study_instance_uid);
  ds.set_text(tags::SeriesInstanceUID, row.record.series_instance_uid);
  ds.set_text(tags::StudyID, fmt::format("{}", study % 10'000));
  ds.set_text(tags::SeriesNumber, fmt::format("{}", series));
  ds.set_text(tags::InstanceNumber, "1");
  ds.set_integer(tags::Rows, VR::US, 512);
  ds.set_integer(tags::Columns, VR::US, 512);
  row.columns = storage::column_values(ds);
  Result<Bytes> blob = encode_header(header);
  if (!blob) return fail(blob.error());
  row.header = std::move(*blob);
  row.source_ae = "CT01";
  return row;
}

using Make = std::function<Result<IndexedInstance>(std::uint64_t)>;

Result<> fill(const char* folder, std::uint64_t count, const Make& make) {
  auto files = storage::make_file_system();
  if (Result<> made = files->make_directories(folder); !made) return made;
  auto index = storage::SqlIndex::open_sqlite_index(files, folder, false);
  if (!index) return fail(index.error());
  for (std::uint64_t done = 0; done < count;) {
    std::vector<IndexedInstance> rows;
    while (rows.size() < kBatch && done < count) {
      Result<IndexedInstance> row = make(++done);
      if (!row) return fail(row.error());
      rows.push_back(std::move(*row));
    }
    std::vector<const IndexedInstance*> pointers;
    pointers.reserve(rows.size());
    for (const IndexedInstance& row : rows) pointers.push_back(&row);
    const auto applied = (*index)->apply(pointers, done);
    if (!applied) return fail(applied.error());
    if (done % 100'000 == 0) fmt::print("{} instances\n", done);
  }
  if (Result<> set = (*index)->set_checkpoint(count); !set) return set;
  return (*index)->sync();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

Result<> run(const char* folder, const char* second, const char* third) {
  if (std::string_view(second) == "--studies") {
    const auto studies = number_of(third);
    if (!studies) return fail(ErrorKind::InvalidArgument, "--studies needs a number");
    return fill(folder, *studies * kSeriesOfStudy,
                [&](std::uint64_t number) { return instance_of_study(number, *studies); });
  }
  const auto count = number_of(second);
  if (!count) return fail(ErrorKind::InvalidArgument, "COUNT is not a number");
  Result<DicomFile> file = read_file(third, {.limits = {}, .stop_before = tags::PixelData});
  if (!file) return fail(file.error());
  return fill(folder, *count,
              [&](std::uint64_t number) { return instance(file->data_set, number); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: fill_index ARCHIVE COUNT FILE | fill_index ARCHIVE --studies COUNT\n",
               stderr);
    return 2;
  }
  const Result<> filled = run(argv[1], argv[2], argv[3]);
  if (!filled) fmt::print(stderr, "fill_index: {}\n", filled.error().to_string());
  return filled ? 0 : 1;
}
