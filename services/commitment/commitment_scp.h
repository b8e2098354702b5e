// Storage Commitment Push Model SCP (PS3.4 Annex J): takes requests as durable jobs, checks what
// they refer to, and reports until the report is delivered.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "integration/logging.h"
#include "services/commitment/commitment_request.h"
#include "services/dispatch/report_lines.h"
#include "services/dispatch/service.h"
#include "services/jobs/job_runner.h"

namespace pacs::storage {
class Archive;
}

namespace pacs::services {

inline constexpr std::string_view kCommitmentJob = "commitment";  ///< the kind of its jobs

struct CommitmentOptions {
  std::string ae_title = "PACS";  ///< where what is committed can be retrieved
  /// Whether a report goes back on the association of its request while that is open.
  bool same_association = true;
  /// References of one request: 100,000 are a data set of 14 MiB and some 60 MB while checked.
  std::size_t references_max = 200'000;
  /// How to reach an AE title; waits for the database.
  std::function<Result<network::RequestOptions>(std::string_view ae_title)> find_peer;
};

/// What service and job share; all references outlive both.
struct CommitmentSetup {
  storage::Archive& archive;
  integration::WorkPool& workers;
  integration::Logger log;
  CommitmentOptions options;
  std::shared_ptr<ReportLines> lines = std::make_shared<ReportLines>();
};

class CommitmentScp : public Service {
 public:
  /// `wake`: a job was added.
  CommitmentScp(std::shared_ptr<const CommitmentSetup> setup, std::function<void()> wake)
      : setup_(std::move(setup)), wake_(std::move(wake)) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::NActionRq;
  }
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  [[nodiscard]] Result<> accept(const CommitmentOrder& order, const std::string& key,
                                const std::string& calling_ae) const;

  std::shared_ptr<const CommitmentSetup> setup_;
  std::function<void()> wake_;
};

/// Checks and reports: the handler of kCommitmentJob.
[[nodiscard]] JobHandler commitment_handler(std::shared_ptr<const CommitmentSetup> setup);

}  // namespace pacs::services
