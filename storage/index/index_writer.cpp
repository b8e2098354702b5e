#include "storage/index/index_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pacs::storage {
namespace {

/// Series kept in memory: more than a busy site receives at a time. Each holds its header base.
constexpr std::size_t kSeriesMax = 128;
/// Source AE titles come from outside: their cache must not grow for ever.
constexpr std::size_t kTermsMax = 4096;

/// "INSERT INTO t (a, b) VALUES ($1, $2)"
std::string insert_sql(std::string_view table, const std::vector<std::string>& columns) {
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < columns.size(); ++i) parameters.push_back(fmt::format("${}", i + 1));
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(columns, ", "),
                     fmt::join(parameters, ", "));
}

/// "UPDATE t SET a = CASE WHEN a = '' THEN $1 ELSE a END, ... WHERE id = $n"
std::string supplement_sql(std::string_view table, const std::vector<std::string>& columns) {
  std::vector<std::string> sets;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sets.push_back(
        fmt::format("{0} = CASE WHEN {0} = '' THEN ${1} ELSE {0} END", columns[i], i + 1));
  }
  return fmt::format("UPDATE {} SET {} WHERE id = ${}", table, fmt::join(sets, ", "),
                     columns.size() + 1);
}

std::vector<std::string> with(std::vector<std::string> first,
                              std::span<const IndexColumn> columns) {
  for (auto& name : column_names(columns)) first.push_back(std::move(name));
  return first;
}

void bind_all(SqlStatement& statement, int first, const std::vector<std::string>& values) {
  for (const std::string& value : values) statement.bind(first++, std::string_view(value));
}

}  // namespace

struct IndexWriter::Statements {
  std::unique_ptr<SqlStatement> begin, commit, rollback, find_series, find_study, find_patient,
      insert_patient, insert_study, insert_series, insert_base, insert_instance, supplement_patient,
      supplement_study, find_base, find_term, insert_term, find_instance, delete_instance,
      delete_base, delete_series, delete_study, delete_patient, modalities, sop_classes,
      get_modalities, get_sop_classes, set_modalities, set_sop_classes, grow_patient, grow_study,
      grow_series, grow_state, set_checkpoint;
};

void IndexWriter::DropStatements::operator()(Statements* statements) const {
  delete statements;
}

Result<std::unique_ptr<IndexWriter>> IndexWriter::create(SqlDatabase& database,
                                                         integration::Logger logger) {
  auto writer = std::unique_ptr<IndexWriter>(new IndexWriter(database, std::move(logger)));
  PACS_TRY(writer->prepare());
  return writer;
}

