// SqlIndex: the index over a database behind the SQL seam: one writer, several readers.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "storage/index/index.h"
#include "storage/index/index_database.h"
#include "storage/index/index_writer.h"

namespace pacs::storage {

class SqlIndex final : public Index {
 public:
  /// SQLite below `directory`, created or migrated.
  [[nodiscard]] static Result<std::unique_ptr<SqlIndex>> open_sqlite_index(
      std::shared_ptr<FileSystem> files, const std::filesystem::path& directory, bool durable,
      integration::Logger logger = {});
  ~SqlIndex() override;

  /// For what else lies in the database of the index; lives as long as the index.
  [[nodiscard]] IndexDatabase& database() { return *database_; }

  Result<IndexPosition> position() override;
  Result<RowsApplied> apply(std::span<const IndexedInstance* const> instances,
                            std::uint64_t applied_sequence) override;
  Result<> set_checkpoint(std::uint64_t sequence) override;
  Result<> sync() override;
  Result<> healthy() override;
  Result<InstanceRecord> find(std::string_view sop_instance_uid) override;
  Result<std::vector<std::optional<InstanceRecord>>> find_many(
      std::span<const std::string_view> sop_instance_uids) override;
  Result<Bytes> header(std::string_view sop_instance_uid) override;
  Result<std::vector<std::string>> instance_values(std::string_view sop_instance_uid) override;
  Result<ArchiveCounts> counts() override;
  Result<> for_each(const std::function<bool(std::uint64_t, const InstanceRecord&)>& each) override;
  Result<std::vector<RemoteAe>> remote_aes() override;
  Result<> put_remote_ae(const RemoteAe& remote) override;
  Result<> remove_remote_ae(std::string_view ae_title) override;
  Result<std::vector<std::string>> check() override;

 private:
  SqlIndex() = default;

  std::unique_ptr<IndexDatabase> database_;
  std::unique_ptr<IndexWriter> writer_;
};

}  // namespace pacs::storage
