#include "storage/index/index_database.h"

#include <utility>

#include "storage/index/index_schema.h"
#include "storage/sql/sqlite_database.h"

namespace pacs::storage {

Result<std::unique_ptr<IndexDatabase>> IndexDatabase::open_sqlite(
    std::shared_ptr<FileSystem> files, const std::filesystem::path& directory, bool durable) {
  const auto path = directory / "index.sqlite";
  constexpr std::int64_t kWriterCacheKib = 8192, kReaderCacheKib = 8192;
  auto index = std::unique_ptr<IndexDatabase>(new IndexDatabase);
  index->files_ = std::move(files);
  index->to_sync_ = {path.native() + "-wal", path};
  PACS_TRY(index->writer_, storage::open_sqlite(path, {false, kWriterCacheKib, durable}));
  // A process before this one may have failed to flush the WAL: what can be read of it is written
  // anew, into the database, and flushed there. It holds little, and nothing after a proper end.
  PACS_TRY(index->writer_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (auto migrated = migrate(*index->writer_); !migrated) {
    return fail(std::move(migrated.error()).in(path.native()));
  }
  // The names of database and WAL must survive as well as what is in them.
  PACS_TRY(index->files_->sync_directory(directory));
  index->readers_ = std::make_unique<SqlReaders>([path] {
    return storage::open_sqlite(path, {true, kReaderCacheKib, true});
  });
  return index;
}

Result<> IndexDatabase::write(const std::function<Result<>(SqlDatabase&)>& work, Sync sync) {
  {
    const std::lock_guard lock(writer_mutex_);
    PACS_TRY(writer_->execute("BEGIN IMMEDIATE"));
    Result<> done = work(*writer_);
    if (done) done = writer_->execute("COMMIT");
    if (!done) {
      (void)writer_->execute("ROLLBACK");
      return done;
    }
  }
  return sync == Sync::Now ? this->sync() : Result<>{};
}

Result<std::int64_t> IndexDatabase::write(const SqlText& sql, Sync sync) {
  std::int64_t changed = 0;
  const auto run = [&](SqlDatabase& database) -> Result<> {
    Result<> done = run_sql(database, sql);
    changed = database.changes();
    return done;
  };
  PACS_TRY(write(run, sync));
  return changed;
}

Result<> IndexDatabase::healthy() {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

Result<> IndexDatabase::sync() {
  const std::lock_guard one_at_a_time(sync_mutex_);  // else one may succeed by another's failure
  PACS_TRY(healthy());
  auto flushed = flush();
  if (flushed) {
    const auto transaction_ended = lock();  // its checkpoint may be what failed
    flushed = writer_->flushed();
  }
  if (flushed) return {};
  if (flushed.error().kind == ErrorKind::OutOfResources) return flushed;  // it was not begun
  const std::lock_guard lock(health_mutex_);
  health_ = fail(Error{ErrorKind::Io,
                       "a flush of the index failed, so the disk cannot be trusted: check it, then "
                       "start again (" +
                           flushed.error().message + ")"}
                     .in(flushed.error().where));
  return health_;
}

Result<> IndexDatabase::flush() {
  // What is committed is in the flushed database or in the WAL: SQLite flushes the database itself
  // before it begins the WAL anew.
  for (const auto& path : to_sync_) {
    auto file = files_->open(path, OpenMode::Read);
    if (!file && file.error().kind == ErrorKind::NotFound) continue;
    if (!file) return fail(file.error());  // no descriptor: OutOfResources
    if (auto synced = (*file)->sync(); !synced) {
      return fail(Error{ErrorKind::Io, synced.error().message}.in(path.native()));
    }
  }
  return {};
}

}  // namespace pacs::storage
