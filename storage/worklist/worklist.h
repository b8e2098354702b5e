// Worklist: the scheduled procedure steps that modalities ask for (PS3.4 Annex K), one item each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dicom_dataset.h"
#include "core/result.h"
#include "storage/query/query.h"

namespace pacs::storage {

/// Scheduled Procedure Step Status (0040,0020), the defined terms of PS3.3 §C.4.10.
enum class StepStatus : std::uint8_t {
  Scheduled,
  Arrived,
  Ready,
  Started,
  Departed,
  Completed,
  Discontinued,
  Canceled,
};
inline constexpr std::size_t kStepStatuses = 8;
[[nodiscard]] std::string_view to_string(StepStatus status);  ///< "SCHEDULED"...
[[nodiscard]] std::optional<StepStatus> parse_step_status(std::string_view text);
[[nodiscard]] std::vector<StepStatus> all_step_statuses();

/// Identifies an item.
struct StepId {
  std::string study_instance_uid, scheduled_procedure_step_id;

  friend bool operator==(const StepId&, const StepId&) = default;
};

/// An item to be put, as worklist_order.h makes it of an order.
struct NewWorklistItem {
  StepId id;
  StepStatus status = StepStatus::Scheduled;
  /// Text in UTF-8, one item in Scheduled Procedure Step Sequence.
  DataSet data_set;
  std::vector<Tag> generated{};  ///< what the order had left out
};

struct WorklistItem {
  StepId id;
  StepStatus status = StepStatus::Scheduled;
  std::string source{};                         ///< what keeps it up to date; empty: nothing
  std::int64_t created_ms = 0, changed_ms = 0;  ///< since 1970
  DataSet data_set{};                           ///< with `status` in (0040,0020)
};

/// What became of an item that was put.
struct PutItem {
  bool is_new = false;
  StepStatus status = StepStatus::Scheduled;  ///< as it is now, whatever the order said

  friend bool operator==(const PutItem&, const PutItem&) = default;
};

/// Which part of the worklist is shown, whatever the query asks for.
struct WorklistView {
  std::vector<StepStatus> statuses = all_step_statuses();
  std::string station_ae{};  ///< only what is scheduled for this station; empty: all
};

/// Thread-safe; writing calls are durable when they return. All wait for the database.
class Worklist {
 public:
  virtual ~Worklist() = default;

  enum class Existing : std::uint8_t { Refuse, Replace };
  /// All or none. An item that is there already is Duplicate or replaced. A step that performed
  /// steps name keeps the status they give it, whatever its order says; a step that an order has
  /// begun does not become scheduled again.
  [[nodiscard]] virtual Result<std::vector<PutItem>> put(std::span<const NewWorklistItem> items,
                                                         Existing existing) = 0;
  /// What a source holds from now on: its items are put (replacing), and those that it no longer
  /// holds are canceled, unless they were started. No items: the source is gone.
  [[nodiscard]] virtual Result<> put_source(std::string_view source,
                                            std::span<const NewWorklistItem> items) = 0;
  /// The items of a source stay, and nothing that happens to the source changes them any more.
  [[nodiscard]] virtual Result<> forget_source(std::string_view source) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> sources() = 0;

  /// NotFound when there is none.
  [[nodiscard]] virtual Result<WorklistItem> get(const StepId& id) = 0;
  /// Mismatch when the step was performed, in whole or in part; canceled before: a success.
  [[nodiscard]] virtual Result<> cancel(const StepId& id) = 0;
  [[nodiscard]] virtual Result<> remove(const StepId& id) = 0;

  /// The answers to a query of the Modality Worklist Information Model.
  [[nodiscard]] virtual Result<std::unique_ptr<Matches>> find(Query query, WorklistView view) = 0;
  /// The same as whole items, `query.limit` of them at most.
  [[nodiscard]] virtual Result<std::vector<WorklistItem>> list(Query query, WorklistView view) = 0;
};

}  // namespace pacs::storage
