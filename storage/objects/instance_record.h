// What is known of a stored object, and what of all of them.
#pragma once

#include <cstdint>
#include <string>

namespace pacs::storage {

/// What the index knows of one.
struct InstanceRecord {
  std::string sop_class_uid, sop_instance_uid, series_instance_uid, study_instance_uid;
  std::string transfer_syntax_uid;
  std::uint64_t data_set_bytes = 0;
  std::uint64_t data_set_offset = 0;  ///< in the stored Part 10 object
  std::uint64_t checksum = 0;         ///< XXH3-64 of the data set
  std::string object_key;
  std::int64_t received_ms = 0;  ///< since 1970; 0 where nobody asked the index
};

struct ArchiveCounts {
  std::uint64_t patients = 0, studies = 0, series = 0, instances = 0, bytes = 0;
};

}  // namespace pacs::storage
