#include "storage/sql_index.h"

#include <utility>

#include "storage/file_storage.h"
#include "storage/header_compressor.h"
#include "storage/index_schema.h"
#include "storage/sqlite_database.h"

namespace pacs::storage {
namespace {

constexpr std::string_view kRecord =
    "SELECT instance.id, sop_class.text, instance.sop_instance_uid, series.series_instance_uid, "
    "study.study_instance_uid, transfer_syntax.text, instance.data_set_bytes, "
    "instance.data_set_offset, instance.checksum FROM instance "
    "JOIN series ON series.id = instance.series_key JOIN study ON study.id = series.study_key "
    "JOIN term sop_class ON sop_class.id = instance.sop_class_key "
    "JOIN term transfer_syntax ON transfer_syntax.id = instance.transfer_syntax_key ";

InstanceRecord record_of(SqlStatement& row) {
  InstanceRecord record;
  record.object_key = object_key(static_cast<std::uint64_t>(row.integer(0)));
  record.sop_class_uid = row.text(1);
  record.sop_instance_uid = row.text(2);
  record.series_instance_uid = row.text(3);
  record.study_instance_uid = row.text(4);
  record.transfer_syntax_uid = row.text(5);
  record.data_set_bytes = static_cast<std::uint64_t>(row.integer(6));
  record.data_set_offset = static_cast<std::uint64_t>(row.integer(7));
  record.checksum = static_cast<std::uint64_t>(row.integer(8));
  return record;
}

tl::unexpected<Error> unknown(std::string_view sop_instance_uid) {
  return fail(ErrorKind::NotFound,
              "no instance " + std::string(sop_instance_uid.substr(0, 64)) + " is stored");
}

}  // namespace

/// One reading connection with its statements.
struct SqlIndex::Reader {
  std::unique_ptr<SqlDatabase> database;
  std::unique_ptr<SqlStatement> find, header, counts, page;
  HeaderCompressor compressor;
};

class SqlIndex::Lease {
 public:
  Lease(SqlIndex& index, std::unique_ptr<Reader> reader)
      : index_(&index), reader_(std::move(reader)) {}
  ~Lease() {
    if (!reader_) return;
    {
      const std::lock_guard lock(index_->readers_mutex_);
      index_->idle_readers_.push_back(std::move(reader_));
    }
    index_->reader_returned_.notify_one();
  }
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  Reader* operator->() const { return reader_.get(); }

