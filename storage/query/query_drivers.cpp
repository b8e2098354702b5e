#include "storage/query/query_drivers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "core/sort_unique.h"
#include "storage/query/led_rows.h"
#include "storage/query/query_match.h"
#include "storage/query/ways.h"

namespace pacs::storage {
namespace {

/// Runs of three letters that narrow a search by name: more find hardly less.
constexpr std::size_t kTrigramsMax = 8;
/// Different values of a column that are looked at: some 3 microseconds each.
constexpr std::size_t kDifferentValuesMax = 4096;
/// Attributes whose columns have few different values, and an index.
constexpr std::array kOfFewValues{tags::StudyDescription, tags::ReferringPhysicianName,
                                  tags::InstitutionName, tags::StationName};

/// The different values of a column within a range; nullopt when there are too many.
Result<std::optional<std::vector<std::string>>> different_values(SqlReader& reader,
                                                                 QueryLevel level,
                                                                 std::string_view column,
                                                                 const TextRange& range) {
  const auto next = [&](std::string_view than) {
    return reader.statement(fmt::format("SELECT {0} FROM {1} WHERE {0} {2} $1 ORDER BY {0} LIMIT 1",
                                        column, table_of(level).table, than));
  };
  PACS_TRY(const auto first, next(">="));
  PACS_TRY(const auto greater, next(">"));
  std::vector<std::string> values;
  for (;;) {
    const auto row = values.empty() ? bound(*first, range.first) : bound(*greater, values.back());
    PACS_TRY(const bool there, row->step());
    if (!there || (range.last && row->text(0) >= *range.last)) return values;
    if (values.size() == kDifferentValuesMax) return std::nullopt;
    values.emplace_back(row->text(0));
  }
}

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
    PACS_TRY(const bool few, one_has_few(ways));
    if (!few) {
      PACS_TRY(add_ways_of_few_values(ways));
      PACS_TRY(add_way_of_words(ways));
    }
    if (ways.empty()) return all_rows(query_.level, reader_).map(only);
    PACS_TRY(auto way, cheapest(std::move(ways), [this](const auto& one, std::int64_t most) {
               return rows_of(one.front(), most);
             }));
    if (way.front().level > query_.level) {
      PACS_TRY(way.front(), rows_above(way.front()));
    }
    return way;
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
        PACS_TRY(driver, rows_above(driver));
      }
      return driver;
    }
    return std::nullopt;
  }

  /// The rows of the level asked for that hold rows with these values; 8 bytes each.
  Result<Driver> rows_above(const Driver& driver) {
    const Joined joined = join_up(driver.level, query_.level);
    SqlText sql(fmt::format("SELECT {} FROM {} WHERE {} = ", table_of(query_.level).id, joined.from,
                            driver.column));
    sql.add_open();
    sql += joined.conditions;
    PACS_TRY(const auto statement, reader_.statement(sql.numbered()));
    Driver above{Driver::Kind::Rows, query_.level};
    for (const std::string& value : driver.values) {
      if (query_.stop.stop_requested()) break;
      PACS_TRY(each_row(*bound(*statement, value),
                        [&](SqlStatement& row) { above.rows.push_back(row.integer(0)); }));
    }
    sort_unique(above.rows);
    return above;
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

  Result<bool> one_has_few(const std::vector<std::vector<Driver>>& ways) {
    for (const auto& way : ways) {
      PACS_TRY(const auto rows, rows_of(way.front(), kFewRows));
      if (rows < kFewRows) return true;
    }
    return false;
  }

  Result<> add_ways_of_few_values(std::vector<std::vector<Driver>>& ways) {
    for (const Tag tag : kOfFewValues) {
      const QueryKey* key = restricting_key(tag);
      if (key == nullptr || info(key->vr).kind != VRKind::Text) continue;
      PACS_TRY(auto driver, few_values_driver(*key, *find_key_column(tag)));
      if (!driver) continue;
      if (driver->level > query_.level) {
        // They will be looked up one by one.
        PACS_TRY(const auto rows, rows_of(*driver, kManyRows));
        if (rows == kManyRows) continue;
      }
      ways.push_back(only(std::move(*driver)));
    }
    return {};
  }

  /// The patients with words like one of the key's that few have: every word that anybody has is
  /// held against the key.
  Result<> add_way_of_words(std::vector<std::vector<Driver>>& ways) {
    const QueryKey* key = restricting_key(tags::PatientName);
    if (key == nullptr || !query_.rules.fuzzy_names || key->values.size() != 1) return {};
    const NameKey name(key->values.front(), true);
    std::optional<std::vector<std::int64_t>> best;
    for (const NameKey::NeededGroup& group : name.needed_words()) {
      std::vector<std::int64_t> patients;
      bool counts = true;
      for (const auto& words : group) {
        if (words.empty()) continue;
        PACS_TRY(auto some, patients_with_one_of(words));
        counts = counts && some;
        if (some) patients.insert(patients.end(), some->begin(), some->end());
      }
      if (counts && (!best || patients.size() < best->size())) best = std::move(patients);
    }
    if (!best) return {};
    Driver driver{Driver::Kind::Rows, QueryLevel::Patient};
    driver.rows = std::move(*best);
    sort_unique(driver.rows);
    ways.push_back(only(std::move(driver)));
    return {};
  }

  /// The fewest patients that have a word like one of these; nullopt when all are of too many.
  Result<std::optional<std::vector<std::int64_t>>> patients_with_one_of(
      const std::vector<NameKey::NeededWord>& words) {
    std::vector<std::vector<std::int64_t>> found(words.size());
    PACS_TRY(const auto vocabulary, reader_.statement("SELECT id, word FROM name_word"));
    PACS_TRY(each_row(*vocabulary, [&](SqlStatement& row) -> Result<> {
      if (query_.stop.stop_requested())
        return fail(ErrorKind::Cancelled, "the query was cancelled");
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i](row.text(1))) found[i].push_back(row.integer(0));
      }
      return {};
    }));
    std::optional<std::vector<std::int64_t>> fewest;
    for (const auto& alike : found) {
      PACS_TRY(auto patients,
               patients_of(alike, fewest ? fewest->size() : static_cast<std::size_t>(kManyRows)));
      if (patients) fewest = std::move(patients);
    }
    return fewest;
  }

  /// The patients with these words; nullopt when they are not below `most`.
  Result<std::optional<std::vector<std::int64_t>>> patients_of(
      const std::vector<std::int64_t>& words, std::size_t most) {
    PACS_TRY(
        const auto of_word,
        reader_.statement("SELECT patient_key FROM patient_word WHERE word_key = $1 LIMIT $2"));
    std::vector<std::int64_t> patients;
    for (const std::int64_t word : words) {
      PACS_TRY(each_row(*bound(*of_word, word, most),
                        [&](SqlStatement& row) { patients.push_back(row.integer(0)); }));
      if (patients.size() >= most) return std::nullopt;
    }
    return patients;
  }

  /// The rows with those of the column's different values that match; nullopt when it has too many.
  Result<std::optional<Driver>> few_values_driver(const QueryKey& key, const KeyColumn& column) {
    if (key.matching == Matching::Single && column.kind == KeyColumn::Kind::Text) {
      return values_driver(key, column);
    }
    Driver driver{Driver::Kind::Values, column.level, column.expression};
    PACS_TRY(auto values, different_values(reader_, column.level, column.expression, {}));
    if (!values) return std::nullopt;
    std::erase_if(*values, [&](const std::string& value) {
      return !matches(key, data_set_of(key, value), query_);
    });
    driver.values = *std::move(values);
    return driver;
  }

  /// As a row with this value is held against the key.
  static DataSet data_set_of(const QueryKey& key, const std::string& value) {
    DataSet data_set;
    constexpr std::string_view kUtf8 = "ISO_IR 192";
    data_set.push_back(Element::view(tags::SpecificCharacterSet, VR::CS, as_bytes(kUtf8)));
    if (!value.empty()) data_set.push_back(Element::view(key.tag, key.vr, as_bytes(value)));
    return data_set;
  }

  std::optional<Driver> prefix_driver(Tag tag) const {
    auto range = prefix_range(restricting_key(tag));
    if (!range) return std::nullopt;
    Driver driver = rows_in_order(tag);
    driver.range = std::move(*range);
    return driver;
  }

  std::optional<Driver> date_driver() const {
    const QueryKey* key = restricting_key(tags::StudyDate);
    if (key == nullptr || key->matching == Matching::Empty) return std::nullopt;
    auto days = days_of(*key, query_);
    if (!days) return std::nullopt;
    Driver driver = rows_in_order(tags::StudyDate);
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
      Driver& first = drivers.emplace_back(rows_in_order(tags::PatientName));
      first.range = begins_with(prefix);
      if (pattern->groups.size() > 1) return drivers;
      Driver other = trigram_driver({"=" + prefix});
      if (other.match.empty()) {
        other = rows_in_order(tags::PatientName);
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

  /// How many rows a driver has, `most` at most.
  Result<std::int64_t> rows_of(const Driver& driver, std::int64_t most) {
    SqlText from;
    if (driver.kind == Driver::Kind::Rows) {
      return std::min(most, static_cast<std::int64_t>(driver.rows.size()));
    }
    if (driver.kind == Driver::Kind::Values) {
      const std::string_view table = table_of(driver.level).table;
      std::int64_t rows = 0;
      for (const std::string& value : driver.values) {
        SqlText equal(fmt::format("{} WHERE {} = ", table, driver.column));
        PACS_TRY(const auto more, count_rows(reader_, equal.add(value), most));
        rows += more;
        if (rows >= most) return most;
      }
      return rows;
    }
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
    return count_rows(reader_, from, most);
  }

  const Query& query_;
  SqlReader& reader_;
};

}  // namespace

