#include "storage/index/sql_index.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/index/record_row.h"

namespace pacs::storage {
namespace {

/// Each names what does not agree with its rows: one statement sees one state of the database.
constexpr std::array<std::string_view, 5> kWrongCounts = {
    "SELECT 'series ' || series_instance_uid || ' has a wrong count or size of its instances' FROM "
    "series "
    "LEFT JOIN (SELECT series_key, count(*) AS instances, sum(data_set_bytes) AS held FROM "
    "instance "
    "GROUP BY series_key) AS there ON there.series_key = series.id WHERE instances IS NULL OR "
    "instance_count <> instances OR bytes <> held",
    "SELECT 'study ' || study_instance_uid || ' has a wrong count or size of its series' FROM "
    "study LEFT "
    "JOIN (SELECT study_key, count(*) AS series, sum(instance_count) AS instances, sum(bytes) AS "
    "held FROM series GROUP BY study_key) AS there ON there.study_key = study.id WHERE series IS "
    "NULL OR series_count <> series OR instance_count <> instances OR bytes <> held",
    "SELECT 'patient ' || patient.id || ' has a wrong count of its studies' FROM patient LEFT JOIN "
    "(SELECT patient_key, count(*) AS studies, sum(series_count) AS series, sum(instance_count) AS "
    "instances FROM study GROUP BY patient_key) AS there ON there.patient_key = patient.id WHERE "
    "studies IS NULL OR study_count <> studies OR series_count <> series OR instance_count <> "
    "instances",
    "SELECT 'the archive has a wrong count of patients, studies, series or instances' FROM "
    "archive_state WHERE patients <> (SELECT count(*) FROM patient) OR studies <> (SELECT count(*) "
    "FROM study) OR series <> (SELECT count(*) FROM series) OR instances <> (SELECT count(*) FROM "
    "instance) OR bytes <> (SELECT coalesce(sum(bytes), 0) FROM study)",
    "SELECT 'study ' || study_instance_uid || ' does not list the modality ' || modality FROM "
    "study "
    "JOIN series ON series.study_key = study.id WHERE modality <> '' AND instr(modality, '\\') = 0 "
    "AND instr('\\' || modalities || '\\', '\\' || modality || '\\') = 0"};

tl::unexpected<Error> unknown_instance(std::string_view sop_instance_uid) {
  return fail(ErrorKind::NotFound,
              "no instance " + std::string(sop_instance_uid.substr(0, 64)) + " is stored");
}

/// What `read(reader, row)` makes of the row that a statement gives for an instance ($1).
template <typename Read>
std::invoke_result_t<Read, SqlReader&, SqlStatement&> of_instance(SqlReaders& readers,
                                                                  const std::string& sql,
                                                                  std::string_view sop_instance_uid,
                                                                  Read read) {
  PACS_TRY(const auto reader, readers.lease());
  PACS_TRY(const auto row, reader->statement(sql, sop_instance_uid));
  PACS_TRY(const bool there, row->step());
  if (!there) return unknown_instance(sop_instance_uid);
  return read(*reader, *row);
}

/// Patients, studies, series, instances, bytes; applied and checkpoint sequence, last object.
Result<std::array<std::uint64_t, 8>> state_of(SqlReaders& readers) {
  PACS_TRY(const auto reader, readers.lease());
  PACS_TRY(const auto row,
           reader->statement("SELECT patients, studies, series, instances, bytes, "
                             "applied_sequence, checkpoint_sequence, last_object FROM "
                             "archive_state"));
  PACS_TRY(const bool there, row->step());
  if (!there) return fail(ErrorKind::Corrupt, "index: archive_state is empty");
  std::array<std::uint64_t, 8> state{};
  for (std::size_t i = 0; i < state.size(); ++i) {
    state[i] = static_cast<std::uint64_t>(row->integer(static_cast<int>(i)));
  }
  return state;
}

}  // namespace

SqlIndex::~SqlIndex() = default;

Result<std::unique_ptr<SqlIndex>> SqlIndex::open_sqlite_index(
    std::shared_ptr<FileSystem> files, const std::filesystem::path& directory, bool durable,
    integration::Logger logger) {
  auto index = std::unique_ptr<SqlIndex>(new SqlIndex);
  PACS_TRY(index->database_, IndexDatabase::open_sqlite(std::move(files), directory, durable));
  PACS_TRY(index->writer_, IndexWriter::create(index->database_->writer(), std::move(logger)));
  return index;
}

Result<IndexPosition> SqlIndex::position() {
  PACS_TRY(const auto state, state_of(database_->readers()));
  return IndexPosition{state[5], state[6], state[7]};
}

Result<RowsApplied> SqlIndex::apply(std::span<const IndexedInstance* const> instances,
                                    std::uint64_t applied_sequence) {
  const auto lock = database_->lock();
  return writer_->apply(instances, applied_sequence);
}

Result<> SqlIndex::set_checkpoint(std::uint64_t sequence) {
  const auto lock = database_->lock();
  return writer_->set_checkpoint(sequence);
}

Result<> SqlIndex::sync() {
  return database_->sync();
}
Result<> SqlIndex::healthy() {
  return database_->healthy();
}

Result<InstanceRecord> SqlIndex::find(std::string_view sop_instance_uid) {
  const auto sql = std::string(kRecordSql) + "WHERE instance.sop_instance_uid = $1";
  return of_instance(
      database_->readers(), sql, sop_instance_uid,
      [](SqlReader&, SqlStatement& row) -> Result<InstanceRecord> { return record_of(row); });
}

Result<std::vector<std::optional<InstanceRecord>>> SqlIndex::find_many(
    std::span<const std::string_view> sop_instance_uids) {
  // So many to one statement: few statements, and one text for all of them.
  constexpr std::size_t kBatch = 250;
  static const std::string kSql = [] {
    std::string sql(kRecordSql);
    sql += "WHERE instance.sop_instance_uid IN ($1";
    for (std::size_t i = 2; i <= kBatch; ++i) sql += ", $" + std::to_string(i);
    return sql + ")";
  }();
  std::unordered_map<std::string, InstanceRecord> found;
  for (std::size_t first = 0; first < sop_instance_uids.size(); first += kBatch) {
    PACS_TRY(const auto reader, database_->readers().lease());
    PACS_TRY(const auto rows, reader->statement(kSql));
    const auto batch =
        sop_instance_uids.subspan(first, std::min(kBatch, sop_instance_uids.size() - first));
    for (std::size_t i = 0; i < kBatch; ++i) {
      rows->bind(static_cast<int>(i + 1), i < batch.size() ? batch[i] : std::string_view{});
    }
    PACS_TRY(each_row(*rows, [&](SqlStatement& row) {
      InstanceRecord record = record_of(row);
      std::string uid = record.sop_instance_uid;
      found.emplace(std::move(uid), std::move(record));
    }));
  }
  std::vector<std::optional<InstanceRecord>> records;
  records.reserve(sop_instance_uids.size());
  for (const std::string_view uid : sop_instance_uids) {
    const auto record = found.find(std::string(uid));
    records.push_back(record == found.end() ? std::nullopt : std::optional(record->second));
  }
  return records;
}

Result<Bytes> SqlIndex::header(std::string_view sop_instance_uid) {
  const auto read = [](SqlReader& reader, SqlStatement& row) -> Result<Bytes> {
    Bytes base;  // without one that can be read, what needs it says so
    if (const ByteView compressed = row.bytes(1); !compressed.empty()) {
      base = reader.compressor().decompress(compressed).value_or(Bytes{});
    }
    return reader.compressor().decompress(row.bytes(0), base);
  };
  return of_instance(
      database_->readers(),
      "SELECT instance.header, header_base.header FROM instance LEFT JOIN header_base ON "
      "header_base.series_key = instance.series_key WHERE instance.sop_instance_uid = $1",
      sop_instance_uid, read);
}

Result<std::vector<std::string>> SqlIndex::instance_values(std::string_view sop_instance_uid) {
  static const std::vector<std::string> kNames = column_names(instance_columns());
  const auto read = [](SqlReader&, SqlStatement& row) -> Result<std::vector<std::string>> {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      values.emplace_back(row.text(static_cast<int>(i)));
    }
    return values;
  };
  return of_instance(
      database_->readers(),
      fmt::format("SELECT {} FROM instance WHERE sop_instance_uid = $1", fmt::join(kNames, ", ")),
      sop_instance_uid, read);
}

