// fill_index ARCHIVE COUNT FILE: an archive folder whose index holds COUNT instances like FILE, 500
// in each series, written by the real index code and without their objects: what a start over a
// large index costs does not depend on how the rows came there.
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/dicom_file.h"
#include "encoding/header_blob.h"
#include "storage/file_storage.h"
#include "storage/sql_index.h"

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

Status fill(const char* folder, std::uint64_t count, const char* path) {
  Result<DicomFile> file = read_file(path, {.limits = {}, .stop_before = tags::PixelData});
  if (!file) return fail(file.error());
  auto files = storage::make_file_system();
  if (Status made = files->make_directories(folder); !made) return made;
  auto index = storage::SqlIndex::open_sqlite_index(files, folder, false);
  if (!index) return fail(index.error());
  for (std::uint64_t done = 0; done < count;) {
    std::vector<IndexedInstance> rows;
    while (rows.size() < kBatch && done < count) {
      Result<IndexedInstance> row = instance(file->data_set, ++done);
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
  if (Status set = (*index)->set_checkpoint(count); !set) return set;
  return (*index)->sync();
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t count = 0;
  const std::string text = argc == 4 ? argv[2] : "";
  if (argc != 4 ||
      std::from_chars(text.data(), text.data() + text.size(), count).ec != std::errc{}) {
    std::fputs("usage: fill_index ARCHIVE COUNT FILE\n", stderr);
    return 2;
  }
  const Status filled = fill(argv[1], count, argv[3]);
  if (!filled) fmt::print(stderr, "fill_index: {}\n", filled.error().to_string());
  return filled ? 0 : 1;
}
