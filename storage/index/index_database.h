// IndexDatabase: the connections to the database of the index: one that writes, several that read.
// What shares the database (the index of objects, the worklist, performed steps, jobs) shares this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/disk/file_system.h"
#include "storage/index/sql_readers.h"
#include "storage/sql/sql.h"
#include "storage/sql/sql_text.h"

namespace pacs::storage {

/// Thread-safe. Outlives all who use it.
class IndexDatabase {
 public:
  /// SQLite below `directory`, created or migrated.
  [[nodiscard]] static Result<std::unique_ptr<IndexDatabase>> open_sqlite(
      std::shared_ptr<FileSystem> files, const std::filesystem::path& directory, bool durable);

  [[nodiscard]] SqlReaders& readers() { return *readers_; }

  enum class Sync : std::uint8_t {
    Now,    ///< what was written is durable when the call returns
    Later,  ///< with the next `sync`: for what may be lost
  };
  /// Runs `work` on the writing connection in one transaction, all or nothing: an error rolls back.
  /// It must not begin a transaction of its own, nor keep statements.
  [[nodiscard]] Result<> write(const std::function<Result<>(SqlDatabase&)>& work, Sync sync);
  /// The same with one statement that returns nothing; the number of rows that it changed.
  [[nodiscard]] Result<std::int64_t> write(const SqlText& sql, Sync sync);
  /// Makes durable what was written before. After a flush that failed every further one fails until
  /// the database is opened again: the kernel may have dropped pages of the WAL, and behind a gap
  /// in it nothing is found again, whatever the next flush says.
  [[nodiscard]] Result<> sync();
  /// An error once a flush failed.
  [[nodiscard]] Result<> healthy();

  /// The writing connection, while the lock is held: for those who make their own transactions.
  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(writer_mutex_); }
  [[nodiscard]] SqlDatabase& writer() { return *writer_; }

 private:
  IndexDatabase() = default;
  [[nodiscard]] Result<> flush();

  std::shared_ptr<FileSystem> files_;
  std::vector<std::filesystem::path> to_sync_;
  std::mutex writer_mutex_;
  std::unique_ptr<SqlDatabase> writer_;
  std::unique_ptr<SqlReaders> readers_;
  std::mutex sync_mutex_;
  std::mutex health_mutex_;  // guards what follows
  Result<> health_;
};

}  // namespace pacs::storage
