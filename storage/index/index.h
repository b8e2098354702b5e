// The index seam: what is stored, searchable. Rows come in batches behind the journal, in its
// order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "storage/index/index_columns.h"
#include "storage/index/remote_ae.h"
#include "storage/objects/instance_record.h"

namespace pacs::storage {

/// One instance as the index keeps it.
struct IndexedInstance {
  std::uint64_t number = 0;  ///< of its object; record.object_key is object_key(number)
  InstanceRecord record;
  std::string source_ae;
  ColumnValues columns;
  Bytes header;  ///< as encode_header gives it
};

/// Where the index stands (journal sequence numbers) and the highest object number it has seen.
struct IndexPosition {
  std::uint64_t applied = 0, checkpoint = 0, last_object = 0;
};

/// What became of rows.
struct RowsApplied {
  std::vector<std::uint64_t> displaced;  ///< numbers of objects that no row names any more
  struct Refused {
    std::size_t place;  ///< among those given
    Error why;
  };
  std::vector<Refused> refused;  ///< rows that cannot be written, for their own sake
};

/// Reading calls are thread-safe; writing calls come from one thread at a time.
class Index {
 public:
  virtual ~Index() = default;
  [[nodiscard]] virtual Result<IndexPosition> position() = 0;

  /// Inserts the rows; one whose SOP Instance UID is there replaces the old one. A row that cannot
  /// be written is left out, so that it stops nobody else's; else all or nothing.
  [[nodiscard]] virtual Result<RowsApplied> apply(std::span<const IndexedInstance* const> instances,
                                                  std::uint64_t applied_sequence) = 0;
  [[nodiscard]] virtual Result<> set_checkpoint(std::uint64_t sequence) = 0;
  /// Makes durable what was applied before.
  [[nodiscard]] virtual Result<> sync() = 0;
  /// An error once a flush failed: nothing written since may be promised.
  [[nodiscard]] virtual Result<> healthy() = 0;

  /// NotFound when there is none.
  [[nodiscard]] virtual Result<InstanceRecord> find(std::string_view sop_instance_uid) = 0;
  /// The same for many, in their order; nullopt for those that are not there.
  [[nodiscard]] virtual Result<std::vector<std::optional<InstanceRecord>>> find_many(
      std::span<const std::string_view> sop_instance_uids) = 0;
  /// The bytes that encode_header gave; Corrupt when they are not these any more.
  [[nodiscard]] virtual Result<Bytes> header(std::string_view sop_instance_uid) = 0;
  /// What its row holds for instance_columns, in the order of column_names.
  [[nodiscard]] virtual Result<std::vector<std::string>> instance_values(
      std::string_view sop_instance_uid) = 0;
  [[nodiscard]] virtual Result<ArchiveCounts> counts() = 0;
  /// Calls `each` in the order of object numbers until it returns false. Rows that come or go
  /// meanwhile may be seen or not.
  [[nodiscard]] virtual Result<> for_each(
      const std::function<bool(std::uint64_t number, const InstanceRecord&)>& each) = 0;
  /// As in Archive; writing them may be done while rows are applied.
  [[nodiscard]] virtual Result<std::vector<RemoteAe>> remote_aes() = 0;
  [[nodiscard]] virtual Result<> put_remote_ae(const RemoteAe& remote) = 0;
  [[nodiscard]] virtual Result<> remove_remote_ae(std::string_view ae_title) = 0;
  /// Whether the database is whole, and what it counts is so; one message for each fault found.
  [[nodiscard]] virtual Result<std::vector<std::string>> check() = 0;
};

}  // namespace pacs::storage