Result<> IndexWriter::prepare() {
  sql_.reset(new Statements);
  const std::string returning = " RETURNING id";
  const std::pair<std::unique_ptr<SqlStatement>*, std::string> all[] = {
      {&sql_->begin, "BEGIN"},
      {&sql_->commit, "COMMIT"},
      {&sql_->rollback, "ROLLBACK"},
      {&sql_->find_series,
       "SELECT series.id, study.id, study.patient_key, patient_id, issuer_of_patient_id FROM study "
       "JOIN series ON series.study_key = study.id JOIN patient ON patient.id = study.patient_key "
       "WHERE study.study_instance_uid = $1 AND series.series_instance_uid = $2"},
      {&sql_->find_study,
       "SELECT study.id, patient_key, patient_id, issuer_of_patient_id FROM study JOIN patient ON "
       "patient.id = study.patient_key WHERE study_instance_uid = $1"},
      {&sql_->find_patient,
       "SELECT id FROM patient WHERE patient_id = $1 AND issuer_of_patient_id = $2 AND "
       "distinct_by = $3"},
      {&sql_->insert_patient,
       insert_sql("patient", with({"distinct_by"}, patient_columns())) + returning},
      {&sql_->insert_study,
       insert_sql("study", with({"patient_key", "study_instance_uid"}, study_columns())) +
           returning},
      {&sql_->insert_series,
       insert_sql("series", with({"study_key", "series_instance_uid"}, series_columns())) +
           returning},
      {&sql_->insert_base, insert_sql("header_base", {"series_key", "header"})},
      {&sql_->insert_instance,
       insert_sql("instance", with({"id", "series_key", "sop_instance_uid", "sop_class_key",
                                    "transfer_syntax_key", "source_key", "received_ms",
                                    "data_set_bytes", "data_set_offset", "checksum", "header"},
                                   instance_columns())) +
           " ON CONFLICT (sop_instance_uid) DO NOTHING"},
      {&sql_->supplement_patient, supplement_sql("patient", column_names(patient_columns()))},
      {&sql_->supplement_study, supplement_sql("study", column_names(study_columns()))},
      {&sql_->find_base, "SELECT header FROM header_base WHERE series_key = $1"},
      {&sql_->find_term, "SELECT id FROM term WHERE text = $1"},
      {&sql_->insert_term, insert_sql("term", {"text"}) + returning},
      {&sql_->find_instance,
       "SELECT instance.id, series.id, study.id, study.patient_key, instance.data_set_bytes FROM "
       "instance JOIN series ON series.id = instance.series_key JOIN study ON study.id = "
       "series.study_key WHERE instance.sop_instance_uid = $1"},
      {&sql_->delete_instance, "DELETE FROM instance WHERE id = $1"},
      {&sql_->delete_base,
       "DELETE FROM header_base WHERE series_key = $1 AND NOT EXISTS (SELECT 1 FROM instance WHERE "
       "series_key = $1)"},
      {&sql_->delete_series,
       "DELETE FROM series WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM instance WHERE series_key = "
       "$1)"},
      {&sql_->delete_study,
       "DELETE FROM study WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM series WHERE study_key = "
       "$1)"},
      {&sql_->delete_patient,
       "DELETE FROM patient WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM study WHERE patient_key = "
       "$1)"},
      {&sql_->get_modalities, "SELECT modalities FROM study WHERE id = $1"},
      {&sql_->get_sop_classes, "SELECT sop_classes FROM study WHERE id = $1"},
      {&sql_->modalities,
       "SELECT DISTINCT modality FROM series WHERE study_key = $1 AND modality <> '' ORDER BY "
       "modality"},
      {&sql_->sop_classes,
       "SELECT DISTINCT term.text FROM series JOIN instance ON instance.series_key = series.id "
       "JOIN term ON term.id = instance.sop_class_key WHERE series.study_key = $1 ORDER BY "
       "term.text"},
      {&sql_->set_modalities, "UPDATE study SET modalities = $1 WHERE id = $2"},
      {&sql_->set_sop_classes, "UPDATE study SET sop_classes = $1 WHERE id = $2"},
      {&sql_->grow_patient,
       "UPDATE patient SET study_count = study_count + $1, series_count = series_count + $2, "
       "instance_count = instance_count + $3 WHERE id = $4"},
      {&sql_->grow_study,
       "UPDATE study SET series_count = series_count + $1, instance_count = instance_count + $2, "
       "bytes = bytes + $3 WHERE id = $4"},
      {&sql_->grow_series,
       "UPDATE series SET instance_count = instance_count + $1, bytes = bytes + $2 WHERE id = $3"},
      {&sql_->grow_state,
       "UPDATE archive_state SET patients = patients + $1, studies = studies + $2, series = series "
       "+ $3, instances = instances + $4, bytes = bytes + $5, applied_sequence = $6, last_object = "
       "CASE WHEN last_object < $7 THEN $7 ELSE last_object END"},
      {&sql_->set_checkpoint, "UPDATE archive_state SET checkpoint_sequence = $1"},
  };
  for (const auto& [statement, sql] : all) {
    PACS_TRY(auto prepared, database_.prepare(sql));
    *statement = std::move(prepared);
  }
  return {};
}

