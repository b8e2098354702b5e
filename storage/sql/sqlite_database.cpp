#include "storage/sql/sqlite_database.h"

#include <atomic>
#include <deque>
#include <string>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

namespace pacs::storage {
namespace {

ErrorKind kind_of_sqlite(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorKind::OutOfResources;
    case SQLITE_CONSTRAINT:
      return ErrorKind::Duplicate;
    case SQLITE_TOOBIG:
      return ErrorKind::LimitExceeded;
    case SQLITE_MISMATCH:
      return ErrorKind::Mismatch;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::Corrupt;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return ErrorKind::Io;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::Timeout;
    case SQLITE_INTERRUPT:
      return ErrorKind::Cancelled;
    default:
      return ErrorKind::Internal;
  }
}

tl::unexpected<Error> refuse(const SQLite::Exception& exception, const std::string& where) {
  return fail(
      Error{kind_of_sqlite(exception.getErrorCode()), std::string("index: ") + exception.what()}.in(
          where));
}

class SqliteStatement final : public SqlStatement {
 public:
  SqliteStatement(SQLite::Database& database, std::string_view sql)
      : database_(database), statement_(database, std::string(sql)) {}

  void bind(int parameter, std::int64_t number) override { statement_.bind(parameter, number); }
  void bind(int parameter, std::string_view text) override {
    // SQLiteCpp takes text without copying only as a std::string: ours are used again and again.
    const auto place = static_cast<std::size_t>(parameter);
    while (texts_.size() <= place) texts_.emplace_back();
    texts_[place] = text;
    statement_.bindNoCopy(parameter, texts_[place]);
  }
  void bind_bytes(int parameter, ByteView bytes) override {
    // Without a place SQLite would take no bytes for NULL.
    const void* place = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
    statement_.bindNoCopy(parameter, place, static_cast<int>(bytes.size()));
  }

  Result<bool> step() override {
    const int code = statement_.tryExecuteStep();
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return fail(Error{kind_of_sqlite(code), std::string("index: ") + database_.getErrorMsg()}.in(
        database_.getFilename()));
  }
  std::int64_t integer(int column) override { return statement_.getColumn(column).getInt64(); }
  std::string_view text(int column) override {
    const auto value = statement_.getColumn(column);
    const char* text = value.getText("");
    return {text, static_cast<std::size_t>(value.getBytes())};
  }
  ByteView bytes(int column) override {
    const auto value = statement_.getColumn(column);
    const auto* data = static_cast<const std::byte*>(value.getBlob());
    return {data, static_cast<std::size_t>(value.getBytes())};
  }
  void reset() override {
    statement_.tryReset();
    statement_.clearBindings();
  }

 private:
  SQLite::Database& database_;
  SQLite::Statement statement_;
  std::deque<std::string> texts_;  // does not move what is bound
};

/// detail=none keeps which patients hold a run, not where: all runs of a key are looked for, and
/// the names themselves compared.
constexpr std::string_view kNameTrigrams = R"sql(
CREATE VIRTUAL TABLE patient_name_trigram USING fts5 (
  patient_name_folded, content='patient', content_rowid='id', detail=none, columnsize=0,
  tokenize='trigram case_sensitive 1');
INSERT INTO patient_name_trigram (patient_name_trigram) VALUES ('rebuild');
CREATE TRIGGER patient_name_added AFTER INSERT ON patient BEGIN
  INSERT INTO patient_name_trigram (rowid, patient_name_folded)
    VALUES (new.id, new.patient_name_folded);
END;
CREATE TRIGGER patient_name_removed AFTER DELETE ON patient BEGIN
  INSERT INTO patient_name_trigram (patient_name_trigram, rowid, patient_name_folded)
    VALUES ('delete', old.id, old.patient_name_folded);
END;
CREATE TRIGGER patient_name_changed AFTER UPDATE OF patient_name_folded ON patient
  WHEN old.patient_name_folded <> new.patient_name_folded BEGIN
  INSERT INTO patient_name_trigram (patient_name_trigram, rowid, patient_name_folded)
    VALUES ('delete', old.id, old.patient_name_folded);
  INSERT INTO patient_name_trigram (rowid, patient_name_folded)
    VALUES (new.id, new.patient_name_folded);
END;
)sql";

