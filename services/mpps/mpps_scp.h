// Modality Performed Procedure Step SCP (PS3.4 Annex F): a modality says what it performs, and
// anybody may ask what was said.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "integration/logging.h"
#include "services/dispatch/service.h"
#include "services/mpps/mpps_rules.h"

namespace pacs::integration {
class WorkPool;
}

namespace pacs::services {

struct MppsOptions {
  MppsStrictness strictness = MppsStrictness::Table;
  std::vector<std::string> notify{};   ///< AE titles that are told of every step (§F.9)
  std::function<void()> jobs_added{};  ///< called when there is something to tell them
  integration::Logger log{};           ///< is told what a step lacks that is taken nevertheless
};

/// The SOP class Modality Performed Procedure Step (PS3.4 §F.7): N-CREATE and N-SET.
class MppsScp : public Service {
 public:
  /// Both outlive every association.
  MppsScp(storage::PerformedSteps& steps, integration::WorkPool& workers, MppsOptions options)
      : steps_(steps), workers_(workers), options_(std::move(options)) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::NCreateRq || request == network::CommandField::NSetRq;
  }
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  Task<Result<Answer>> create(Operation& operation);
  Task<Result<Answer>> set(Operation& operation);
  void jobs_were_added() const;
  void say_lacking(const Operation& operation, const std::string& sop_instance_uid,
                   const std::string& lacking) const;

  storage::PerformedSteps& steps_;
  integration::WorkPool& workers_;
  const MppsOptions options_;
};

/// The SOP class Modality Performed Procedure Step Retrieve (PS3.4 §F.8): N-GET.
class MppsRetrieveScp : public Service {
 public:
  MppsRetrieveScp(storage::PerformedSteps& steps, integration::WorkPool& workers)
      : steps_(steps), workers_(workers) {}

  [[nodiscard]] bool serves(std::string_view sop_class_uid) const override;
  [[nodiscard]] bool performs(network::CommandField request) const override {
    return request == network::CommandField::NGetRq;
  }
  Task<Result<Answer>> perform(Operation& operation) override;

 private:
  storage::PerformedSteps& steps_;
  integration::WorkPool& workers_;
};

}  // namespace pacs::services