Result<std::vector<std::uint64_t>> IndexWriter::apply(
    std::span<const IndexedInstance* const> instances, std::uint64_t applied_sequence) {
  if (series_.size() > kSeriesMax || terms_.size() > kTermsMax) forget();
  totals_ = {};
  std::vector<std::uint64_t> displaced;
  PACS_TRY(sql_->begin->run());
  auto done = apply_all(instances, applied_sequence, displaced);
  if (done) done = sql_->commit->run();
  if (!done) {
    (void)sql_->rollback->run();
    forget();  // what was learnt may have been undone
    return fail(done.error());
  }
  return displaced;
}

Result<> IndexWriter::apply_all(std::span<const IndexedInstance* const> instances,
                                std::uint64_t applied_sequence,
                                std::vector<std::uint64_t>& displaced) {
  for (const IndexedInstance* instance : instances) {
    PACS_TRY(add(*instance, displaced));
  }
  return write_totals(applied_sequence);
}

Result<> IndexWriter::add(const IndexedInstance& instance, std::vector<std::uint64_t>& displaced) {
  PACS_TRY(auto series, series_of(instance));
  PACS_TRY(auto sop_class, term(instance.record.sop_class_uid));
  PACS_TRY(const auto inserted, insert_instance(instance, *series, sop_class));
  if (!inserted) {
    PACS_TRY(auto old, remove(instance.record.sop_instance_uid));
    displaced.push_back(old);
    PACS_TRY(series, series_of(instance));  // removing may have emptied and dropped it
    PACS_TRY(insert_instance(instance, *series, sop_class));
  }
  const auto bytes = static_cast<std::int64_t>(instance.record.data_set_bytes);
  for (Growth* growth : {&totals_.series[series->key], &totals_.studies[series->study],
                         &totals_.patients[series->patient], &totals_.all}) {
    ++growth->instances;
    growth->bytes += bytes;
  }
  say_if_of_another_patient(instance, *series);
  totals_.last_object = std::max(totals_.last_object, instance.number);
  if (series->sop_classes.insert(sop_class).second) {
    return include(*sql_->get_sop_classes, *sql_->set_sop_classes, instance.record.sop_class_uid,
                   series->study);
  }
  return {};
}

void IndexWriter::say_if_of_another_patient(const IndexedInstance& instance,
                                            const Series& series) const {
  const std::vector<std::string>& values = instance.columns.patient;
  if (values[0] == series.patient_id && values[1] == series.issuer_of_patient_id) return;
  logger_.warning("",
                  "an instance names another patient than its study is with: it is found under the "
                  "study's patient",
                  {{"sop_instance", instance.record.sop_instance_uid},
                   {"study", instance.record.study_instance_uid},
                   {"source_ae", instance.source_ae}});
}

Result<bool> IndexWriter::insert_instance(const IndexedInstance& instance, const Series& series,
                                          std::int64_t sop_class) {
  PACS_TRY(const auto transfer_syntax, term(instance.record.transfer_syntax_uid));
  PACS_TRY(const auto source, term(instance.source_ae));
  const Bytes header = compressor_.compress(instance.header, series.header_base);
  SqlStatement& insert = *sql_->insert_instance;
  insert.bind(1, static_cast<std::int64_t>(instance.number));
  insert.bind(2, series.key);
  insert.bind(3, std::string_view(instance.record.sop_instance_uid));
  insert.bind(4, sop_class);
  insert.bind(5, transfer_syntax);
  insert.bind(6, source);
  insert.bind(7, instance.received_ms);
  insert.bind(8, static_cast<std::int64_t>(instance.record.data_set_bytes));
  insert.bind(9, static_cast<std::int64_t>(instance.record.data_set_offset));
  insert.bind(10, static_cast<std::int64_t>(instance.record.checksum));
  insert.bind_bytes(11, header);
  bind_all(insert, 12, instance.columns.instance);
  PACS_TRY(insert.run());
  return database_.changes() > 0;
}

