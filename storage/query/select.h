// The objects of a selection out of the index: the rows it names are looked up at once, 24 bytes
// each; the records come page by page.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/objects/instance_record.h"
#include "storage/query/query.h"

namespace pacs::storage {

class SqlReaders;

/// The objects of a selection, pulled.
class Records {
 public:
  virtual ~Records() = default;
  [[nodiscard]] virtual std::uint64_t total() const = 0;
  /// At most `most` further ones; none at the end. Waits for the database.
  [[nodiscard]] virtual Result<std::vector<InstanceRecord>> next(std::size_t most) = 0;
};

/// A series as it stands.
struct SelectedSeries {
  std::string study_instance_uid, series_instance_uid;
  std::uint64_t instances = 0;
  /// The number of the object that was stored last of those it holds: a series with the same last
  /// object and as many instances holds the same.
  std::uint64_t last_object = 0;
};

/// The series of a selection that names studies or series, in the order of `select`.
/// InvalidArgument when it names instances or nothing.
[[nodiscard]] Result<std::vector<SelectedSeries>> select_series(SqlReaders& readers,
                                                                const Selection& selection);

/// InvalidArgument when nothing is selected. The readers outlive what is returned.
[[nodiscard]] Result<std::unique_ptr<Records>> select(SqlReaders& readers,
                                                      const Selection& selection);

}  // namespace pacs::storage