 private:
  SqlIndex* index_;
  std::unique_ptr<Reader> reader_;
};

SqlIndex::~SqlIndex() = default;

Result<std::unique_ptr<SqlIndex>> SqlIndex::open_sqlite_index(
    std::shared_ptr<FileSystem> files, const std::filesystem::path& directory, bool durable) {
  const auto path = directory / "index.sqlite";
  constexpr std::int64_t kWriterCacheKib = 8192, kReaderCacheKib = 2048;
  auto index = std::unique_ptr<SqlIndex>(new SqlIndex);
  index->files_ = std::move(files);
  index->to_sync_ = {path.native() + "-wal", path};
  auto database = open_sqlite(path, {false, kWriterCacheKib, durable});
  if (!database) return fail(database.error());
  index->writer_database_ = std::move(*database);
  if (auto migrated = migrate(*index->writer_database_); !migrated) {
    return fail(std::move(migrated.error()).in(path.native()));
  }
  auto writer = IndexWriter::create(*index->writer_database_);
  if (!writer) return fail(writer.error());
  index->writer_ = std::move(*writer);
  // The names of database and WAL must survive as well as what is in them.
  if (auto synced = index->files_->sync_directory(directory); !synced) return fail(synced.error());
  index->connect_ = [path] { return open_sqlite(path, {true, kReaderCacheKib, true}); };
  return index;
}

Result<std::unique_ptr<SqlIndex::Reader>> SqlIndex::make_reader() {
  auto reader = std::make_unique<Reader>();
  auto database = connect_();
  if (!database) return fail(database.error());
  reader->database = std::move(*database);
  const std::pair<std::unique_ptr<SqlStatement>*, std::string> all[] = {
      {&reader->find, std::string(kRecord) + "WHERE instance.sop_instance_uid = $1"},
      {&reader->header,
       "SELECT instance.header, header_base.header FROM instance LEFT JOIN header_base ON "
       "header_base.series_key = instance.series_key WHERE instance.sop_instance_uid = $1"},
      {&reader->counts,
       "SELECT patients, studies, series, instances, bytes, applied_sequence, "
       "checkpoint_sequence, last_object FROM archive_state"},
      {&reader->page,
       std::string(kRecord) + "WHERE instance.id > $1 ORDER BY instance.id LIMIT $2"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = reader->database->prepare(sql);
    if (!prepared) return fail(prepared.error());
    *statement = std::move(*prepared);
  }
  return reader;
}

Result<SqlIndex::Lease> SqlIndex::lease() {
  {
    std::unique_lock lock(readers_mutex_);
    reader_returned_.wait(lock,
                          [this] { return !idle_readers_.empty() || readers_ < kReadersMax; });
    if (!idle_readers_.empty()) {
      auto reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return Lease(*this, std::move(reader));
    }
    ++readers_;
  }
  auto reader = make_reader();
  if (!reader) {
    {
      const std::lock_guard lock(readers_mutex_);
      --readers_;
    }
    reader_returned_.notify_one();
    return fail(reader.error());
  }
  return Lease(*this, std::move(*reader));
}

Result<IndexPosition> SqlIndex::position() {
  auto reader = lease();
  if (!reader) return fail(reader.error());
  SqlStatement& state = *(*reader)->counts;
  const ResetAtEnd reset(state);
  const auto row = state.step();
  if (!row) return fail(row.error());
  if (!*row) return fail(ErrorKind::Corrupt, "index: archive_state is empty");
  return IndexPosition{static_cast<std::uint64_t>(state.integer(5)),
                       static_cast<std::uint64_t>(state.integer(6)),
                       static_cast<std::uint64_t>(state.integer(7))};
}

Result<std::vector<std::uint64_t>> SqlIndex::apply(
    std::span<const IndexedInstance* const> instances, std::uint64_t applied_sequence) {
  const std::lock_guard lock(writer_mutex_);
  return writer_->apply(instances, applied_sequence);
}

Status SqlIndex::set_checkpoint(std::uint64_t sequence) {
  const std::lock_guard lock(writer_mutex_);
  return writer_->set_checkpoint(sequence);
}

Status SqlIndex::sync() {
  // What is committed is in the flushed database or in the WAL: SQLite flushes the database itself
  // before it begins the WAL anew.
  for (const auto& path : to_sync_) {
    auto file = files_->open(path, OpenMode::Read);
    if (!file && file.error().kind == ErrorKind::NotFound) continue;
    if (!file) return fail(file.error());
    if (auto synced = (*file)->sync(); !synced) {
      return fail(Error{ErrorKind::Io, synced.error().message}.in(path.native()));
    }
  }
  return {};
}

Result<InstanceRecord> SqlIndex::find(std::string_view sop_instance_uid) {
  auto reader = lease();
  if (!reader) return fail(reader.error());
  SqlStatement& find = *(*reader)->find;
  const ResetAtEnd reset(find);
  find.bind(1, sop_instance_uid);
  const auto row = find.step();
  if (!row) return fail(row.error());
  if (!*row) return unknown(sop_instance_uid);
  return record_of(find);
}

Result<Bytes> SqlIndex::header(std::string_view sop_instance_uid) {
  auto reader = lease();
  if (!reader) return fail(reader.error());
  SqlStatement& header = *(*reader)->header;
  const ResetAtEnd reset(header);
  header.bind(1, sop_instance_uid);
  const auto row = header.step();
  if (!row) return fail(row.error());
  if (!*row) return unknown(sop_instance_uid);
  Bytes base;
  if (const ByteView compressed = header.bytes(1); !compressed.empty()) {
    auto plain = (*reader)->compressor.decompress(compressed);
    if (!plain) return fail(plain.error());
    base = std::move(*plain);
  }
  return (*reader)->compressor.decompress(header.bytes(0), base);
}

Result<ArchiveCounts> SqlIndex::counts() {
  auto reader = lease();
  if (!reader) return fail(reader.error());
  SqlStatement& state = *(*reader)->counts;
  const ResetAtEnd reset(state);
  const auto row = state.step();
  if (!row) return fail(row.error());
  if (!*row) return fail(ErrorKind::Corrupt, "index: archive_state is empty");
  const auto number = [&](int column) { return static_cast<std::uint64_t>(state.integer(column)); };
  return ArchiveCounts{number(0), number(1), number(2), number(3), number(4)};
}

Status SqlIndex::for_each(const std::function<bool(std::uint64_t, const InstanceRecord&)>& each) {
  // Page by page: a statement left open would keep the WAL from being begun anew, and the reader
  // from others.
  constexpr std::int64_t kPageRows = 500;
  std::int64_t after = 0;
  std::vector<std::pair<std::int64_t, InstanceRecord>> rows;
  do {
    rows.clear();
    {
      auto reader = lease();
      if (!reader) return fail(reader.error());
      SqlStatement& page = *(*reader)->page;
      const ResetAtEnd reset(page);
      page.bind(1, after);
      page.bind(2, kPageRows);
      for (auto row = page.step();; row = page.step()) {
        if (!row) return fail(row.error());
        if (!*row) break;
        rows.emplace_back(page.integer(0), record_of(page));
      }
    }
    for (const auto& [number, record] : rows) {
      if (!each(static_cast<std::uint64_t>(number), record)) return {};
      after = number;
    }
  } while (!rows.empty());
  return {};
}

Result<std::vector<std::string>> SqlIndex::check() {
  auto database = connect_();
  if (!database) return fail(database.error());
  return (*database)->check();
}

}  // namespace pacs::storage