class SqliteDatabase final : public SqlDatabase {
 public:
  SqliteDatabase(const std::string& path, int flags) : database_(path, flags, kBusyTimeoutMs) {
    // Else a statement with LIKE is prepared anew for each pattern that is bound.
    sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
    sqlite3_progress_handler(
        database_.getHandle(), kStepsBetweenLooks,
        [](void* self) -> int {
          return static_cast<SqliteDatabase*>(self)->stop_.stop_requested() ? 1 : 0;
        },
        this);
  }
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  Result<std::unique_ptr<SqlStatement>> prepare(std::string_view sql) override {
    try {
      return std::make_unique<SqliteStatement>(database_, sql);
    } catch (const SQLite::Exception& exception) {
      return refuse(exception, database_.getFilename());
    }
  }
  Result<> execute(std::string_view sql) override {
    try {
      database_.exec(std::string(sql));
      return {};
    } catch (const SQLite::Exception& exception) {
      return refuse(exception, database_.getFilename());
    }
  }
  Result<std::int64_t> schema_version() override {
    try {
      return database_.execAndGet("PRAGMA user_version").getInt64();
    } catch (const SQLite::Exception& exception) {
      return refuse(exception, database_.getFilename());
    }
  }
  Result<> set_schema_version(std::int64_t version) override {
    return execute(fmt::format("PRAGMA user_version = {}", version));
  }
  const SqlDialect& dialect() const override {
    static constexpr SqlDialect kDialect{"INTEGER", "INTEGER", "BLOB", kNameTrigrams};
    return kDialect;
  }
  std::int64_t changes() override { return database_.getChanges(); }
  void stop_when(std::stop_token stop) override { stop_ = std::move(stop); }
  Result<> flushed() const override {
    if (!flush_failed_) return {};
    return fail(Error{ErrorKind::Io, "a checkpoint of the WAL failed"}.in(database_.getFilename()));
  }
  /// Checkpoints as SQLite does by itself, but keeps what it does not tell: that a flush failed.
  void checkpoint_wal() {
    sqlite3_wal_hook(
        database_.getHandle(),
        [](void* self, sqlite3* handle, const char* name, int pages) -> int {
          if (pages < kWalPages) return SQLITE_OK;
          const int code =
              sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
          if ((code & 0xFF) == SQLITE_IOERR) {
            static_cast<SqliteDatabase*>(self)->flush_failed_ = true;
          }
          return SQLITE_OK;  // the transaction is committed
        },
        this);
  }
  Result<std::vector<std::string>> check() override {
    std::vector<std::string> faults;
    const auto collect = [&](std::string_view sql, std::string_view what) -> Result<> {
      PACS_TRY(const auto statement, prepare(sql));
      return each_row(*statement, [&](SqlStatement& row) {
        if (const auto text = row.text(0); text != "ok") {
          faults.push_back(std::string(what).append(text));
        }
      });
    };
    PACS_TRY(collect("PRAGMA integrity_check", ""));
    PACS_TRY(collect("PRAGMA foreign_key_check", "a row refers to one that is missing: table "));
    return faults;
  }

 private:
  // Only one thread writes; what a reader may meet is a checkpoint of the WAL.
  static constexpr int kBusyTimeoutMs = 10'000;
  /// Instructions of SQLite's machine: well below a millisecond.
  static constexpr int kStepsBetweenLooks = 10'000;
  /// Of 4 KiB: the WAL stays near 8 MiB.
  static constexpr int kWalPages = 2000;
  SQLite::Database database_;
  std::stop_token stop_;
  std::atomic<bool> flush_failed_ = false;
};

}  // namespace

Result<std::unique_ptr<SqlDatabase>> open_sqlite(const std::filesystem::path& path,
                                                 const SqliteOptions& options) {
  const int flags =
      options.read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
  try {
    auto database = std::make_unique<SqliteDatabase>(path.native(), flags | SQLite::OPEN_NOMUTEX);
    // synchronous NORMAL: the WAL is flushed before its pages go to the database and the database
    // before the WAL is begun anew, but not at each commit.
    std::string pragmas =
        fmt::format("PRAGMA cache_size = -{}; PRAGMA temp_store = MEMORY; PRAGMA synchronous = {};",
                    options.cache_kib, options.durable ? "NORMAL" : "OFF");
    if (!options.read_only) pragmas += "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;";
    PACS_TRY(database->execute(pragmas));
    if (!options.read_only) database->checkpoint_wal();
    return database;
  } catch (const SQLite::Exception& exception) {
    return refuse(exception, path.native());
  }
}

}  // namespace pacs::storage
