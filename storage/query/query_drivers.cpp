#include "storage/query/query_drivers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/sort_unique.h"
#include "storage/query/ways.h"

namespace pacs::storage {
namespace {

/// Runs of three letters that narrow a search by name: more find hardly less.
constexpr std::size_t kTrigramsMax = 8;

class Chooser {
 public:
  Chooser(const Query& query, SqlReader& reader) : query_(query), reader_(reader) {}

  Result<std::vector<Driver>> choose() {
    PACS_TRY(auto unique, unique_driver());
    if (unique) return only(std::move(*unique));
    for (const Tag tag : {tags::AccessionNumber, tags::PatientID}) {
      if (auto driver = value_driver(tag)) return only(std::move(*driver));
    }
    std::vector<std::vector<Driver>> ways;
    for (const Tag tag : {tags::AccessionNumber, tags::PatientID}) {
      if (auto driver = prefix_driver(tag)) ways.push_back({std::move(*driver)});
    }
    if (auto drivers = name_drivers(); !drivers.empty()) ways.push_back(std::move(drivers));
    if (auto driver = date_driver()) ways.push_back({std::move(*driver)});
    std::erase_if(ways, [this](const auto& way) { return way.front().level > query_.level; });
    if (ways.empty()) return all_rows();
    return cheapest(std::move(ways), [this](const auto& way) { return rows_of(way.front()); });
  }

 private:
  static std::vector<Driver> only(Driver driver) {
    std::vector<Driver> drivers;
    drivers.push_back(std::move(driver));
    return drivers;
  }

  [[nodiscard]] const QueryKey* restricting_key(Tag tag) const {
    return storage::restricting_key(query_.keys, tag);
  }

  Result<std::vector<Driver>> all_rows() {
    const LevelTable& table = table_of(query_.level);
    PACS_TRY(const auto row, reader_.statement(fmt::format("SELECT coalesce(max({}), 0) FROM {}",
                                                           table.id, table.table)));
    PACS_TRY(row->step());
    Driver driver{Driver::Kind::All, query_.level};
    driver.rows = {row->integer(0)};
    return only(std::move(driver));
  }

  static Driver values_driver(const QueryKey& key, const KeyColumn& column) {
    Driver driver{Driver::Kind::Values, column.level, column.expression};
    driver.values = key.values;
    sort_unique(driver.values);
    return driver;
  }

  /// UIDs: the lowest of them; those below the level asked for give the rows that hold them.
  Result<std::optional<Driver>> unique_driver() {
    for (const Tag tag : {tags::SOPInstanceUID, tags::SeriesInstanceUID, tags::StudyInstanceUID}) {
      const QueryKey* key = restricting_key(tag);
      if (key == nullptr || key->matching != Matching::Single) continue;
      Driver driver = values_driver(*key, *find_key_column(tag));
      if (driver.level > query_.level) {
        PACS_TRY(auto rows, rows_above(driver));
        driver = {Driver::Kind::Rows, query_.level};
        driver.rows = std::move(rows);
      }
      return driver;
    }
    return std::nullopt;
  }

  /// The rows of the level asked for that hold rows with these values; 8 bytes each.
  Result<std::vector<std::int64_t>> rows_above(const Driver& driver) {
    const Joined joined = join_up(driver.level, query_.level);
    SqlText sql(fmt::format("SELECT {} FROM {} WHERE {} = ", table_of(query_.level).id, joined.from,
                            driver.column));
    sql.add_open();
    sql += joined.conditions;
    PACS_TRY(const auto statement, reader_.statement(sql.numbered()));
    std::vector<std::int64_t> rows;
    for (const std::string& value : driver.values) {
      if (query_.stop.stop_requested()) break;
      PACS_TRY(each_row(*bound(*statement, value),
                        [&](SqlStatement& row) { rows.push_back(row.integer(0)); }));
    }
    sort_unique(rows);
    return rows;
  }

