// Modality Worklist SCP (PS3.4 Annex K): which scheduled procedure steps there are for a modality.
#pragma once

#include <vector>

#include "services/dispatch/service.h"
#include "storage/worklist/worklist.h"

namespace pacs::integration {
class WorkPool;
}
namespace pacs::storage {
class Archive;
}

namespace pacs::services {

struct WorklistOptions {
  /// What is shown unless the query itself asks for Scheduled Procedure Step Status (0040,0020).
  std::vector<storage::StepStatus> shown_statuses{
      storage::StepStatus::Scheduled, storage::StepStatus::Arrived, storage::StepStatus::Ready,
      storage::StepStatus::Started};
  /// Show a calling AE only what is scheduled for a station of its title.
  bool only_own_station = false;
  std::uint64_t matches_max = 0;  ///< as in FindSource
};

class WorklistScp : public Service {
 public:
  /// Both outlive every association.
  WorklistScp(storage::Archive& archive, integration::WorkPool& workers, WorklistOptions options)
      : archive_(archive), workers_(workers), options_(std::move(options)) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::CFindRq;
  }
  [[nodiscard]] std::optional<Bytes> answer_extended(
      const network::ExtendedNegotiation& proposed) const override;
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  [[nodiscard]] storage::WorklistView view_for(const storage::Query& query,
                                               const Operation& operation) const;

  storage::Archive& archive_;
  integration::WorkPool& workers_;
  WorklistOptions options_;
};

}  // namespace pacs::services
