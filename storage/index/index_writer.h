// IndexWriter: turns a batch of instances into rows, counters and aggregates in one transaction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "integration/logging.h"
#include "storage/index/header_compressor.h"
#include "storage/index/index.h"
#include "storage/index/index_statements.h"
#include "storage/index/name_words.h"

namespace pacs::storage {

/// Which attributes count when instances of one patient, study or series disagree: the first value
/// stays, a later instance fills only what was empty. A study stays with the patient of its first
/// instance. (Orthanc keeps the first, dcm4chee by default supplements it; the instance's own
/// header keeps what it said in any case.)
///
/// Not for use from two threads at once.
class IndexWriter {
 public:
  /// `logger` is told of an instance whose patient is not that of its study.
  [[nodiscard]] static Result<std::unique_ptr<IndexWriter>> create(SqlDatabase& database,
                                                                   integration::Logger logger = {});

  [[nodiscard]] Result<RowsApplied> apply(std::span<const IndexedInstance* const> instances,
                                          std::uint64_t applied_sequence);
  [[nodiscard]] Result<> set_checkpoint(std::uint64_t sequence);

 private:
  /// A series as this batch and the ones before left it: saves looking it up for each instance.
  struct Series {
    std::int64_t key = 0, study = 0, patient = 0;
    std::string patient_id, issuer_of_patient_id;
    Bytes header_base;
    std::set<std::int64_t> sop_classes;  // known to be in the study's sop_classes
  };
  struct Growth {
    std::int64_t studies = 0, series = 0, instances = 0, bytes = 0;
  };
  /// What the transaction adds up before it writes it.
  struct Totals {
    std::map<std::int64_t, Growth> patients, studies, series;
    Growth all;
    std::int64_t patients_added = 0;
    std::uint64_t last_object = 0;
  };

  IndexWriter(SqlDatabase& database, std::unique_ptr<IndexStatements> statements, NameWords words,
              integration::Logger logger)
      : database_(database),
        sql_(std::move(statements)),
        words_(std::move(words)),
        logger_(std::move(logger)) {}
  [[nodiscard]] Result<> apply_all(std::span<const IndexedInstance* const> instances,
                                   std::uint64_t applied_sequence, RowsApplied& applied);
  [[nodiscard]] Result<> add(const IndexedInstance& instance,
                             std::vector<std::uint64_t>& displaced);
  [[nodiscard]] Result<bool> insert_instance(const IndexedInstance& instance, const Series& series,
                                             std::int64_t sop_class);
  [[nodiscard]] Result<std::uint64_t> remove(std::string_view sop_instance_uid);
  [[nodiscard]] Result<> drop_empty(std::int64_t series, std::int64_t study, std::int64_t patient);
  [[nodiscard]] Result<Series*> series_of(const IndexedInstance& instance);
  [[nodiscard]] Result<std::optional<Series>> find_series(const IndexedInstance& instance);
  [[nodiscard]] Result<Series> insert_series(const IndexedInstance& instance);
  /// False when it is not there.
  [[nodiscard]] Result<bool> find_study(std::string_view study_instance_uid, Series& series);
  [[nodiscard]] Result<> study_of(const IndexedInstance& instance, Series& series);
  [[nodiscard]] Result<std::int64_t> patient_of(const IndexedInstance& instance);
  [[nodiscard]] Result<std::int64_t> term(std::string_view text);
  /// Sets a list of the study (modalities, SOP classes) from what is there.
  [[nodiscard]] static Result<> refresh(SqlStatement& collect, SqlStatement& set,
                                        std::int64_t study);
  /// Adds a value to such a list.
  [[nodiscard]] static Result<> include(SqlStatement& get, SqlStatement& set,
                                        std::string_view value, std::int64_t study);
  [[nodiscard]] Result<> write_totals(std::uint64_t applied_sequence);
  void forget();

  /// Keeps and says that the instance names another patient than its study's, if it does.
  [[nodiscard]] Result<> note_patient(const IndexedInstance& instance, const Series& series);

  SqlDatabase& database_;
  const std::unique_ptr<IndexStatements> sql_;
  const NameWords words_;
  const integration::Logger logger_;
  HeaderCompressor compressor_;
  std::unordered_map<std::string, Series> series_;  // by study UID + series UID
  std::unordered_map<std::string, std::int64_t> terms_;
  Totals totals_;
};

}  // namespace pacs::storage
