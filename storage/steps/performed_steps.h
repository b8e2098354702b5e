// PerformedSteps: what modalities say they perform and have performed (PS3.4 Annex F), and how it
// agrees with what is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/jobs/jobs.h"

namespace pacs::storage {

/// Performed Procedure Step Status (0040,0252), PS3.4 Table F.1-3.
enum class PerformedStatus : std::uint8_t { InProgress, Completed, Discontinued };

[[nodiscard]] std::string_view to_string(PerformedStatus status);  ///< "IN PROGRESS"
[[nodiscard]] std::optional<PerformedStatus> parse_performed_status(std::string_view text);

/// One SOP Instance of Modality Performed Procedure Step.
struct PerformedStep {
  std::string sop_instance_uid;
  PerformedStatus status = PerformedStatus::InProgress;
  std::string source_ae;                        ///< calling AE title of its creator
  std::string character_set;                    ///< Specific Character Set of its creator
  std::int64_t created_ms = 0, changed_ms = 0;  ///< since 1970; each change has a later one
  DataSet data_set;                             ///< text in UTF-8
};

/// A scheduled procedure step that a step performs: an item of Scheduled Step Attributes Sequence.
struct PerformedRequest {
  std::string study_instance_uid, scheduled_procedure_step_id, accession_number;
  /// False for the study of a request that the modality grouped into another one (PS3.4
  /// §F.7.2.1.2, Note 2): no object of the step belongs to it.
  bool holds_objects = true;

  friend bool operator==(const PerformedRequest&, const PerformedRequest&) = default;
};

struct ObjectReference {
  std::string sop_class_uid, sop_instance_uid, series_instance_uid, study_instance_uid;

  friend bool operator==(const ObjectReference&, const ObjectReference&) = default;
};

/// An item of Performed Series Sequence.
struct PerformedSeries {
  std::string series_instance_uid, series_description, protocol_name;
  std::vector<ObjectReference> instances;  ///< images and others; empty where only counted
  std::uint64_t performed = 0;             ///< instances that it lists
  std::uint64_t stored = 0;                ///< of those, stored
  std::uint64_t stored_elsewhere =
      0;  ///< of those, in another study or series, or of another class
};

/// A step in a list. A step agrees with what is stored when every count of `stored` is that of
/// `performed`, and `stored_elsewhere` and `not_performed` are 0.
struct StepSummary {
  std::int64_t number = 0;  ///< older steps have lower ones
  std::string sop_instance_uid, source_ae, patient_id, patient_name, modality;
  std::string performed_station_ae_title, performed_procedure_step_id;
  std::string start_date, start_time, end_date, end_time;
  PerformedStatus status = PerformedStatus::InProgress;
  std::int64_t created_ms = 0, changed_ms = 0;
  std::vector<PerformedRequest> requests;
  std::vector<PerformedSeries> series;
  std::uint64_t not_performed = 0;  ///< stored in the step's studies, listed by no step

  [[nodiscard]] bool agrees() const;
};

/// Steps looked at for one page of mismatches, so that no call takes long: comparing one with its
/// 500 objects costs about 1 ms.
inline constexpr std::size_t kStepsExaminedMax = 1000;
struct StepFilter {
  std::optional<PerformedStatus> status{};
  std::string patient_id{}, study_instance_uid{}, accession_number{};  ///< empty: any
  bool only_mismatches = false;                                        ///< those that do not agree
  std::int64_t before = 0;                                             ///< a number; 0: the newest
  std::size_t limit = 100;
  std::size_t examined_max = kStepsExaminedMax;
};

/// Newest first.
struct StepPage {
  std::vector<StepSummary> steps;
  /// For the filter's `before` to go on with; 0: there are no more. A page of mismatches may be
  /// short, even empty, and not the last.
  std::int64_t next_before = 0;
};

/// References in each list of differences.
inline constexpr std::size_t kDifferencesMax = 10'000;

/// How a step and what is stored differ, each list cut at kDifferencesMax.
struct StepDifferences {
  std::vector<ObjectReference> not_stored;        ///< listed by the step
  std::vector<ObjectReference> stored_elsewhere;  ///< as stored; the step says something else
  std::vector<ObjectReference> not_performed;     ///< stored in its studies, listed by no step
};

/// Thread-safe; waits for the database.
class PerformedSteps {
 public:
  virtual ~PerformedSteps() = default;

  /// Durable when the call returns, as are the worklist items of its requests: COMPLETED when a
  /// step completed them, else STARTED while one is in progress, else DISCONTINUED. Its status is
  /// that of `data_set`, its times are given here. The jobs are added with it. Duplicate when there
  /// is one with its UID.
  [[nodiscard]] virtual Result<> create(const PerformedStep& step,
                                        std::span<const NewJob> jobs = {}) = 0;

  /// Puts `after` (text in UTF-8) in the place of the data set of `before`, as `get` gave it, and
  /// adds the jobs; durable when the call returns. False, and nothing is changed, when the step has
  /// changed since or is no longer in progress (PS3.4 §F.7.2.2.3).
  [[nodiscard]] virtual Result<bool> replace(const PerformedStep& before, const DataSet& after,
                                             std::span<const NewJob> jobs = {}) = 0;

  /// NotFound when there is none.
  [[nodiscard]] virtual Result<PerformedStep> get(std::string_view sop_instance_uid) = 0;

  // Both see every object that was acknowledged to its sender.
  [[nodiscard]] virtual Result<StepPage> list(const StepFilter& filter) = 0;
  struct Comparison {
    StepSummary step;
    StepDifferences differences;
  };
  /// NotFound when there is no such step.
  [[nodiscard]] virtual Result<Comparison> compare(std::string_view sop_instance_uid) = 0;
};

// What the data set of a step says, text in UTF-8.

/// What it performs. Studies of grouped requests (Referenced Study Sequence) follow those that hold
/// objects; each pair of study and scheduled step comes once.
[[nodiscard]] std::vector<PerformedRequest> performed_requests(const DataSet& step);
/// What it has made; items of one series are put together, each instance in it comes once.
[[nodiscard]] std::vector<PerformedSeries> performed_series(const DataSet& step);

}  // namespace pacs::storage
