#include "storage/query/select.h"

#include <algorithm>
#include <array>
#include <compare>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/number_string.h"
#include "core/sort_unique.h"
#include "storage/index/record_row.h"
#include "storage/index/sql_readers.h"
#include "storage/query/query_columns.h"

namespace pacs::storage {
namespace {

struct SeriesRow {
  std::int64_t study = 0, series = 0, instances = 0;
  friend auto operator<=>(const SeriesRow&, const SeriesRow&) = default;
};

/// In the order in which they are delivered.
struct InstanceRow {
  std::int64_t study = 0, series = 0, number = 0, id = 0;
  friend auto operator<=>(const InstanceRow&, const InstanceRow&) = default;
};

/// Instance Number as a number; what has none comes last.
std::int64_t number_of(std::string_view instance_number) {
  return read_integer(instance_number).value_or(std::numeric_limits<std::int64_t>::max());
}

/// The names that a selection restricts one level to.
class Allowed {
 public:
  explicit Allowed(std::vector<std::string> names) : names_(std::move(names)) {
    sort_unique(names_);
  }
  [[nodiscard]] bool empty() const { return names_.empty(); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] bool allows(std::string_view name) const {
    return names_.empty() || std::binary_search(names_.begin(), names_.end(), name);
  }

 private:
  std::vector<std::string> names_;
};

using AllowedLevels = std::array<Allowed, 4>;

constexpr std::array<std::string_view, 4> kUidColumns{
    "patient.patient_id", "study.study_instance_uid", "series.series_instance_uid",
    "instance.sop_instance_uid"};

/// What a selection restricts its objects to.
struct Wanted {
  explicit Wanted(const Selection& selection)
      : allowed{Allowed(selection.patient_ids), Allowed(selection.study_uids),
                Allowed(selection.series_uids), Allowed(selection.instance_uids)},
        issuer(selection.issuer_of_patient_id) {}
  AllowedLevels allowed;
  std::string issuer;  ///< of the patients; empty: any
};

/// The lowest level that has names; none when nothing is selected.
std::optional<std::size_t> lowest_named(const AllowedLevels& allowed) {
  std::size_t lowest = allowed.size();
  while (lowest != 0 && allowed[lowest - 1].empty()) --lowest;
  return lowest == 0 ? std::nullopt : std::optional(lowest - 1);
}

constexpr std::string_view kFromSeries =
    "patient JOIN study ON study.patient_key = patient.id JOIN series ON "
    "series.study_key = study.id WHERE true";

/// Calls `each` with every row below one of the names of the lowest level that has any, if the
/// levels above allow it. Columns: patient, study, series name, then `columns`.
template <typename Each>
Result<> each_selected(SqlReader& reader, const Wanted& wanted, std::size_t lowest,
                       std::string_view from, std::string_view columns, Each each) {
  const AllowedLevels& allowed = wanted.allowed;
  const std::string_view of_issuer =
      wanted.issuer.empty() ? "" : " AND patient.issuer_of_patient_id = $2";
  PACS_TRY(const auto statement,
           reader.statement(fmt::format("SELECT {}, {}, {}, {} FROM {} AND {} = $1{}",
                                        kUidColumns[0], kUidColumns[1], kUidColumns[2], columns,
                                        from, kUidColumns[lowest], of_issuer)));
  for (const std::string& name : allowed[lowest].names()) {
    const auto rows = bound(*statement, name);
    if (!wanted.issuer.empty()) rows->bind(2, std::string_view(wanted.issuer));
    PACS_TRY(each_row(*rows, [&](SqlStatement& row) {
      bool is_allowed = true;
      for (std::size_t level = 0; level < lowest; ++level) {
        is_allowed = is_allowed && allowed[level].allows(row.text(static_cast<int>(level)));
      }
      if (is_allowed) each(row);
    }));
  }
  return {};
}

class SelectedRecords final : public Records {
 public:
  SelectedRecords(SqlReaders& readers, std::vector<SeriesRow> series,
                  std::vector<InstanceRow> instances)
      : readers_(readers),
        series_(std::move(series)),
        instances_(std::move(instances)),
        total_(instances_.size()) {
    for (const SeriesRow& row : series_) total_ += static_cast<std::uint64_t>(row.instances);
  }

  std::uint64_t total() const override { return total_; }

