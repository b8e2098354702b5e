// Modality Performed Procedure Step Notification (PS3.4 §F.9): who wants to know is told, by
// durable jobs, when a step begins, changes or ends.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/logging.h"
#include "services/jobs/job_runner.h"
#include "storage/jobs/jobs.h"
#include "storage/steps/performed_steps.h"

namespace pacs::services {

inline constexpr std::string_view kMppsNotificationJob = "mpps-notification";

/// Event Type ID, PS3.4 Table F.9.2-1. A step is never deleted here, so 5 never comes.
enum class MppsEvent : std::uint16_t {
  InProgress = 1,
  Completed = 2,
  Discontinued = 3,
  Updated = 4
};

/// What an N-SET that leaves a step with this status is to those who are told.
[[nodiscard]] MppsEvent event_of(storage::PerformedStatus status);

/// The jobs that tell each of the AEs; to be added with the change itself. What one step has to
/// tell one AE goes in this order, each when the one before has ended (storage/jobs/job_queue.h).
[[nodiscard]] std::vector<storage::NewJob> mpps_notices(const std::vector<std::string>& ae_titles,
                                                        const std::string& sop_instance_uid,
                                                        MppsEvent event);

/// How to reach an AE by its title.
using FindPeer = std::function<Result<network::RequestOptions>(std::string_view ae_title)>;

/// Performs these jobs: one N-EVENT-REPORT on an association of its own. What a peer refuses, or
/// cannot be reached for, is tried again; an AE that nobody knows may be entered meanwhile.
/// `find_peer` may wait for the database: it is called on one of `workers`, which outlive it.
[[nodiscard]] JobHandler mpps_notification_handler(FindPeer find_peer,
                                                   integration::WorkPool& workers,
                                                   integration::Logger log);

}  // namespace pacs::services
