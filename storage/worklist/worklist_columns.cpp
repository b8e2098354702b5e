#include "storage/worklist/worklist_columns.h"

#include <algorithm>
#include <array>

#include "core/dicom_tags.h"

namespace pacs::storage {
namespace {

using Kind = KeyColumn::Kind;
constexpr Tag kStepItem = tags::ScheduledProcedureStepSequence;

constexpr std::array kColumns{
    IndexColumn{"study_instance_uid", tags::StudyInstanceUID},
    IndexColumn{"scheduled_procedure_step_id", tags::ScheduledProcedureStepID, ColumnKind::Text,
                kStepItem},
    IndexColumn{"start_date", tags::ScheduledProcedureStepStartDate, ColumnKind::Date, kStepItem},
    IndexColumn{"start_time", tags::ScheduledProcedureStepStartTime, ColumnKind::Time, kStepItem},
    IndexColumn{"station_ae_titles", tags::ScheduledStationAETitle, ColumnKind::Text, kStepItem},
    IndexColumn{"modality", tags::Modality, ColumnKind::Text, kStepItem},
    IndexColumn{"patient_id", tags::PatientID},
    IndexColumn{"patient_name", tags::PatientName, ColumnKind::Name},
    IndexColumn{"accession_number", tags::AccessionNumber},
    IndexColumn{"requested_procedure_id", tags::RequestedProcedureID},
};

Kind kind_of_order_text(const IndexColumn& column) {
  if (column.tag == tags::StudyInstanceUID) return Kind::Unique;
  return column.tag == tags::ScheduledStationAETitle ? Kind::List : Kind::Text;  // VM 1-n
}

std::array<KeyColumn, kColumns.size()> make_key_columns() {
  std::array<KeyColumn, kColumns.size()> made;
  std::ranges::transform(kColumns, made.begin(), [](const IndexColumn& column) {
    return key_column(column, "worklist_item", kind_of_order_text(column));
  });
  return made;
}

}  // namespace

std::span<const IndexColumn> worklist_columns() {
  return kColumns;
}

const KeyColumn* find_worklist_column(Tag sequence, Tag tag) {
  static const auto columns = make_key_columns();
  return find_column(columns, sequence, tag);
}

}  // namespace pacs::storage
