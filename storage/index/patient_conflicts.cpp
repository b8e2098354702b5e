#include "storage/index/patient_conflicts.h"

namespace pacs::storage {
namespace {

OtherPatient other_of(SqlStatement& row) {
  OtherPatient other;
  other.patient_id = row.text(0);
  other.issuer_of_patient_id = row.text(1);
  other.patient_name = row.text(2);
  other.instances = row.integer(3);
  other.sop_instance_uid = row.text(4);
  other.source_ae = row.text(5);
  other.first_ms = row.integer(6);
  other.last_ms = row.integer(7);
  return other;
}

}  // namespace

Result<std::vector<PatientConflict>> Conflicts::list(const ConflictFilter& filter) {
  settle_();
  PACS_TRY(const auto reader, database_.readers().lease());
  std::vector<PatientConflict> page;
  {
    PACS_TRY(const auto rows,
             reader->statement(
                 "SELECT study.id, study_instance_uid, study.instance_count, patient_id, "
                 "issuer_of_patient_id, patient_name, (SELECT count(*) FROM patient_conflict WHERE "
                 "study_key = study.id AND decided = 0) FROM study JOIN patient ON patient.id = "
                 "patient_key WHERE study.id IN (SELECT study_key FROM patient_conflict WHERE "
                 "decided = 0) AND study.id < $1 ORDER BY study.id DESC LIMIT $2",
                 filter.before, filter.limit));
    PACS_TRY(each_row(*rows, [&](SqlStatement& row) {
      PatientConflict& conflict = page.emplace_back();
      conflict.id = row.integer(0);
      conflict.study_instance_uid = row.text(1);
      conflict.instances = row.integer(2);
      conflict.patient_id = row.text(3);
      conflict.issuer_of_patient_id = row.text(4);
      conflict.patient_name = row.text(5);
      conflict.others_total = row.integer(6);
    }));
  }
  for (PatientConflict& conflict : page) {
    PACS_TRY(
        const auto rows,
        reader->statement("SELECT patient_id, issuer_of_patient_id, patient_name, instance_count, "
                          "sop_instance_uid, source_ae, first_ms, last_ms FROM patient_conflict "
                          "WHERE study_key = $1 AND decided = 0 ORDER BY first_ms, patient_id, "
                          "issuer_of_patient_id LIMIT $2",
                          conflict.id, kOtherPatientsMax));
    PACS_TRY(each_row(*rows, [&](SqlStatement& row) { conflict.others.push_back(other_of(row)); }));
  }
  return page;
}

Result<> Conflicts::decide(std::string_view study_instance_uid) {
  settle_();
  SqlText sql(
      "UPDATE patient_conflict SET decided = 1 WHERE decided = 0 AND study_key = (SELECT id FROM "
      "study WHERE study_instance_uid = ");
  sql.add(std::string(study_instance_uid)) += ")";
  PACS_TRY(const auto changed, database_.write(sql, IndexDatabase::Sync::Now));
  if (changed != 0) return {};
  return fail(ErrorKind::NotFound, "no conflict of study " +
                                       std::string(study_instance_uid.substr(0, 64)) +
                                       " waits for a decision");
}

}  // namespace pacs::storage
