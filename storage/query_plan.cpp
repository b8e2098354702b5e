#include "storage/query_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/dicom_tags.h"
#include "storage/date_match.h"
#include "storage/query_match.h"

namespace pacs::storage {
namespace {

using Kind = KeyColumn::Kind;
using From = KeySource::From;

/// Rows whose walk costs so little that a better beginning need not be looked for.
constexpr std::int64_t kFewRows = 2000;
/// Runs of three letters that narrow a search by name: more find hardly less.
constexpr std::size_t kTrigramsMax = 8;
/// Above it the values of a unique key are looked up in memory, not by SQL.
constexpr std::size_t kUidConditionMax = 16;

std::string value_expression(const KeyColumn& column) {
  if (column.kind != Kind::Term) return column.expression;
  return fmt::format("(SELECT term.text FROM term WHERE term.id = {})", column.expression);
}

bool restricts(const QueryKey& key) {
  return key.matching != Matching::Universal && !is_universal(key);
}

/// The columns of one SELECT, each once.
class ColumnList {
 public:
  int add(const std::string& expression, QueryLevel level) {
    levels_.push_back(level);
    const auto known = std::ranges::find(expressions_, expression);
    if (known == expressions_.end()) {
      expressions_.push_back(expression);
      return static_cast<int>(expressions_.size()) - 1;
    }
    return static_cast<int>(known - expressions_.begin());
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& expression : expressions_) text += ", " + expression;
    return text;
  }
  [[nodiscard]] QueryLevel highest(QueryLevel otherwise) const {
    for (const QueryLevel level : levels_) otherwise = std::min(otherwise, level);
    return otherwise;
  }
  [[nodiscard]] QueryLevel lowest(QueryLevel otherwise) const {
    for (const QueryLevel level : levels_) otherwise = std::max(otherwise, level);
    return otherwise;
  }

 private:
  std::vector<std::string> expressions_;
  std::vector<QueryLevel> levels_;
};

/// "study CROSS JOIN patient" and "patient.id = study.patient_key": CROSS JOIN keeps SQLite to this
/// order.
struct Joined {
  std::string from, conditions;
};
Joined join_up(QueryLevel level, QueryLevel highest) {
  Joined joined{std::string(table_of(level).table), {}};
  for (; level > highest; level = above(level)) {
    joined.from += fmt::format(" CROSS JOIN {}", table_of(above(level)).table);
    joined.conditions +=
        fmt::format(" AND {} = {}", table_of(above(level)).id, table_of(level).parent_key);
  }
  return joined;
}

class Planner {
 public:
  Planner(Query query, SqlReader& reader) : reader_(reader) { plan_.query = std::move(query); }

  Result<QueryPlan> make() {
    place_keys();
    place_zones();
    if (auto made = choose_drivers(); !made) return fail(made.error());
    for (Walk& walk : plan_.walks) write(walk);
    write_members();
    return std::move(plan_);
  }

 private:
  struct Condition {
    QueryLevel level;
    SqlText sql;
  };

  [[nodiscard]] QueryLevel level() const { return plan_.query.level; }

  Query without_keys() const {
    Query query;
    query.level = level();
    query.rules = plan_.query.rules;
    query.offset_minutes = plan_.query.offset_minutes;
    return query;
  }

  void place_keys() {
    plan_.row_query = plan_.member_query = plan_.header_query = without_keys();
    for (const QueryKey& key : plan_.query.keys) {
      const KeyColumn* column = find_key_column(key.tag);
      if (key.tag == tags::RetrieveAETitle || key.tag == tags::InstanceAvailability ||
          key.tag == tags::QueryRetrieveLevel || key.tag == tags::SpecificCharacterSet) {
        plan_.sources.push_back({From::Caller});
      } else if (column != nullptr && info(key.vr).kind == VRKind::Text) {
        place(key, *column);
      } else {
        place_in_header(key);
      }
    }
    if (plan_.wants_header) {
      ColumnList& columns = level() == QueryLevel::Image ? row_columns_ : member_columns_;
      plan_.header_column = columns.add("instance.header", QueryLevel::Image);
      columns.add("instance.series_key", QueryLevel::Image);
    }
  }

