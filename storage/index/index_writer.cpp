#include "storage/index/index_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pacs::storage {
namespace {

/// Series kept in memory: more than a busy site receives at a time. Each holds its header base.
constexpr std::size_t kSeriesMax = 128;
/// Source AE titles come from outside: their cache must not grow for ever.
constexpr std::size_t kTermsMax = 4096;

/// Whether an error is the row's own: of the others (no room, a disk that fails, a damaged
/// database) each row would meet with the same.
bool is_of_row(const Error& error) {
  switch (error.kind) {
    case ErrorKind::Duplicate:  // a constraint
    case ErrorKind::Mismatch:
    case ErrorKind::LimitExceeded:
      return true;
    default:
      return false;
  }
}

/// The key in the row that a statement gives, if it gives one.
template <typename... Values>
Result<std::optional<std::int64_t>> key_of(SqlStatement& statement, const Values&... values) {
  const auto row = bound(statement, values...);
  PACS_TRY(const bool there, row->step());
  return there ? std::optional(row->integer(0)) : std::nullopt;
}

/// The key of the row that is inserted.
template <typename... Values>
Result<std::int64_t> new_key(SqlStatement& insert, const Values&... values) {
  const auto row = bound(insert, values...);
  PACS_TRY(row->step());
  return row->integer(0);
}

}  // namespace

Result<std::unique_ptr<IndexWriter>> IndexWriter::create(SqlDatabase& database,
                                                         integration::Logger logger) {
  PACS_TRY(auto statements, IndexStatements::prepare(database));
  PACS_TRY(auto words, NameWords::prepare(database));
  return std::unique_ptr<IndexWriter>(
      new IndexWriter(database, std::move(statements), std::move(words), std::move(logger)));
}

Result<RowsApplied> IndexWriter::apply(std::span<const IndexedInstance* const> instances,
                                       std::uint64_t applied_sequence) {
  if (series_.size() > kSeriesMax || terms_.size() > kTermsMax) forget();
  RowsApplied applied;
  for (;;) {
    const std::size_t refused = applied.refused.size();
    totals_ = {};
    applied.displaced.clear();
    PACS_TRY(sql_->begin->run());
    auto done = apply_all(instances, applied_sequence, applied);
    if (done) done = sql_->commit->run();
    if (done) return applied;
    (void)sql_->rollback->run();
    forget();  // what was learnt may have been undone
    if (applied.refused.size() == refused) return fail(done.error());
    // A row of its own fault: the others without it. One after the other, for there is hardly ever
    // one at all.
  }
}

Result<> IndexWriter::apply_all(std::span<const IndexedInstance* const> instances,
                                std::uint64_t applied_sequence, RowsApplied& applied) {
  for (std::size_t i = 0; i < instances.size(); ++i) {
    // Its object has its number all the same, which is not given again.
    totals_.last_object = std::max(totals_.last_object, instances[i]->number);
    if (std::ranges::find(applied.refused, i, &RowsApplied::Refused::place) !=
        applied.refused.end()) {
      continue;
    }
    if (auto added = add(*instances[i], applied.displaced); !added) {
      if (is_of_row(added.error())) applied.refused.push_back({i, added.error()});
      return added;
    }
  }
  return write_totals(applied_sequence);
}

Result<> IndexWriter::add(const IndexedInstance& instance, std::vector<std::uint64_t>& displaced) {
  PACS_TRY(auto series, series_of(instance));
  PACS_TRY(const auto sop_class, term(instance.record.sop_class_uid));
  PACS_TRY(const bool is_new, insert_instance(instance, *series, sop_class));
  if (!is_new) {
    PACS_TRY(const auto old, remove(instance.record.sop_instance_uid));
    if (old != instance.number) displaced.push_back(old);  // else it is this very object
    PACS_TRY(series, series_of(instance));  // removing may have emptied and dropped it
    PACS_TRY(insert_instance(instance, *series, sop_class));
  }
  const auto bytes = static_cast<std::int64_t>(instance.record.data_set_bytes);
  for (Growth* growth : {&totals_.series[series->key], &totals_.studies[series->study],
                         &totals_.patients[series->patient], &totals_.all}) {
    ++growth->instances;
    growth->bytes += bytes;
  }
  PACS_TRY(note_patient(instance, *series));
  if (series->sop_classes.insert(sop_class).second) {
    return include(*sql_->get_sop_classes, *sql_->set_sop_classes, instance.record.sop_class_uid,
                   series->study);
  }
  return {};
}

