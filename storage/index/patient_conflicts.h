// Conflicts: studies of which instances name different patients. A study stays with the patient of
// its first instance; whoever else is named is listed here until an operator has decided.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/index/index_database.h"

namespace pacs::storage {

/// A patient that instances name and their study is not filed under.
struct OtherPatient {
  std::string patient_id, issuer_of_patient_id, patient_name;
  std::int64_t instances = 0;              ///< that have arrived, those that came again included
  std::string sop_instance_uid;            ///< of the last of them
  std::string source_ae;                   ///< which sent it
  std::int64_t first_ms = 0, last_ms = 0;  ///< since 1970
};

/// Patients of one study that are listed; more are counted.
inline constexpr std::size_t kOtherPatientsMax = 100;

struct PatientConflict {
  std::int64_t id = 0;  ///< for ConflictFilter::before
  std::string study_instance_uid;
  std::int64_t instances = 0;                                  ///< of the study
  std::string patient_id, issuer_of_patient_id, patient_name;  ///< it is filed under
  std::vector<OtherPatient> others;                            ///< kOtherPatientsMax at most
  std::int64_t others_total = 0;
};

struct ConflictFilter {
  std::int64_t before = INT64_MAX;  ///< only ids below it: the last of a page gives the next page
  std::int64_t limit = 100;
};

/// Thread-safe; waits for the database.
class Conflicts {
 public:
  /// `settle` sees to it that what was acknowledged is in the index, as far as there is room. Both
  /// live longer than this.
  Conflicts(IndexDatabase& database, std::function<void()> settle)
      : database_(database), settle_(std::move(settle)) {}

  /// Those that nobody has decided, the latest study first.
  [[nodiscard]] Result<std::vector<PatientConflict>> list(const ConflictFilter& filter);
  /// The study's are listed no more, until an instance names yet another patient; durable when it
  /// returns. NotFound when none is listed.
  [[nodiscard]] Result<> decide(std::string_view study_instance_uid);

 private:
  IndexDatabase& database_;
  const std::function<void()> settle_;
};

}  // namespace pacs::storage
