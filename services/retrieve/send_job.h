// Sending on request: a durable job that sends a study or a series to an AE by C-STORE (PS3.4 Annex
// B), again and again until everything has arrived.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "services/jobs/job_runner.h"
#include "services/retrieve/send_list.h"
#include "storage/jobs/jobs.h"

namespace pacs::services {

inline constexpr std::string_view kSendJob = "send";

struct SendOrder {
  std::string destination;            ///< AE title
  std::string study_instance_uid;     ///< of what is sent: all of it,
  std::string series_instance_uid{};  ///< or only this series
};
[[nodiscard]] storage::Selection selection_of(const SendOrder& order);
[[nodiscard]] storage::NewJob send_job(const SendOrder& order);

struct SendSetup {
  RetrieveSetup retrieve;
  SendOptions options;
};

/// Performs these jobs. Each attempt sends what the study has then and what no attempt before it
/// has sent: the job keeps their SOP Instance UIDs, every two seconds, so that after a crash the
/// objects of the last ones go twice. Dead when all that is left cannot be sent: the peer takes no
/// such objects, or ours cannot be read.
[[nodiscard]] JobHandler send_handler(std::shared_ptr<const SendSetup> setup);

}  // namespace pacs::services