Result<> IndexWriter::note_patient(const IndexedInstance& instance, const Series& series) {
  const std::vector<std::string>& values = instance.columns.patient;
  if (values[0] == series.patient_id && values[1] == series.issuer_of_patient_id) return {};
  logger_.warning("",
                  "an instance names a different patient than its study: it is filed under the "
                  "study's patient, and listed at /api/conflicts",
                  {{"sop_instance", instance.record.sop_instance_uid},
                   {"study", instance.record.study_instance_uid},
                   {"source_ae", instance.source_ae}});
  constexpr std::int64_t kOne = 1, kUndecided = 0;
  return sql_->add_conflict->run(series.study, values[0], values[1], values[2],
                                 instance.record.sop_instance_uid, instance.source_ae,
                                 instance.record.received_ms, instance.record.received_ms, kOne,
                                 kUndecided);
}

Result<bool> IndexWriter::insert_instance(const IndexedInstance& instance, const Series& series,
                                          std::int64_t sop_class) {
  PACS_TRY(const auto transfer_syntax, term(instance.record.transfer_syntax_uid));
  PACS_TRY(const auto source, term(instance.source_ae));
  const Bytes header = compressor_.compress(instance.header, series.header_base);
  const InstanceRecord& record = instance.record;
  PACS_TRY(sql_->insert_instance->run(instance.number, series.key, record.sop_instance_uid,
                                      sop_class, transfer_syntax, source, record.received_ms,
                                      record.data_set_bytes, record.data_set_offset,
                                      record.checksum, header, instance.columns.instance));
  return database_.changes() > 0;
}

Result<IndexWriter::Series*> IndexWriter::series_of(const IndexedInstance& instance) {
  std::string name =
      instance.record.study_instance_uid + '\\' + instance.record.series_instance_uid;
  if (auto known = series_.find(name); known != series_.end()) return &known->second;
  PACS_TRY(auto series, find_series(instance));
  if (!series) {
    PACS_TRY(series, insert_series(instance));
  }
  return &series_.insert_or_assign(std::move(name), std::move(*series)).first->second;
}

Result<std::optional<IndexWriter::Series>> IndexWriter::find_series(
    const IndexedInstance& instance) {
  const auto found = bound(*sql_->find_series, instance.record.study_instance_uid,
                           instance.record.series_instance_uid);
  PACS_TRY(const bool there, found->step());
  if (!there) return std::nullopt;
  Series series;
  series.key = found->integer(0);
  series.study = found->integer(1);
  series.patient = found->integer(2);
  series.patient_id = found->text(3);
  series.issuer_of_patient_id = found->text(4);
  const auto base = bound(*sql_->find_base, series.key);
  PACS_TRY(const bool has_base, base->step());
  if (has_base) {
    if (auto plain = compressor_.decompress(base->bytes(0))) {
      series.header_base = std::move(*plain);
    } else {
      logger_.error(
          "",
          "what the headers of a series are compressed against is damaged: those are read "
          "from their objects, new ones are stored whole",
          {{"study", instance.record.study_instance_uid},
           {"series", instance.record.series_instance_uid}});
    }
  }
  return series;
}

Result<IndexWriter::Series> IndexWriter::insert_series(const IndexedInstance& instance) {
  Series series;
  PACS_TRY(study_of(instance, series));
  PACS_TRY(series.key, new_key(*sql_->insert_series, series.study,
                               instance.record.series_instance_uid, instance.columns.series));
  ++totals_.all.series;
  ++totals_.studies[series.study].series;
  ++totals_.patients[series.patient].series;
  if (instance.header.size() <= kHeaderBaseBytesMax) {
    series.header_base = instance.header;
    const Bytes compressed = compressor_.compress(series.header_base);
    PACS_TRY(sql_->insert_base->run(series.key, compressed));
  }
  PACS_TRY(include(*sql_->get_modalities, *sql_->set_modalities, instance.columns.series[0],
                   series.study));
  return series;
}

Result<bool> IndexWriter::find_study(std::string_view study_instance_uid, Series& series) {
  const auto found = bound(*sql_->find_study, study_instance_uid);
  PACS_TRY(const bool there, found->step());
  if (!there) return false;
  series.study = found->integer(0);
  series.patient = found->integer(1);
  series.patient_id = found->text(2);
  series.issuer_of_patient_id = found->text(3);
  return true;
}

Result<> IndexWriter::study_of(const IndexedInstance& instance, Series& series) {
  const ColumnValues& values = instance.columns;
  const std::string& uid = instance.record.study_instance_uid;
  PACS_TRY(const bool known, find_study(uid, series));
  if (known) return sql_->supplement_study->run(values.study, series.study);
  PACS_TRY(series.patient, patient_of(instance));
  series.patient_id = values.patient[0];
  series.issuer_of_patient_id = values.patient[1];
  PACS_TRY(series.study, new_key(*sql_->insert_study, series.patient, uid, values.study));
  ++totals_.all.studies;
  ++totals_.patients[series.patient].studies;
  return {};
}