Result<ArchiveCounts> SqlIndex::counts() {
  PACS_TRY(const auto state, state_of(database_->readers()));
  return ArchiveCounts{state[0], state[1], state[2], state[3], state[4]};
}

Result<> SqlIndex::for_each(const std::function<bool(std::uint64_t, const InstanceRecord&)>& each) {
  // Page by page: a statement left open would keep the WAL from being begun anew, and the reader
  // from others.
  constexpr std::int64_t kPageRows = 500;
  std::int64_t after = 0;
  std::vector<std::pair<std::int64_t, InstanceRecord>> rows;
  do {
    rows.clear();
    {
      PACS_TRY(const auto reader, database_->readers().lease());
      PACS_TRY(const auto page,
               reader->statement(
                   std::string(kRecordSql) + "WHERE instance.id > $1 ORDER BY instance.id LIMIT $2",
                   after, kPageRows));
      PACS_TRY(each_row(
          *page, [&](SqlStatement& row) { rows.emplace_back(row.integer(0), record_of(row)); }));
    }
    for (const auto& [number, record] : rows) {
      if (!each(static_cast<std::uint64_t>(number), record)) return {};
      after = number;
    }
  } while (!rows.empty());
  return {};
}

Result<std::vector<RemoteAe>> SqlIndex::remote_aes() {
  PACS_TRY(const auto reader, database_->readers().lease());
  PACS_TRY(const auto rows,
           reader->statement(
               "SELECT ae_title, host, port, tls, comment FROM remote_ae ORDER BY ae_title"));
  std::vector<RemoteAe> remotes;
  PACS_TRY(each_row(*rows, [&](SqlStatement& row) {
    remotes.push_back({std::string(row.text(0)), std::string(row.text(1)),
                       static_cast<std::uint16_t>(row.integer(2)), row.integer(3) != 0,
                       std::string(row.text(4))});
  }));
  return remotes;
}