Result<IndexWriter::Series*> IndexWriter::series_of(const IndexedInstance& instance) {
  std::string name =
      instance.record.study_instance_uid + '\\' + instance.record.series_instance_uid;
  if (auto known = series_.find(name); known != series_.end()) return &known->second;
  auto found = find_series(instance);
  if (!found && found.error().kind == ErrorKind::NotFound) found = insert_series(instance);
  if (!found) return fail(found.error());
  return &series_.insert_or_assign(std::move(name), std::move(*found)).first->second;
}

Result<IndexWriter::Series> IndexWriter::find_series(const IndexedInstance& instance) {
  Series series;
  {
    SqlStatement& find = *sql_->find_series;
    const ResetAtEnd reset(find);
    find.bind(1, std::string_view(instance.record.study_instance_uid));
    find.bind(2, std::string_view(instance.record.series_instance_uid));
    PACS_TRY(const auto row, find.step());
    if (!row) return fail(ErrorKind::NotFound, "no such series");
    series.key = find.integer(0);
    series.study = find.integer(1);
    series.patient = find.integer(2);
    series.patient_id = find.text(3);
    series.issuer_of_patient_id = find.text(4);
  }
  SqlStatement& base = *sql_->find_base;
  const ResetAtEnd reset(base);
  base.bind(1, series.key);
  PACS_TRY(const auto row, base.step());
  if (row) {
    PACS_TRY(auto header, compressor_.decompress(base.bytes(0)));
    series.header_base = std::move(header);
  }
  return series;
}

Result<IndexWriter::Series> IndexWriter::insert_series(const IndexedInstance& instance) {
  Series series;
  PACS_TRY(study_of(instance, series));
  {
    SqlStatement& insert = *sql_->insert_series;
    const ResetAtEnd reset(insert);
    insert.bind(1, series.study);
    insert.bind(2, std::string_view(instance.record.series_instance_uid));
    bind_all(insert, 3, instance.columns.series);
    PACS_TRY(insert.step());
    series.key = insert.integer(0);
  }
  ++totals_.all.series;
  ++totals_.studies[series.study].series;
  ++totals_.patients[series.patient].series;
  if (instance.header.size() <= kHeaderBaseBytesMax) {
    series.header_base = instance.header;
    const Bytes compressed = compressor_.compress(series.header_base);
    sql_->insert_base->bind(1, series.key);
    sql_->insert_base->bind_bytes(2, compressed);
    PACS_TRY(sql_->insert_base->run());
  }
  PACS_TRY(include(*sql_->get_modalities, *sql_->set_modalities, instance.columns.series[0],
                   series.study));
  return series;
}

Result<> IndexWriter::study_of(const IndexedInstance& instance, Series& series) {
  const ColumnValues& values = instance.columns;
  bool known = false;
  {
    SqlStatement& find = *sql_->find_study;
    const ResetAtEnd reset(find);
    find.bind(1, std::string_view(instance.record.study_instance_uid));
    PACS_TRY(const auto row, find.step());
    known = row;
    if (known) {
      series.study = find.integer(0);
      series.patient = find.integer(1);
      series.patient_id = find.text(2);
      series.issuer_of_patient_id = find.text(3);
    }
  }
  if (known) {
    bind_all(*sql_->supplement_study, 1, values.study);
    sql_->supplement_study->bind(static_cast<int>(values.study.size()) + 1, series.study);
    return sql_->supplement_study->run();
  }
  PACS_TRY(const auto patient, patient_of(instance));
  series.patient = patient;
  series.patient_id = values.patient[0];
  series.issuer_of_patient_id = values.patient[1];
  SqlStatement& insert = *sql_->insert_study;
  const ResetAtEnd reset(insert);
  insert.bind(1, series.patient);
  insert.bind(2, std::string_view(instance.record.study_instance_uid));
  bind_all(insert, 3, values.study);
  PACS_TRY(insert.step());
  series.study = insert.integer(0);
  ++totals_.all.studies;
  ++totals_.patients[series.patient].studies;
  return {};
}