Result<std::vector<Driver>> choose_drivers(const Query& query, SqlReader& reader) {
  return Chooser(query, reader).choose();
}

namespace {

/// The whole months of a range of dates, and the rows of the days before and behind them; nullopt
/// when there are so few months that collecting all rows costs less.
Result<std::optional<Driver>> by_months(const Driver& dates, SqlReader& reader,
                                        const std::stop_token& stop) {
  constexpr std::size_t kMonthsMin = 3;
  constexpr std::size_t kMonthLetters = 6;
  Driver months{Driver::Kind::Values, dates.level, fmt::format("substr({}, 1, 6)", dates.column)};
  TextRange touched = dates.range;
  touched.first.resize(std::min(touched.first.size(), kMonthLetters));
  PACS_TRY(auto values, different_values(reader, dates.level, months.column, touched));
  if (!values) return std::nullopt;
  std::erase_if(*values, [&](const std::string& month) {
    const TextRange days = begins_with(month);
    return month < dates.range.first ||
           (dates.range.last && (!days.last || *days.last > *dates.range.last));
  });
  if (values->size() < kMonthsMin) return std::nullopt;
  months.values = *std::move(values);
  std::vector<Driver> edges(2, dates);
  edges[0].range.last = months.values.front();
  edges[1].range.first = *begins_with(months.values.back()).last;
  PACS_TRY(auto rows, rows_led_to(edges, dates.level, SIZE_MAX, reader, stop));
  if (rows) months.rows = *std::move(rows);
  return months;
}

}  // namespace

