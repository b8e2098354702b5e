#include "storage/query/query_drivers.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "storage/query/date_match.h"
#include "storage/query/query_match.h"

namespace pacs::storage {
namespace {

/// Rows whose walk costs so little that a better beginning need not be looked for.
constexpr std::int64_t kFewRows = 2000;
/// Runs of three letters that narrow a search by name: more find hardly less.
constexpr std::size_t kTrigramsMax = 8;

class Chooser {
 public:
  Chooser(const Query& query, SqlReader& reader) : query_(query), reader_(reader) {}

  Result<std::vector<Driver>> choose() {
    PACS_TRY(auto unique, unique_driver());
    if (unique) return only(std::move(*unique));
    for (const Tag tag : {Tag{tags::AccessionNumber}, Tag{tags::PatientID}}) {
      if (auto driver = value_driver(tag)) return only(std::move(*driver));
    }
    std::vector<std::vector<Driver>> ways;
    for (const Tag tag : {Tag{tags::AccessionNumber}, Tag{tags::PatientID}}) {
      if (auto driver = prefix_driver(tag)) ways.push_back({std::move(*driver)});
    }
    if (auto drivers = name_drivers(); !drivers.empty()) ways.push_back(std::move(drivers));
    if (auto driver = date_driver()) ways.push_back({std::move(*driver)});
    std::erase_if(ways, [this](const auto& way) { return way.front().level > query_.level; });
    if (ways.empty()) return all_rows();
    if (ways.size() == 1) return std::move(ways.front());
    PACS_TRY(const auto best, find_cheapest(ways));
    return std::move(ways[best]);
  }

 private:
  static std::vector<Driver> only(Driver driver) {
    std::vector<Driver> drivers;
    drivers.push_back(std::move(driver));
    return drivers;
  }

  [[nodiscard]] const QueryKey* restricting_key(Tag tag) const {
    const auto key = std::ranges::find(query_.keys, tag, &QueryKey::tag);
    return key != query_.keys.end() && !is_universal(*key) ? &*key : nullptr;
  }

  Result<std::vector<Driver>> all_rows() {
    const LevelTable& table = table_of(query_.level);
    PACS_TRY(auto statement, reader_.statement(fmt::format("SELECT coalesce(max({}), 0) FROM {}",
                                                           table.id, table.table)));
    const ResetAtEnd reset(*statement);
    PACS_TRY(statement->step());
    Driver driver{Driver::Kind::All, query_.level};
    driver.rows = {statement->integer(0)};
    return only(std::move(driver));
  }

  static Driver values_driver(const QueryKey& key, const KeyColumn& column) {
    Driver driver{Driver::Kind::Values, column.level, column.expression};
    driver.values = key.values;
    std::ranges::sort(driver.values);
    driver.values.erase(std::unique(driver.values.begin(), driver.values.end()),
                        driver.values.end());
    return driver;
  }

  /// UIDs: the lowest of them; those below the level asked for give the rows that hold them.
  Result<std::optional<Driver>> unique_driver() {
    for (const Tag tag :
         {Tag{tags::SOPInstanceUID}, Tag{tags::SeriesInstanceUID}, Tag{tags::StudyInstanceUID}}) {
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
    PACS_TRY(auto statement, reader_.statement(sql.numbered()));
    std::vector<std::int64_t> rows;
    for (const std::string& value : driver.values) {
      if (query_.stop.stop_requested()) break;
      const ResetAtEnd reset(*statement);
      statement->bind(1, std::string_view(value));
      for (auto row = statement->step();; row = statement->step()) {
        if (!row) return fail(row.error());
        if (!*row) break;
        rows.push_back(statement->integer(0));
      }
    }
    std::ranges::sort(rows);
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
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
    const QueryKey* key = restricting_key(tag);
    if (key == nullptr || key->matching != Matching::Wildcard || key->values.size() != 1) {
      return std::nullopt;
    }
    const std::string_view prefix = literal_prefix(key->values.front());
    if (prefix.empty()) return std::nullopt;
    const KeyColumn& column = *find_key_column(tag);
    Driver driver{Driver::Kind::Span, column.level, column.expression};
    driver.order = {column.expression};
    if (tag == tags::PatientID) {  // as its index has it
      driver.order.insert(driver.order.end(),
                          {"patient.issuer_of_patient_id", "patient.distinct_by"});
    }
    driver.range = begins_with(std::string(prefix));
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
    const QueryKey* key = restricting_key(tags::PatientName);
    if (key == nullptr || key->values.size() != 1 || query_.rules.fuzzy_names) return {};
    const NamePattern pattern = name_pattern(key->values.front());
    const std::string prefix(literal_prefix(pattern.groups.front()));
    std::vector<Driver> drivers;
    if (!prefix.empty()) {
      Driver& first = drivers.emplace_back(
          Driver{Driver::Kind::Span, QueryLevel::Patient, "patient.patient_name_folded"});
      first.order = {first.column};
      first.range = begins_with(prefix);
      if (pattern.groups.size() > 1) return drivers;
      Driver other = trigram_driver({"=" + prefix});
      if (other.match.empty()) {
        other = {Driver::Kind::Span, QueryLevel::Patient, first.column};
        other.order = {other.column};
        other.restriction = SqlText("patient.patient_name_folded LIKE '%=%' AND ");
      }
      other.restriction += "NOT ((patient.patient_name_folded || '') >= ";
      other.restriction.add(first.range.first);
      other.restriction += " AND (patient.patient_name_folded || '') < ";
      other.restriction.add(*first.range.last);
      other.restriction += ")";
      drivers.push_back(std::move(other));
      return drivers;
    }
    Driver driver = trigram_driver(pattern.groups);
    if (!driver.match.empty()) drivers.push_back(std::move(driver));
    return drivers;
  }

  Result<std::size_t> find_cheapest(const std::vector<std::vector<Driver>>& ways) {
    std::size_t best = 0;
    std::int64_t fewest = kFewRows + 1;
    for (std::size_t i = 0; i < ways.size(); ++i) {
      PACS_TRY(const auto rows, rows_of(ways[i].front()));
      if (rows < fewest) {
        fewest = rows;
        best = i;
      }
    }
    return best;
  }

  /// How many rows a driver has, kFewRows at most.
  Result<std::int64_t> rows_of(const Driver& driver) {
    SqlText sql("SELECT count(*) FROM (SELECT 1 FROM ");
    if (driver.kind == Driver::Kind::Names) {
      sql += "patient_name_trigram WHERE patient_name_trigram MATCH ";
      sql.add(driver.match);
    } else {
      sql += fmt::format("{} WHERE {} >= ", table_of(driver.level).table, driver.column);
      sql.add(driver.range.first);
      if (driver.range.last) {
        sql += fmt::format(" AND {} < ", driver.column);
        sql.add(*driver.range.last);
      }
    }
    sql += fmt::format(" LIMIT {}) few", kFewRows);
    const SqlQuery counting(sql);
    PACS_TRY(auto statement, reader_.statement(counting.text));
    const ResetAtEnd reset(*statement);
    bind_values(*statement, counting, {});
    PACS_TRY(const auto row, statement->step());
    return row ? statement->integer(0) : 0;
  }

  const Query& query_;
  SqlReader& reader_;
};

}  // namespace

Result<std::vector<Driver>> choose_drivers(const Query& query, SqlReader& reader) {
  return Chooser(query, reader).choose();
}

}  // namespace pacs::storage
