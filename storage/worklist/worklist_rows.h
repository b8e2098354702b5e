// Rows of the worklist as items, and those that match a query, pulled.
#pragma once

#include <functional>
#include <memory>

#include "integration/logging.h"
#include "storage/worklist/worklist_plan.h"

namespace pacs::storage {

/// The data set as the column holds it; an error for one that could not be read again.
[[nodiscard]] Result<Bytes> encode_worklist_data_set(const DataSet& data_set);

/// The item of a row whose columns begin as kWorklistRow says.
[[nodiscard]] Result<WorklistItem> worklist_item_of(SqlStatement& row);

/// A plan's rows that match, in the order of its walks. Not for use from two threads at once.
class WorklistRows {
 public:
  /// The readers outlive it. `logger` is told of rows that cannot be read: they are passed over,
  /// so that one keeps no modality from all others.
  WorklistRows(SqlReaders& readers, WorklistPlan plan, integration::Logger logger);

  /// What is done with a row and its data set, in UTF-8 and with the row's status.
  using Each = std::function<Result<>(SqlStatement& row, DataSet data_set)>;

  /// Calls `each` with further ones, passing over the first `skip`, until it has had `most` of
  /// them, or some rows were looked at, or it fails.
  [[nodiscard]] Result<> pull(std::size_t most, const Each& each);
  [[nodiscard]] bool ended() const { return walk_ == plan_.walks.size() || enough_; }
  [[nodiscard]] const Query& query() const { return plan_.query; }

 private:
  [[nodiscard]] Result<> take(SqlReader& reader, std::size_t& rows, std::size_t& most,
                              const Each& each);
  void keep_place(SqlStatement& row);

  SqlReaders& readers_;
  const WorklistPlan plan_;
  const integration::Logger logger_;
  std::size_t walk_ = 0;
  std::vector<SqlValue> place_;  // of the walk: behind which row it goes on
  std::uint64_t skipped_ = 0, given_ = 0;
  bool enough_ = false;
};

/// As Worklist::find.
[[nodiscard]] Result<std::unique_ptr<Matches>> search_worklist(SqlReaders& readers, Query query,
                                                               const WorklistView& view,
                                                               const integration::Logger& logger);
/// As Worklist::list.
[[nodiscard]] Result<std::vector<WorklistItem>> list_worklist(SqlReaders& readers, Query query,
                                                              const WorklistView& view,
                                                              const integration::Logger& logger);

}  // namespace pacs::storage
