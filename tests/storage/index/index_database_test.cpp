#include "storage/index/index_database.h"

#include <map>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {
namespace {

/// SQLite's own access to files, whose flushes fail when a test says so: they pass our seam by.
class FailingFlushes {
 public:
  FailingFlushes() {
    fail_ = false;
    usual_ = sqlite3_vfs_find(nullptr);
    vfs_ = *usual_;
    vfs_.zName = "failing-flushes";
    vfs_.xOpen = [](sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
      const int code = usual_->xOpen(usual_, name, file, flags, out);
      if (code != SQLITE_OK || file->pMethods == nullptr) return code;
      sqlite3_io_methods& methods = methods_[file->pMethods];  // those of a WAL are others
      usual_sync_ = file->pMethods->xSync;                     // but for this one
      methods = *file->pMethods;
      methods.xSync = [](sqlite3_file* flushed, int how) {
        return fail_ ? SQLITE_IOERR_FSYNC : usual_sync_(flushed, how);
      };
      file->pMethods = &methods;
      return code;
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FailingFlushes() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(usual_, 1);
  }
  FailingFlushes(const FailingFlushes&) = delete;
  FailingFlushes& operator=(const FailingFlushes&) = delete;
  void fail(bool fail) { fail_ = fail; }

 private:
  static inline sqlite3_vfs* usual_ = nullptr;
  static inline int (*usual_sync_)(sqlite3_file*, int) = nullptr;
  static inline sqlite3_vfs vfs_{};
  static inline std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods_;
  static inline bool fail_ = false;
};

TEST(IndexDatabaseTest, AFlushThatFailedInsideOfSqliteIsNoticed) {
  TemporaryFolder folder;
  FailingFlushes flushes;
  auto database = IndexDatabase::open_sqlite(make_file_system(), folder.path(), true);
  ASSERT_TRUE(database) << database.error().to_string();
  const auto write = [&](std::string_view sql) {
    return (*database)->write(SqlText(sql), IndexDatabase::Sync::Later).has_value();
  };
  ASSERT_TRUE(write("CREATE TABLE filling (bytes BLOB)"));
  ASSERT_TRUE((*database)->sync());
  flushes.fail(true);
  // More than the WAL is to hold: SQLite begins to move it into the database by itself, and tells
  // nobody that it cannot flush it.
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(write("INSERT INTO filling VALUES (zeroblob(1000000))"));
  flushes.fail(false);
  const auto synced = (*database)->sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().kind, ErrorKind::Io);
  EXPECT_FALSE((*database)->healthy());
  database->reset();
  database = IndexDatabase::open_sqlite(make_file_system(), folder.path(), true);
  ASSERT_TRUE(database) << database.error().to_string();
  EXPECT_TRUE((*database)->sync());
}

}  // namespace
}  // namespace pacs::storage::test
