// What tests of the archive say: an object with these attributes arrives, it is stored, it is
// whole.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/local_archive.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {

/// One DICOM object to be sent. Attributes that a test does not name have ordinary values.
struct TestObject {
  std::string sop_class = "1.2.840.10008.5.1.4.1.1.2";
  std::string instance = "1.2.3.4.1", series = "1.2.3.4", study = "1.2.3";
  std::string patient_id = "P1", patient_name = "Doe^John", modality = "CT";
  std::string study_date = "20240131", description;
  std::string transfer_syntax = "1.2.840.10008.1.2.1";
  std::size_t pixel_bytes = 1000;
  std::uint8_t pixel_seed = 1;  ///< different content for the same identity

  /// The data set's bytes, explicit VR little endian.
  [[nodiscard]] Bytes data_set() const;
  [[nodiscard]] IngestContext context() const;
  /// The number-th of a series.
  [[nodiscard]] static TestObject number(std::size_t n);
};

/// Small and quick: 1 MiB segments, applied and checkpointed at once.
[[nodiscard]] ArchiveTuning small_tuning();
[[nodiscard]] ArchiveOptions options_for(const std::filesystem::path& path);

/// Opens or fails the test; null then.
[[nodiscard]] std::unique_ptr<LocalArchive> open_archive(ArchiveOptions options,
                                                         ArchiveTuning tuning = small_tuning());

/// Sends an object and waits for the answer.
[[nodiscard]] Result<StoredInstance> store(Archive& archive, const TestObject& object,
                                           std::size_t piece_bytes = 4096);
[[nodiscard]] Result<StoredInstance> store(Archive& archive, ByteView data_set,
                                           const IngestContext& context,
                                           std::size_t piece_bytes = 4096);

/// The whole stored Part 10 object.
[[nodiscard]] Result<Bytes> read_all(Archive& archive, std::string_view sop_instance_uid);
/// The data set in it.
[[nodiscard]] Result<Bytes> read_data_set_bytes(Archive& archive,
                                                std::string_view sop_instance_uid);
/// Fails the test unless the archive holds the object byte for byte.
void expect_stored(Archive& archive, const TestObject& object);
/// Fails the test unless verify finds nothing wrong.
void expect_sound(Archive& archive);

}  // namespace pacs::storage::test
