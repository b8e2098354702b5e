// SqlPerformedSteps: performed steps in the database of the index.
#pragma once

#include "storage/index/index_database.h"
#include "storage/steps/performed_steps.h"

namespace pacs::storage {

class SqlPerformedSteps final : public PerformedSteps {
 public:
  /// `settle` sees to it that what was acknowledged is in the index, as far as there is room. Both
  /// live longer than this.
  SqlPerformedSteps(IndexDatabase& database, std::function<void()> settle)
      : database_(database), settle_(std::move(settle)) {}

  Result<> create(const PerformedStep& step, std::span<const NewJob> jobs) override;
  Result<bool> replace(const PerformedStep& before, const DataSet& after,
                       std::span<const NewJob> jobs) override;
  Result<PerformedStep> get(std::string_view sop_instance_uid) override;
  Result<StepPage> list(const StepFilter& filter) override;
  Result<Comparison> compare(std::string_view sop_instance_uid) override;

 private:
  IndexDatabase& database_;
  std::function<void()> settle_;
};

}  // namespace pacs::storage