  void place(const QueryKey& key, const KeyColumn& column) {
    const bool of_row = column.level <= level();
    ColumnList& columns = of_row ? row_columns_ : member_columns_;
    const int place = columns.add(value_expression(column), column.level);
    plan_.sources.push_back({of_row ? From::Row : From::Member, place});
    if (!restricts(key)) return;
    if (auto narrowed = condition(key, column, plan_.query)) {
      conditions_.push_back({column.level, std::move(*narrowed)});
    }
    if (column.kind == Kind::Unique && key.matching == Matching::Single) {
      if (key.values.size() <= kUidConditionMax) return;  // SQL says it all
      QueryPlan::UidCheck check{place, key.values};
      std::ranges::sort(check.values);
      (of_row ? plan_.row_uids : plan_.member_uids).push_back(std::move(check));
      return;
    }
    (of_row ? plan_.row_query : plan_.member_query).keys.push_back(key);
    (of_row ? plan_.row_checks : plan_.member_checks).push_back({key.tag, key.vr, place});
  }

  void place_in_header(const QueryKey& key) {
    plan_.sources.push_back({From::Header});
    plan_.wants_header = true;
    if (!restricts(key)) return;
    plan_.header_query.keys.push_back(key);
    for (const QueryKey& inner : key.items) {
      if (const KeyColumn* column = find_key_column(key.tag, inner.tag)) {
        for (SqlText& sql : sequence_conditions(key)) {
          conditions_.push_back({column->level, std::move(sql)});
        }
        break;
      }
    }
  }

  /// What the comparison in another zone needs beside the keys (date_match.h): the zone of the
  /// study, and the time of a date.
  void place_zones() {
    if (!plan_.query.rules.timezone_adjustment) return;
    const auto* zone = find_key_column(tags::TimezoneOffsetFromUTC);
    if (level() >= zone->level) {
      plan_.row_zone = row_columns_.add(zone->expression, zone->level);
    } else if (!plan_.member_checks.empty()) {
      plan_.member_zone = member_columns_.add(zone->expression, zone->level);
    }
    place_times(plan_.row_query, plan_.row_checks, row_columns_);
    place_times(plan_.member_query, plan_.member_checks, member_columns_);
  }
  static void place_times(const Query& query, std::vector<QueryPlan::Check>& checks,
                          ColumnList& columns) {
    for (const QueryKey& key : query.keys) {
      const auto tag = key.vr == VR::DA ? time_of_date(key.tag) : std::nullopt;
      const KeyColumn* time = tag ? find_key_column(*tag) : nullptr;
      if (time == nullptr || std::ranges::count(checks, *tag, &QueryPlan::Check::tag) != 0)
        continue;
      checks.push_back({*tag, VR::TM, columns.add(time->expression, time->level)});
    }
  }

  [[nodiscard]] const QueryKey* restricting_key(Tag tag) const {
    const auto key = std::ranges::find(plan_.query.keys, tag, &QueryKey::tag);
    return key != plan_.query.keys.end() && restricts(*key) ? &*key : nullptr;
  }

  Status choose_drivers() {
    if (auto chosen = begin_with_unique_key(); !chosen || *chosen) {
      return chosen ? Status{} : fail(chosen.error());
    }
    if (begin_with_value(tags::AccessionNumber) || begin_with_value(tags::PatientID)) return {};
    std::vector<std::vector<Driver>> ways;
    for (const Tag tag : {Tag{tags::AccessionNumber}, Tag{tags::PatientID}}) {
      if (auto driver = prefix_driver(tag)) ways.push_back({std::move(*driver)});
    }
    if (auto drivers = name_drivers(); !drivers.empty()) ways.push_back(std::move(drivers));
    if (auto driver = date_driver()) ways.push_back({std::move(*driver)});
    std::erase_if(ways, [this](const auto& way) { return way.front().level > level(); });
    if (ways.empty()) return begin_with_all();
    std::size_t best = 0;
    if (ways.size() > 1) {
      const auto cheapest = find_cheapest(ways);
      if (!cheapest) return fail(cheapest.error());
      best = *cheapest;
    }
    for (Driver& driver : ways[best]) plan_.walks.push_back({std::move(driver), {}, {}, {}, {}});
    return {};
  }

  Status begin_with_all() {
    auto statement = reader_.statement(fmt::format("SELECT coalesce(max({}), 0) FROM {}",
                                                   table_of(level()).id, table_of(level()).table));
    if (!statement) return fail(statement.error());
    const ResetAtEnd reset(**statement);
    const auto row = (*statement)->step();
    if (!row) return fail(row.error());
    Driver driver{Driver::Kind::All, level()};
    driver.rows = {(*statement)->integer(0)};
    plan_.walks.push_back({std::move(driver), {}, {}, {}, {}});
    return {};
  }