Result<std::int64_t> IndexWriter::patient_of(const IndexedInstance& instance) {
  const std::vector<std::string>& values = instance.columns.patient;
  // Without an id two patients are not known to be one.
  const std::string_view distinct_by =
      values[0].empty() ? std::string_view(instance.record.study_instance_uid) : std::string_view();
  std::int64_t key = 0;
  bool known = false;
  {
    SqlStatement& find = *sql_->find_patient;
    const ResetAtEnd reset(find);
    find.bind(1, std::string_view(values[0]));
    find.bind(2, std::string_view(values[1]));
    find.bind(3, distinct_by);
    PACS_TRY(const auto row, find.step());
    known = row;
    if (known) key = find.integer(0);
  }
  if (known) {
    bind_all(*sql_->supplement_patient, 1, values);
    sql_->supplement_patient->bind(static_cast<int>(values.size()) + 1, key);
    PACS_TRY(sql_->supplement_patient->run());
    return key;
  }
  SqlStatement& insert = *sql_->insert_patient;
  const ResetAtEnd reset(insert);
  insert.bind(1, distinct_by);
  bind_all(insert, 2, values);
  PACS_TRY(insert.step());
  ++totals_.patients_added;
  return insert.integer(0);
}

Result<std::uint64_t> IndexWriter::remove(std::string_view sop_instance_uid) {
  std::int64_t id = 0, series = 0, study = 0, patient = 0, bytes = 0;
  {
    SqlStatement& find = *sql_->find_instance;
    const ResetAtEnd reset(find);
    find.bind(1, sop_instance_uid);
    PACS_TRY(const auto row, find.step());
    if (!row) return fail(ErrorKind::Internal, "index: an instance is there and is not");
    id = find.integer(0);
    series = find.integer(1);
    study = find.integer(2);
    patient = find.integer(3);
    bytes = find.integer(4);
  }
  sql_->delete_instance->bind(1, id);
  PACS_TRY(sql_->delete_instance->run());
  for (Growth* growth : {&totals_.series[series], &totals_.studies[study],
                         &totals_.patients[patient], &totals_.all}) {
    --growth->instances;
    growth->bytes -= bytes;
  }
  PACS_TRY(drop_empty(series, study, patient));
  forget();
  return static_cast<std::uint64_t>(id);
}

Result<> IndexWriter::drop_empty(std::int64_t series, std::int64_t study, std::int64_t patient) {
  const auto drop = [this](SqlStatement& statement, std::int64_t key) -> Result<bool> {
    statement.bind(1, key);
    PACS_TRY(statement.run());
    return database_.changes() > 0;
  };
  PACS_TRY(drop(*sql_->delete_base, series));
  PACS_TRY(const auto series_gone, drop(*sql_->delete_series, series));
  // What was added up for a row that is gone must not be added to the next one with its key.
  if (series_gone) {
    totals_.series.erase(series);
    --totals_.all.series;
    --totals_.studies[study].series;
    --totals_.patients[patient].series;
  }
  PACS_TRY(const auto study_gone, drop(*sql_->delete_study, study));
  if (study_gone) {
    totals_.studies.erase(study);
    --totals_.all.studies;
    --totals_.patients[patient].studies;
  } else {
    PACS_TRY(refresh(*sql_->modalities, *sql_->set_modalities, study));
    PACS_TRY(refresh(*sql_->sop_classes, *sql_->set_sop_classes, study));
  }
  PACS_TRY(const auto patient_gone, drop(*sql_->delete_patient, patient));
  if (patient_gone) {
    totals_.patients.erase(patient);
    --totals_.patients_added;
  }
  return {};
}