Result<std::int64_t> IndexWriter::patient_of(const IndexedInstance& instance) {
  const std::vector<std::string>& values = instance.columns.patient;
  const std::string& folded_name = values[3];
  // Without an id two patients are not known to be one.
  const std::string_view distinct_by =
      values[0].empty() ? std::string_view(instance.record.study_instance_uid) : std::string_view();
  PACS_TRY(const auto known, key_of(*sql_->find_patient, values[0], values[1], distinct_by));
  if (known) {
    PACS_TRY(sql_->supplement_patient->run(values, *known));
    PACS_TRY(words_.keep(*known, folded_name));  // it may have had none
    return *known;
  }
  PACS_TRY(const auto key, new_key(*sql_->insert_patient, distinct_by, values));
  PACS_TRY(words_.keep(key, folded_name));
  ++totals_.patients_added;
  return key;
}

Result<std::uint64_t> IndexWriter::remove(std::string_view sop_instance_uid) {
  std::int64_t id = 0, series = 0, study = 0, patient = 0, bytes = 0;
  {
    const auto found = bound(*sql_->find_instance, sop_instance_uid);
    PACS_TRY(const bool there, found->step());
    if (!there) {
      return fail(ErrorKind::Mismatch,
                  "index: an instance is not there, but cannot be inserted either");
    }
    id = found->integer(0);
    series = found->integer(1);
    study = found->integer(2);
    patient = found->integer(3);
    bytes = found->integer(4);
  }
  PACS_TRY(sql_->delete_instance->run(id));
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
    PACS_TRY(statement.run(key));
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
    PACS_TRY(refresh(*sql_->collect_modalities, *sql_->set_modalities, study));
    PACS_TRY(refresh(*sql_->collect_sop_classes, *sql_->set_sop_classes, study));
  }
  PACS_TRY(const auto patient_gone, drop(*sql_->delete_patient, patient));
  if (patient_gone) {
    totals_.patients.erase(patient);
    --totals_.patients_added;
  }
  return {};
}

Result<> IndexWriter::refresh(SqlStatement& collect, SqlStatement& set, std::int64_t study) {
  std::string list;
  PACS_TRY(each_row(*bound(collect, study), [&](SqlStatement& row) {
    if (!list.empty()) list += '\\';
    list += row.text(0);
  }));
  return set.run(list, study);
}

Result<> IndexWriter::include(SqlStatement& get, SqlStatement& set, std::string_view value,
                              std::int64_t study) {
  if (value.empty()) return {};
  std::vector<std::string> values;
  {
    const auto row = bound(get, study);
    PACS_TRY(const bool there, row->step());
    std::string_view list = there ? row->text(0) : std::string_view();
    while (!list.empty()) {
      const std::size_t end = list.find('\\');
      values.emplace_back(list.substr(0, end));
      list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    }
  }
  const auto place = std::ranges::lower_bound(values, value);
  if (place != values.end() && *place == value) return {};
  values.emplace(place, value);
  return set.run(fmt::format("{}", fmt::join(values, "\\")), study);
}

Result<std::int64_t> IndexWriter::term(std::string_view text) {
  std::string name(text);
  if (const auto known = terms_.find(name); known != terms_.end()) return known->second;
  PACS_TRY(auto key, key_of(*sql_->find_term, text));
  if (!key) {
    PACS_TRY(key, new_key(*sql_->insert_term, text));
  }
  terms_.emplace(std::move(name), *key);
  return *key;
}

Result<> IndexWriter::write_totals(std::uint64_t applied_sequence) {
  for (const auto& [key, growth] : totals_.series) {
    PACS_TRY(sql_->grow_series->run(growth.instances, growth.bytes, key));
  }
  for (const auto& [key, growth] : totals_.studies) {
    PACS_TRY(sql_->grow_study->run(growth.series, growth.instances, growth.bytes, key));
  }
  for (const auto& [key, growth] : totals_.patients) {
    PACS_TRY(sql_->grow_patient->run(growth.studies, growth.series, growth.instances, key));
  }
  const Growth& all = totals_.all;
  return sql_->grow_state->run(totals_.patients_added, all.studies, all.series, all.instances,
                               all.bytes, applied_sequence, totals_.last_object);
}

Result<> IndexWriter::set_checkpoint(std::uint64_t sequence) {
  return sql_->set_checkpoint->run(sequence);
}

void IndexWriter::forget() {
  series_.clear();
  terms_.clear();
}

}  // namespace pacs::storage