  /// Values that few rows share.
  std::optional<Driver> value_driver(Tag tag) const {
    const QueryKey* key = restricting_key(tag);
    const KeyColumn& column = *find_key_column(tag);
    if (key == nullptr || key->matching != Matching::Single || column.level > query_.level) {
      return std::nullopt;
    }
    return values_driver(*key, column);
  }

  std::optional<Driver> prefix_driver(Tag tag) const {
    auto range = prefix_range(restricting_key(tag));
    if (!range) return std::nullopt;
    const KeyColumn& column = *find_key_column(tag);
    Driver driver{Driver::Kind::Span, column.level, column.expression};
    driver.order = {column.expression};
    if (tag == tags::PatientID) {  // as its index has it
      driver.order.insert(driver.order.end(),
                          {"patient.issuer_of_patient_id", "patient.distinct_by"});
    }
    driver.range = std::move(*range);
    return driver;
  }

  std::optional<Driver> date_driver() const {
    const QueryKey* key = restricting_key(tags::StudyDate);
    if (key == nullptr || key->matching == Matching::Empty) return std::nullopt;
    auto days = days_of(*key, query_);
    if (!days) return std::nullopt;
    Driver driver{Driver::Kind::Span, QueryLevel::Study, "study.study_date"};
    driver.order = {"study.study_date", "study.study_time"};
    driver.range = std::move(*days);
    return driver;
  }

  static Driver trigram_driver(const std::vector<std::string>& groups) {
    Driver driver{Driver::Kind::Names, QueryLevel::Patient, "patient_name_trigram.rowid"};
    std::size_t count = 0;
    for (const std::string& group : groups) {
      for (const std::string& run : trigrams(group, kTrigramsMax - count)) {
        std::string quoted;
        for (const char letter : run) quoted.append(letter == '"' ? 2 : 1, letter);
        driver.match += fmt::format("{}\"{}\"", count == 0 ? "" : " AND ", quoted);
        ++count;
      }
    }
    return driver;
  }

  /// Names whose first group begins with what the key begins with, then those of which another
  /// group does; or all that hold the runs of letters the key has.
  std::vector<Driver> name_drivers() const {
    const auto pattern = literal_name(restricting_key(tags::PatientName), query_.rules);
    if (!pattern) return {};
    const std::string prefix(literal_prefix(pattern->groups.front()));
    std::vector<Driver> drivers;
    if (!prefix.empty()) {
      Driver& first = drivers.emplace_back(
          Driver{Driver::Kind::Span, QueryLevel::Patient, "patient.patient_name_folded"});
      first.order = {first.column};
      first.range = begins_with(prefix);
      if (pattern->groups.size() > 1) return drivers;
      Driver other = trigram_driver({"=" + prefix});
      if (other.match.empty()) {
        other = {Driver::Kind::Span, QueryLevel::Patient, first.column};
        other.order = {other.column};
        other.restriction = SqlText("patient.patient_name_folded LIKE '%=%' AND ");
      }
      (other.restriction += "NOT ") += within(first.column, first.range);
      drivers.push_back(std::move(other));
      return drivers;
    }
    Driver driver = trigram_driver(pattern->groups);
    if (!driver.match.empty()) drivers.push_back(std::move(driver));
    return drivers;
  }

  /// How many rows a driver has, kFewRows at most.
  Result<std::int64_t> rows_of(const Driver& driver) {
    SqlText from;
    if (driver.kind == Driver::Kind::Names) {
      from += "patient_name_trigram WHERE patient_name_trigram MATCH ";
      from.add(driver.match);
    } else {
      from += fmt::format("{} WHERE {} >= ", table_of(driver.level).table, driver.column);
      from.add(driver.range.first);
      if (driver.range.last) {
        from += fmt::format(" AND {} < ", driver.column);
        from.add(*driver.range.last);
      }
    }
    return count_few(reader_, from);
  }

  const Query& query_;
  SqlReader& reader_;
};

}  // namespace

Result<std::vector<Driver>> choose_drivers(const Query& query, SqlReader& reader) {
  return Chooser(query, reader).choose();
}

}  // namespace pacs::storage
