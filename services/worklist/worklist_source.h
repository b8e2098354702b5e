// Modality Worklist (PS3.4 Annex K): which scheduled procedure steps there are for a modality, as a
// source of C-FIND answers.
#pragma once

#include <cstdint>
#include <vector>

#include "services/query/find_scp.h"
#include "storage/worklist/worklist.h"

namespace pacs::services {

struct WorklistOptions {
  /// What is shown unless the query itself asks for Scheduled Procedure Step Status (0040,0020).
  std::vector<storage::StepStatus> shown_statuses{
      storage::StepStatus::Scheduled, storage::StepStatus::Arrived, storage::StepStatus::Ready,
      storage::StepStatus::Started};
  /// Show a calling AE only what is scheduled for a station of its title.
  bool only_own_station = false;
  std::uint64_t matches_max = 0;                ///< as in FindSource
  std::vector<std::string> private_creators{};  ///< as in FindSource
};
/// `archive` outlives it.
[[nodiscard]] FindSource scheduled_steps(storage::Archive& archive, WorklistOptions options);

}  // namespace pacs::services
