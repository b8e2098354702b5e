// InstanceRecord out of the index: the statement's front and the reading of its rows.
#pragma once

#include <string_view>

#include "storage/objects/instance_record.h"
#include "storage/sql/sql.h"

namespace pacs::storage {

/// What an InstanceRecord is made of; its FROM clause, to be followed by a condition on instance.
inline constexpr std::string_view kRecordSql =
    "SELECT instance.id, sop_class.text, instance.sop_instance_uid, series.series_instance_uid, "
    "study.study_instance_uid, transfer_syntax.text, instance.data_set_bytes, "
    "instance.data_set_offset, instance.checksum, instance.received_ms FROM instance "
    "JOIN series ON series.id = instance.series_key JOIN study ON study.id = series.study_key "
    "JOIN term sop_class ON sop_class.id = instance.sop_class_key "
    "JOIN term transfer_syntax ON transfer_syntax.id = instance.transfer_syntax_key ";
[[nodiscard]] InstanceRecord record_of(SqlStatement& row);

}  // namespace pacs::storage
