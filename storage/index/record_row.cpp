#include "storage/index/record_row.h"

#include "storage/objects/file_storage.h"

namespace pacs::storage {

InstanceRecord record_of(SqlStatement& row) {
  InstanceRecord record;
  record.object_key = object_key(static_cast<std::uint64_t>(row.integer(0)));
  record.sop_class_uid = row.text(1);
  record.sop_instance_uid = row.text(2);
  record.series_instance_uid = row.text(3);
  record.study_instance_uid = row.text(4);
  record.transfer_syntax_uid = row.text(5);
  record.data_set_bytes = static_cast<std::uint64_t>(row.integer(6));
  record.data_set_offset = static_cast<std::uint64_t>(row.integer(7));
  record.checksum = static_cast<std::uint64_t>(row.integer(8));
  record.received_ms = row.integer(9);
  return record;
}

}  // namespace pacs::storage
