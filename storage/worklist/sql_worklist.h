// SqlWorklist: the worklist in the database of the index.
#pragma once

#include <utility>

#include "integration/logging.h"
#include "storage/index/index_database.h"
#include "storage/sql/sql_text.h"
#include "storage/worklist/worklist.h"

namespace pacs::storage {

/// Sets the status of items by the performed steps that name them: COMPLETED when one of these was
/// completed, however the others ended; what is performed wins over what was planned.
/// `items` is a condition on rows of worklist_item.
[[nodiscard]] Result<> follow_performed_steps(SqlDatabase& database, const SqlText& items);

class SqlWorklist final : public Worklist {
 public:
  /// The database outlives it and what it returns.
  explicit SqlWorklist(IndexDatabase& database, integration::Logger logger = {})
      : database_(database), logger_(std::move(logger)) {}

  Result<std::vector<PutItem>> put(std::span<const NewWorklistItem> items,
                                   Existing existing) override;
  Result<> put_source(std::string_view source, std::span<const NewWorklistItem> items) override;
  Result<> forget_source(std::string_view source) override;
  Result<std::vector<std::string>> sources() override;
  Result<WorklistItem> get(const StepId& id) override;
  Result<> cancel(const StepId& id) override;
  Result<> remove(const StepId& id) override;
  Result<std::unique_ptr<Matches>> find(Query query, WorklistView view) override;
  Result<std::vector<WorklistItem>> list(Query query, WorklistView view) override;

 private:
  IndexDatabase& database_;
  const integration::Logger logger_;
};

}  // namespace pacs::storage