Result<> IndexWriter::refresh(SqlStatement& values, SqlStatement& set, std::int64_t study) {
  std::string list;
  {
    const ResetAtEnd reset(values);
    values.bind(1, study);
    for (auto row = values.step();; row = values.step()) {
      if (!row) return fail(row.error());
      if (!*row) break;
      if (!list.empty()) list += '\\';
      list += values.text(0);
    }
  }
  set.bind(1, std::string_view(list));
  set.bind(2, study);
  return set.run();
}

Result<> IndexWriter::include(SqlStatement& get, SqlStatement& set, std::string_view value,
                              std::int64_t study) {
  if (value.empty()) return {};
  std::vector<std::string> values;
  {
    const ResetAtEnd reset(get);
    get.bind(1, study);
    PACS_TRY(const auto row, get.step());
    std::string_view list = row ? get.text(0) : std::string_view();
    while (!list.empty()) {
      const std::size_t end = list.find('\\');
      values.emplace_back(list.substr(0, end));
      list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    }
  }
  const auto place = std::ranges::lower_bound(values, value);
  if (place != values.end() && *place == value) return {};
  values.emplace(place, value);
  const std::string list = fmt::format("{}", fmt::join(values, "\\"));
  set.bind(1, std::string_view(list));
  set.bind(2, study);
  return set.run();
}

Result<std::int64_t> IndexWriter::term(std::string_view text) {
  std::string name(text);
  if (auto known = terms_.find(name); known != terms_.end()) return known->second;
  std::int64_t key = 0;
  bool found = false;
  {
    SqlStatement& find = *sql_->find_term;
    const ResetAtEnd reset(find);
    find.bind(1, text);
    PACS_TRY(const auto row, find.step());
    found = row;
    if (found) key = find.integer(0);
  }
  if (!found) {
    SqlStatement& insert = *sql_->insert_term;
    const ResetAtEnd reset(insert);
    insert.bind(1, text);
    PACS_TRY(insert.step());
    key = insert.integer(0);
  }
  terms_.emplace(std::move(name), key);
  return key;
}

Result<> IndexWriter::write_totals(std::uint64_t applied_sequence) {
  for (const auto& [key, growth] : totals_.series) {
    sql_->grow_series->bind(1, growth.instances);
    sql_->grow_series->bind(2, growth.bytes);
    sql_->grow_series->bind(3, key);
    PACS_TRY(sql_->grow_series->run());
  }
  for (const auto& [key, growth] : totals_.studies) {
    sql_->grow_study->bind(1, growth.series);
    sql_->grow_study->bind(2, growth.instances);
    sql_->grow_study->bind(3, growth.bytes);
    sql_->grow_study->bind(4, key);
    PACS_TRY(sql_->grow_study->run());
  }
  for (const auto& [key, growth] : totals_.patients) {
    sql_->grow_patient->bind(1, growth.studies);
    sql_->grow_patient->bind(2, growth.series);
    sql_->grow_patient->bind(3, growth.instances);
    sql_->grow_patient->bind(4, key);
    PACS_TRY(sql_->grow_patient->run());
  }
  SqlStatement& state = *sql_->grow_state;
  state.bind(1, totals_.patients_added);
  state.bind(2, totals_.all.studies);
  state.bind(3, totals_.all.series);
  state.bind(4, totals_.all.instances);
  state.bind(5, totals_.all.bytes);
  state.bind(6, static_cast<std::int64_t>(applied_sequence));
  state.bind(7, static_cast<std::int64_t>(totals_.last_object));
  return state.run();
}

Result<> IndexWriter::set_checkpoint(std::uint64_t sequence) {
  sql_->set_checkpoint->bind(1, static_cast<std::int64_t>(sequence));
  return sql_->set_checkpoint->run();
}

void IndexWriter::forget() {
  series_.clear();
  terms_.clear();
}

}  // namespace pacs::storage
