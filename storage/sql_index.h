// SqlIndex: the index over a database behind the SQL seam: one writer, several readers.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/file_system.h"
#include "storage/index.h"
#include "storage/index_writer.h"
#include "storage/sql.h"

namespace pacs::storage {

class SqlIndex final : public Index {
 public:
  /// SQLite below `directory`, created or migrated.
  [[nodiscard]] static Result<std::unique_ptr<SqlIndex>> open_sqlite_index(
      std::shared_ptr<FileSystem> files, const std::filesystem::path& directory, bool durable);
  ~SqlIndex() override;

  Result<IndexPosition> position() override;
  Result<std::vector<std::uint64_t>> apply(std::span<const IndexedInstance* const> instances,
                                           std::uint64_t applied_sequence) override;
  Status set_checkpoint(std::uint64_t sequence) override;
  Status sync() override;
  Result<InstanceRecord> find(std::string_view sop_instance_uid) override;
  Result<Bytes> header(std::string_view sop_instance_uid) override;
  Result<ArchiveCounts> counts() override;
  Status for_each(const std::function<bool(std::uint64_t, const InstanceRecord&)>& each) override;
  Result<std::vector<std::string>> check() override;

 private:
  struct Reader;
  /// A reader for the time of one call.
  class Lease;
  using Connect = std::function<Result<std::unique_ptr<SqlDatabase>>()>;

  SqlIndex() = default;
  [[nodiscard]] Result<std::unique_ptr<Reader>> make_reader();
  [[nodiscard]] Result<Lease> lease();

  /// More would only wait for each other on the machines we know; each costs its page cache.
  static constexpr std::size_t kReadersMax = 4;

  Connect connect_;
  std::shared_ptr<FileSystem> files_;
  std::vector<std::filesystem::path> to_sync_;
  std::mutex writer_mutex_;
  std::unique_ptr<SqlDatabase> writer_database_;
  std::unique_ptr<IndexWriter> writer_;
  std::mutex readers_mutex_;
  std::condition_variable reader_returned_;
  std::vector<std::unique_ptr<Reader>> idle_readers_;
  std::size_t readers_ = 0;
};

}  // namespace pacs::storage
