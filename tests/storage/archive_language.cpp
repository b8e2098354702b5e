#include "tests/storage/archive_language.h"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "encoding/data_sets/data_set_codec.h"

namespace pacs::storage::test {

Bytes TestObject::data_set() const {
  DataSet ds;
  const auto text = [&](Tag tag, std::string_view value) {
    if (!value.empty()) ds.set_text(tag, value);
  };
  text(tags::SOPClassUID, sop_class);
  text(tags::SOPInstanceUID, instance);
  text(tags::StudyDate, study_date);
  text(tags::AccessionNumber, "A1");
  text(tags::Modality, modality);
  text(tags::StudyDescription, description);
  text(tags::PatientName, patient_name);
  text(tags::PatientID, patient_id);
  text(tags::StudyInstanceUID, study);
  text(tags::SeriesInstanceUID, series);
  text(tags::InstanceNumber, "1");
  ds.set_integer(tags::Rows, VR::US, 10);
  Bytes pixels(pixel_bytes);
  std::uint8_t next = pixel_seed;
  for (std::byte& pixel : pixels) pixel = std::byte{next = static_cast<std::uint8_t>(next * 5 + 1)};
  ds.set_bytes(tags::PixelData, VR::OW, std::move(pixels));
  auto bytes = write_data_set(ds, *find_transfer_syntax(transfer_syntax));
  if (!bytes) {
    ADD_FAILURE() << bytes.error().to_string();
    return {};
  }
  return std::move(*bytes);
}

IngestContext TestObject::context() const {
  return {transfer_syntax, sop_class, instance, "MODALITY", "trace"};
}

TestObject TestObject::number(std::size_t n) {
  TestObject object;
  object.instance = "1.2.3.4." + std::to_string(n + 1);
  object.pixel_seed = static_cast<std::uint8_t>(n);
  return object;
}

ArchiveTuning small_tuning() {
  ArchiveTuning tuning;
  tuning.segment_bytes = 1 << 20;
  tuning.segments_min = 2;
  tuning.segments_max = 4;
  tuning.segment_wait = std::chrono::milliseconds(500);
  tuning.write_behind.retry_delay = std::chrono::milliseconds(5);
  tuning.write_behind.delay = std::chrono::milliseconds(1);
  tuning.checkpoint.delay = std::chrono::milliseconds(5);
  return tuning;
}

ArchiveOptions options_for(const std::filesystem::path& path) {
  ArchiveOptions options;
  options.path = path;
  options.free_bytes_min = 0;
  options.journal_object_bytes_max = 64 << 10;
  return options;
}

std::unique_ptr<LocalArchive> open_archive(ArchiveOptions options, ArchiveTuning tuning) {
  auto archive = LocalArchive::open(std::move(options), tuning);
  if (!archive) {
    ADD_FAILURE() << archive.error().to_string();
    return nullptr;
  }
  return std::move(*archive);
}

Result<StoredInstance> store(Archive& archive, ByteView data_set, const IngestContext& context,
                             std::size_t piece_bytes) {
  auto ingest = archive.begin_ingest(context);
  if (!ingest) return fail(ingest.error());
  while (!data_set.empty()) {
    const auto piece = data_set.first(std::min(piece_bytes, data_set.size()));
    if (auto taken = (*ingest)->append(piece); !taken) return fail(taken.error());
    data_set = data_set.subspan(piece.size());
  }
  std::promise<Result<StoredInstance>> answer;
  auto stored = answer.get_future();
  (*ingest)->commit([&](Result<StoredInstance> result) { answer.set_value(std::move(result)); });
  return stored.get();
}

Result<StoredInstance> store(Archive& archive, const TestObject& object, std::size_t piece_bytes) {
  return store(archive, object.data_set(), object.context(), piece_bytes);
}

Result<Bytes> read_all(Archive& archive, std::string_view sop_instance_uid) {
  const auto record = archive.find_instance(sop_instance_uid);
  if (!record) return fail(record.error());
  Bytes all;
  Bytes piece(1000);
  for (;;) {
    const auto got = archive.read_object(*record, all.size(), piece);
    if (!got) return fail(got.error());
    if (*got == 0) return all;
    append(all, ByteView(piece).first(*got));
  }
}

Result<Bytes> read_data_set_bytes(Archive& archive, std::string_view sop_instance_uid) {
  const auto record = archive.find_instance(sop_instance_uid);
  if (!record) return fail(record.error());
  auto all = read_all(archive, sop_instance_uid);
  if (!all) return all;
  all->erase(all->begin(), all->begin() + static_cast<std::ptrdiff_t>(record->data_set_offset));
  return all;
}

void expect_stored(Archive& archive, const TestObject& object) {
  const auto bytes = read_data_set_bytes(archive, object.instance);
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  EXPECT_TRUE(*bytes == object.data_set()) << "instance " << object.instance << " has changed";
  const auto header = archive.read_header(object.instance);
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->data_set.text(tags::SOPInstanceUID), object.instance);
  EXPECT_EQ(header->data_set.text(tags::PatientName), object.patient_name);
}

void expect_sound(Archive& archive) {
  const auto report = archive.verify({});
  ASSERT_TRUE(report) << report.error().to_string();
  for (const Error& problem : report->problems) ADD_FAILURE() << problem.to_string();
}

}  // namespace pacs::storage::test