Result<> SqlIndex::put_remote_ae(const RemoteAe& remote) {
  PACS_TRY(storage::check(remote));
  SqlText sql("INSERT INTO remote_ae (ae_title, host, port, tls, comment) SELECT ");
  sql.add(remote.ae_title) += ", ";
  sql.add(remote.host) += ", ";
  sql.add(std::int64_t{remote.port}) += ", ";
  sql.add(std::int64_t{remote.tls}) += ", ";
  sql.add(remote.comment) += " WHERE (SELECT count(*) FROM remote_ae WHERE ae_title <> ";
  sql.add(remote.ae_title) += ") < ";
  sql.add(static_cast<std::int64_t>(kRemoteAesMax)) +=
      " ON CONFLICT (ae_title) DO UPDATE SET host = excluded.host, port = excluded.port, tls = "
      "excluded.tls, comment = excluded.comment";
  PACS_TRY(const auto changed, database_->write(sql, IndexDatabase::Sync::Now));
  if (changed != 0) return {};
  return fail(ErrorKind::LimitExceeded,
              "remote_aes_max: the archive can hold 10,000 remote AEs at most");
}

Result<> SqlIndex::remove_remote_ae(std::string_view ae_title) {
  SqlText sql("DELETE FROM remote_ae WHERE ae_title = ");
  sql.add(std::string(ae_title));
  PACS_TRY(const auto changed, database_->write(sql, IndexDatabase::Sync::Now));
  if (changed != 0) return {};
  return fail(ErrorKind::NotFound, "no such remote AE is known");
}

Result<std::vector<std::string>> SqlIndex::check() {
  PACS_TRY(const auto database, database_->readers().connect());
  PACS_TRY(auto faults, database->check());
  for (const std::string_view sql : kWrongCounts) {
    PACS_TRY(each_row(*database, SqlText(sql),
                      [&](SqlStatement& row) { faults.emplace_back(row.text(0)); }));
  }
  return faults;
}

}  // namespace pacs::storage