  Result<std::vector<InstanceRecord>> next(std::size_t most) override {
    std::vector<InstanceRecord> records;
    PACS_TRY(const auto reader, readers_.lease());
    PACS_TRY(const auto statement,
             reader->statement(std::string(kRecordSql) + "WHERE instance.id = $1"));
    while (records.size() < most) {
      if (next_instance_ == instances_.size()) {
        if (next_series_ == series_.size()) break;
        PACS_TRY(read_series(*reader));
        continue;
      }
      const auto row = bound(*statement, instances_[next_instance_++].id);
      PACS_TRY(const bool there, row->step());
      if (there) records.push_back(record_of(*row));  // else it was replaced meanwhile
    }
    return records;
  }

 private:
  /// The instances of the next series in the order of their numbers.
  Result<> read_series(SqlReader& reader) {
    instances_.clear();
    next_instance_ = 0;
    const SeriesRow& series = series_[next_series_++];
    PACS_TRY(const auto rows, reader.statement("SELECT instance.id, instance.instance_number FROM "
                                               "instance WHERE instance.series_key = $1",
                                               series.series));
    PACS_TRY(each_row(*rows, [&](SqlStatement& row) {
      instances_.push_back({series.study, series.series, number_of(row.text(1)), row.integer(0)});
    }));
    std::ranges::sort(instances_);
    return {};
  }

  SqlReaders& readers_;
  const std::vector<SeriesRow> series_;
  std::vector<InstanceRow> instances_;  // of the series at hand, or all that are selected
  std::uint64_t total_ = 0;
  std::size_t next_series_ = 0, next_instance_ = 0;
};

}  // namespace

Result<std::unique_ptr<Records>> select(SqlReaders& readers, const Selection& selection) {
  const Wanted wanted(selection);
  const auto lowest = lowest_named(wanted.allowed);
  if (!lowest) {
    return fail(ErrorKind::InvalidArgument,
                "a selection must name patients, studies, series or instances");
  }
  PACS_TRY(const auto reader, readers.lease());
  std::vector<SeriesRow> series;
  std::vector<InstanceRow> instances;
  if (*lowest == static_cast<std::size_t>(QueryLevel::Image)) {
    PACS_TRY(each_selected(*reader, wanted, *lowest,
                           "instance CROSS JOIN series CROSS JOIN study CROSS JOIN patient WHERE "
                           "series.id = instance.series_key AND study.id = series.study_key AND "
                           "patient.id = study.patient_key",
                           "study.id, series.id, instance.instance_number, instance.id",
                           [&](SqlStatement& row) {
                             instances.push_back({row.integer(3), row.integer(4),
                                                  number_of(row.text(5)), row.integer(6)});
                           }));
    sort_unique(instances);
  } else {
    PACS_TRY(each_selected(*reader, wanted, *lowest, kFromSeries,
                           "study.id, series.id, series.instance_count", [&](SqlStatement& row) {
                             series.push_back({row.integer(3), row.integer(4), row.integer(5)});
                           }));
    sort_unique(series);
  }
  return std::make_unique<SelectedRecords>(readers, std::move(series), std::move(instances));
}

Result<std::vector<SelectedSeries>> select_series(SqlReaders& readers, const Selection& selection) {
  const Wanted wanted(selection);
  const auto lowest = lowest_named(wanted.allowed);
  if (!lowest || *lowest == static_cast<std::size_t>(QueryLevel::Image)) {
    return fail(ErrorKind::InvalidArgument, "series are selected by patients, studies and series");
  }
  PACS_TRY(const auto reader, readers.lease());
  std::map<std::pair<std::int64_t, std::int64_t>, SelectedSeries> found;
  PACS_TRY(each_selected(
      *reader, wanted, *lowest, kFromSeries,
      "study.id, series.id, series.instance_count, "
      "(SELECT max(instance.id) FROM instance WHERE instance.series_key = series.id)",
      [&](SqlStatement& row) {
        found[{row.integer(3), row.integer(4)}] = {
            std::string(row.text(1)), std::string(row.text(2)),
            static_cast<std::uint64_t>(row.integer(5)), static_cast<std::uint64_t>(row.integer(6))};
      }));
  std::vector<SelectedSeries> series;
  series.reserve(found.size());
  for (auto& [place, one] : found) series.push_back(std::move(one));
  return series;
}

}  // namespace pacs::storage