Result<std::optional<Driver>> merged(Driver driver, SqlReader& reader,
                                     const std::stop_token& stop) {
  if (driver.kind == Driver::Kind::Span && driver.column == rows_in_order(tags::StudyDate).column) {
    PACS_TRY(auto months, by_months(driver, reader, stop));
    if (!months) return std::nullopt;
    driver = *std::move(months);
  }
  if (driver.kind != Driver::Kind::Values) return std::nullopt;
  driver.merged = true;
  return driver;
}

Driver rows_in_order(Tag attribute) {
  const KeyColumn& column = *find_key_column(attribute);
  const bool is_patient_name = attribute == tags::PatientName;
  Driver driver{Driver::Kind::Span, column.level,
                is_patient_name ? column.folded : column.expression};
  driver.order = {driver.column};  // and what else its index has
  if (attribute == tags::PatientID) {
    driver.order.insert(driver.order.end(),
                        {"patient.issuer_of_patient_id", "patient.distinct_by"});
  }
  if (attribute == tags::StudyDate) driver.order.emplace_back("study.study_time");
  return driver;
}

Result<Driver> all_rows(QueryLevel level, SqlReader& reader) {
  const LevelTable& table = table_of(level);
  PACS_TRY(const auto row, reader.statement(fmt::format("SELECT coalesce(max({}), 0) FROM {}",
                                                        table.id, table.table)));
  PACS_TRY(row->step());
  Driver driver{Driver::Kind::All, level};
  driver.last = row->integer(0);
  return driver;
}

}  // namespace pacs::storage
