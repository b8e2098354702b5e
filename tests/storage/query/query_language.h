// What tests of queries say: the index holds these instances; asked this, it answers that.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/dicom_dataset.h"
#include "storage/index/sql_index.h"
#include "storage/query/search.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {

using Attributes = std::vector<std::pair<Tag, std::string>>;

/// A data set of these text attributes, whose VRs are the dictionary's.
[[nodiscard]] DataSet data_set_of(const Attributes& attributes);

/// An index with instances in it.
class QueriedIndex {
 public:
  QueriedIndex();

  /// An instance with these attributes; those of identity that are not named are given.
  void holds(const Attributes& attributes);
  void holds(DataSet header);
  void hold_all(std::vector<DataSet> headers);  ///< in one transaction

  /// The identifier as a C-FIND would bring it, relational unless `rules` says else.
  [[nodiscard]] static Query query(QueryLevel level, const Attributes& keys);
  [[nodiscard]] static Query query(QueryLevel level, const DataSet& keys, QueryRules rules);
  /// All answers, pulled `page` at a time; fails the test on an error.
  [[nodiscard]] std::vector<DataSet> answers(Query query, std::size_t page = 3);
  /// What they say of their number.
  [[nodiscard]] std::optional<std::uint64_t> total(Query query);
  /// The first values of one attribute of the answers, sorted, separated by spaces.
  [[nodiscard]] std::string asked(QueryLevel level, Attributes keys, Tag shown);
  [[nodiscard]] std::string asked(Query query, Tag shown);

  [[nodiscard]] SqlIndex& index() { return *index_; }
  [[nodiscard]] const std::vector<DataSet>& headers() const { return headers_; }
  [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<SqlIndex> index_;
  std::vector<DataSet> headers_;
  std::uint64_t numbers_ = 0;
};

}  // namespace pacs::storage::test