  /// UIDs: the lowest of them; those below the level asked for give the rows that hold them.
  Result<bool> begin_with_unique_key() {
    for (const Tag tag :
         {Tag{tags::SOPInstanceUID}, Tag{tags::SeriesInstanceUID}, Tag{tags::StudyInstanceUID}}) {
      const QueryKey* key = restricting_key(tag);
      if (key == nullptr || key->matching != Matching::Single) continue;
      const KeyColumn& column = *find_key_column(tag);
      Driver driver{Driver::Kind::Values, column.level, column.expression};
      driver.values = key->values;
      std::ranges::sort(driver.values);
      driver.values.erase(std::unique(driver.values.begin(), driver.values.end()),
                          driver.values.end());
      if (column.level > level()) {
        auto rows = rows_above(driver);
        if (!rows) return fail(rows.error());
        driver = {Driver::Kind::Rows, level()};
        driver.rows = std::move(*rows);
      }
      plan_.walks.push_back({std::move(driver), {}, {}, {}, {}});
      return true;
    }
    return false;
  }

  /// The rows of the level asked for that hold rows with these values; 8 bytes each.
  Result<std::vector<std::int64_t>> rows_above(const Driver& driver) {
    const Joined joined = join_up(driver.level, level());
    SqlText sql(fmt::format("SELECT {} FROM {} WHERE {} = ", table_of(level()).id, joined.from,
                            driver.column));
    sql.add_open();
    sql += joined.conditions;
    auto statement = reader_.statement(sql.numbered());
    if (!statement) return fail(statement.error());
    std::vector<std::int64_t> rows;
    for (const std::string& value : driver.values) {
      if (plan_.query.stop.stop_requested()) break;
      const ResetAtEnd reset(**statement);
      (*statement)->bind(1, std::string_view(value));
      for (auto row = (*statement)->step();; row = (*statement)->step()) {
        if (!row) return fail(row.error());
        if (!*row) break;
        rows.push_back((*statement)->integer(0));
      }
    }
    std::ranges::sort(rows);
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }

  /// Values that few rows share.
  bool begin_with_value(Tag tag) {
    const QueryKey* key = restricting_key(tag);
    const KeyColumn& column = *find_key_column(tag);
    if (key == nullptr || key->matching != Matching::Single || column.level > level()) return false;
    Driver driver{Driver::Kind::Values, column.level, column.expression};
    driver.values = key->values;
    std::ranges::sort(driver.values);
    driver.values.erase(std::unique(driver.values.begin(), driver.values.end()),
                        driver.values.end());
    plan_.walks.push_back({std::move(driver), {}, {}, {}, {}});
    return true;
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
    auto days = days_of(*key, plan_.query);
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
    if (key == nullptr || key->values.size() != 1 || plan_.query.rules.fuzzy_names) return {};
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
      const auto rows = rows_of(ways[i].front());
      if (!rows) return fail(rows.error());
      if (*rows < fewest) {
        fewest = *rows;
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
    auto statement = reader_.statement(counting.text);
    if (!statement) return fail(statement.error());
    const ResetAtEnd reset(**statement);
    bind_values(**statement, counting, {});
    const auto row = (*statement)->step();
    if (!row) return fail(row.error());
    return *row ? (*statement)->integer(0) : 0;
  }

  /// " AND ..." for all conditions of the levels.
  [[nodiscard]] SqlText conditions_of(QueryLevel highest, QueryLevel lowest) const {
    SqlText sql;
    for (const Condition& condition : conditions_) {
      if (condition.level < highest || condition.level > lowest) continue;
      sql += " AND ";
      sql += condition.sql;
    }
    return sql;
  }
  [[nodiscard]] QueryLevel highest_condition(QueryLevel lowest) const {
    for (const Condition& condition : conditions_) lowest = std::min(lowest, condition.level);
    return lowest;
  }

  void write(Walk& walk) {
    const Driver& driver = walk.driver;
    write_start(walk);
    for (QueryLevel at = driver.level; at != level();) {
      at = below(at);
      const bool last = at == level();
      const Joined joined = join_up(at, last ? std::min(at, row_columns_.highest(at)) : at);
      const LevelTable& table = table_of(at);
      SqlText sql(fmt::format("SELECT {}{} FROM {} WHERE true{}", table.id,
                              last ? row_columns_.text() : "", joined.from, joined.conditions));
      sql += conditions_of(at, at);
      sql += fmt::format(" AND {} = ", table.parent_key);
      sql.add_open();
      sql += fmt::format(" AND {} > ", table.id);
      sql.add_open();
      sql += fmt::format(" ORDER BY {}", table.id);
      if (!last) sql += fmt::format(" LIMIT {}", kParentsAhead);
      walk.children.emplace_back(sql);
    }
  }

  void write_start(Walk& walk) {
    const Driver& driver = walk.driver;
    const LevelTable& table = table_of(driver.level);
    const bool last = driver.level == level();
    QueryLevel highest = highest_condition(driver.level);
    if (last) highest = std::min(highest, row_columns_.highest(driver.level));
    Joined joined = join_up(driver.level, highest);
    if (driver.kind == Driver::Kind::Names) {
      joined.from = "patient_name_trigram CROSS JOIN " + joined.from;
      joined.conditions += " AND patient.id = patient_name_trigram.rowid";
    }
    std::string select = fmt::format("SELECT {}", table.id);
    for (const std::string& column : driver.order) select += ", " + column;
    if (last) select += row_columns_.text();
    SqlText head(fmt::format("{} FROM {} WHERE true{}", select, joined.from, joined.conditions));
    head += conditions_of(QueryLevel::Patient, driver.level);
    if (!driver.restriction.empty()) {
      head += " AND ";
      head += driver.restriction;
    }
    const std::string limit = last ? "" : fmt::format(" LIMIT {}", kParentsAhead);
    const auto finish = [&](SqlText sql, const std::string& order) {
      sql += " ORDER BY " + order + limit;
      return SqlQuery(sql);
    };
    SqlText start = head;
    switch (driver.kind) {
      case Driver::Kind::All:
        start += fmt::format(" AND {} > ", table.id);
        start.add_open();
        start += fmt::format(" AND {} <= ", table.id);
        walk.start = finish(start.add_open(), std::string(table.id));
        return;
      case Driver::Kind::Values:
        start += fmt::format(" AND {} = ", driver.column);
        start.add_open();
        start += fmt::format(" AND {} > ", table.id);
        walk.start = finish(start.add_open(), std::string(table.id));
        return;
      case Driver::Kind::Rows:
        start += fmt::format(" AND {} = ", table.id);
        walk.start = SqlQuery(start.add_open());
        return;
      case Driver::Kind::Names:
        start += " AND patient_name_trigram MATCH ";
        start.add(driver.match);
        start += " AND patient_name_trigram.rowid > ";
        walk.start = finish(start.add_open(), "patient_name_trigram.rowid");
        return;
      case Driver::Kind::Span:
        break;
    }
    const std::string order = fmt::format("{}, {}", fmt::join(driver.order, ", "), table.id);
    const auto end_of_span = [&](SqlText& sql) {
      if (!driver.range.last) return;
      sql += fmt::format(" AND {} < ", driver.column);
      sql.add(*driver.range.last);
    };
    end_of_span(start);
    start += fmt::format(" AND {} >= ", driver.column);
    start.add(driver.range.first);
    walk.start = finish(std::move(start), order);

    SqlText equal = head;
    for (const std::string& column : driver.order) {
      equal += fmt::format(" AND {} = ", column);
      equal.add_open();
    }
    equal += fmt::format(" AND {} > ", table.id);
    walk.equal = finish(equal.add_open(), std::string(table.id));

    SqlText beyond = head;
    end_of_span(beyond);
    beyond += fmt::format(" AND ({}) > (", fmt::join(driver.order, ", "));
    for (std::size_t i = 0; i < driver.order.size(); ++i) {
      if (i != 0) beyond += ", ";
      beyond.add_open();
    }
    beyond += ")";
    walk.beyond = finish(std::move(beyond), order);
  }

  void write_members() {
    if (level() == QueryLevel::Image) return;
    bool wanted = plan_.wants_header;
    for (const KeySource& source : plan_.sources) wanted = wanted || source.from == From::Member;
    QueryLevel lowest = member_columns_.lowest(level());
    for (const Condition& condition : conditions_) {
      wanted = wanted || condition.level > level();
      lowest = std::max(lowest, condition.level);
    }
    if (!wanted) return;
    std::string from, joins, order;
    for (QueryLevel at = below(level()); at <= lowest; at = below(at)) {
      const LevelTable& table = table_of(at);
      if (from.empty()) {
        from = table.table;
      } else {
        from += fmt::format(" CROSS JOIN {}", table.table);
        joins += fmt::format(" AND {} = {}", table.parent_key, table_of(above(at)).id);
        order += ", ";
      }
      order += table.id;
    }
    // A column must come first, even if none is asked for.
    SqlText sql(
        fmt::format("SELECT 0{} FROM {} WHERE true{}", member_columns_.text(), from, joins));
    sql += conditions_of(below(level()), lowest);
    sql += fmt::format(" AND {} = ", table_of(below(level())).parent_key);
    sql.add_open();
    sql += " ORDER BY " + order;
    plan_.members.emplace(sql);
  }

  SqlReader& reader_;
  QueryPlan plan_;
  ColumnList row_columns_, member_columns_;
  std::vector<Condition> conditions_;
};

}  // namespace

Result<QueryPlan> plan(Query query, SqlReader& reader) {
  return Planner(std::move(query), reader).make();
}

}  // namespace pacs::storage
