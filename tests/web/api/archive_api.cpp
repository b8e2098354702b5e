#include "tests/web/api/archive_api.h"

#include <future>
#include <string>

#include <fmt/format.h>

#include "core/dicom_dataset.h"
#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "tests/storage/small_archive.h"

namespace pacs::web {

ArchiveApiTest::ArchiveApiTest() {
  storage::ArchiveOptions options;
  options.path = folder.path();
  options.durability = storage::Durability::Os;
  options.free_bytes_min = 0;
  options.metrics = metrics.get();
  archive = *storage::open_small_archive(std::move(options));
}

Answer ArchiveApiTest::send(std::string_view method, std::string_view path, std::string_view body,
                            std::string_view headers) {
  return Peer(*server).asks(
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", method,
                  path, headers, body.size(), body));
}

void ArchiveApiTest::stores(const std::string& instance, const std::string& study,
                            const std::string& patient_id) {
  DataSet object;
  object.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
  object.set_text(tags::SOPInstanceUID, instance);
  object.set_text(tags::StudyInstanceUID, study);
  object.set_text(tags::SeriesInstanceUID, study + ".4");
  object.set_text(tags::PatientID, patient_id);
  auto ingest = *archive->begin_ingest({.transfer_syntax_uid = "1.2.840.10008.1.2.1",
                                        .sop_class_uid = {},
                                        .sop_instance_uid = {},
                                        .source_ae = {},
                                        .trace_id = {}});
  ASSERT_TRUE(ingest->append(*write_data_set(object, explicit_vr_little_endian())));
  std::promise<bool> stored;
  ingest->commit([&](auto outcome) { stored.set_value(outcome.has_value()); });
  ASSERT_TRUE(stored.get_future().get());
}

}  // namespace pacs::web
