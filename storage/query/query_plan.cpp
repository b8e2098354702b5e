#include "storage/query/query_plan.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/dicom_tags.h"
#include "storage/query/date_match.h"
#include "storage/query/led_rows.h"
#include "storage/query/merged_rows.h"
#include "storage/query/query_match.h"
#include "storage/query/ways.h"

namespace pacs::storage {
namespace {

using Kind = KeyColumn::Kind;
using From = KeySource::From;

/// Above it the values of a unique key are looked up in memory, not by SQL.
constexpr std::size_t kUidConditionMax = 16;

std::string value_expression(const KeyColumn& column) {
  if (column.kind != Kind::Term) return column.expression;
  return fmt::format("(SELECT term.text FROM term WHERE term.id = {})", column.expression);
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

class Planner {
 public:
  Planner(Query query, SqlReader& reader) : reader_(reader) { plan_.query = std::move(query); }

  Result<QueryPlan> make() {
    place_keys();
    place_zones();
    plan_.everything = std::ranges::all_of(plan_.query.keys, is_universal);
    PACS_TRY(auto drivers, choose_drivers(plan_.query, reader_));
    if (const auto& order = plan_.query.order) {
      PACS_TRY(drivers,
               order->by ? in_order(std::move(drivers), *order) : by_arrival(std::move(drivers)));
    }
    for (Driver& driver : drivers) {
      plan_.walks.push_back({std::move(driver)});
      write(plan_.walks.back());
    }
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
      columns.add("instance.id", QueryLevel::Image);
    }
  }

  void place(const QueryKey& key, const KeyColumn& column) {
    const bool of_row = column.level <= level();
    ColumnList& columns = of_row ? row_columns_ : member_columns_;
    const int place = columns.add(value_expression(column), column.level);
    plan_.sources.push_back({of_row ? From::Row : From::Member, place});
    if (is_universal(key)) return;
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
    if (is_universal(key)) return;
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

  /// One driver that gives the rows of the level asked for by their numbers, which grow as they
  /// arrive. Few rows that the drivers lead to are collected. Of many the next ones are near, from
  /// the first row that matches or from the first of all, or are merged from the lists of few
  /// values; else they are collected as well.
  Result<std::vector<Driver>> by_arrival(std::vector<Driver> drivers) {
    if (drivers.front().kind == Driver::Kind::All) {
      PACS_TRY(skip_ahead(drivers.front()));
      return drivers;
    }
    const auto& stop = plan_.query.stop;
    PACS_TRY(Driver all, all_rows(level(), reader_));
    // Of patients with many studies in two steps: their own rows cost less.
    const QueryLevel led_from = drivers.front().level;
    PACS_TRY(auto rows, rows_led_to(drivers, led_from, kFewRows, reader_, stop));
    if (rows && led_from != level()) {
      PACS_TRY(rows, rows_led_to(drivers, level(), kFewRows, reader_, stop));
    }
    if (!rows) {
      PACS_TRY(const bool near, matches_are_near(all));
      if (near) return std::vector{std::move(all)};
      if (drivers.size() == 1 && led_from == level() && plan_.query.skip <= kFewRows) {
        PACS_TRY(auto one, merged(drivers.front(), reader_, stop));
        if (one) return near_or_merged(std::move(all), *std::move(one));
      }
      PACS_TRY(rows, rows_led_to(drivers, level(), SIZE_MAX, reader_, stop));
    }
    Driver driver{Driver::Kind::Rows, level()};
    if (rows) driver.rows = *std::move(rows);
    const bool by_span = drivers.front().kind == Driver::Kind::Span && led_from == level();
    return std::vector{by_span && close_together(driver.rows) ? all_between(driver.rows)
                                                              : std::move(driver)};
  }

  /// To look one row up costs as much as to pass over so many that SQL sorts out.
  static bool close_together(const std::vector<std::int64_t>& rows) {
    constexpr std::int64_t kPassedOver = 8;
    return !rows.empty() &&
           rows.back() - rows.front() < kPassedOver * static_cast<std::int64_t>(rows.size());
  }
  [[nodiscard]] Driver all_between(const std::vector<std::int64_t>& rows) const {
    Driver all{Driver::Kind::All, level()};
    all.after = rows.front() - 1;
    all.last = rows.back();
    all.candidates = static_cast<std::int64_t>(rows.size());
    return all;
  }

  Result<std::vector<Driver>> near_or_merged(Driver all, Driver merged) {
    // What arrives from now on, in whichever list, is behind all answers.
    merged.last = all.last;
    std::erase_if(merged.rows, [&](std::int64_t row) { return row > merged.last; });
    Walk walk{std::move(merged)};
    write_start(walk);
    MergedRows rows(walk.list, walk.driver.values, walk.driver.rows);
    PACS_TRY(const auto first, rows.next(reader_));
    if (first) {
      all.after = *first - 1;
      PACS_TRY(const bool near, matches_are_near(all));
      if (near) return std::vector{std::move(all)};
    }
    return std::vector{std::move(walk.driver)};
  }

  /// Drivers that give the rows in the order of an attribute: along its index when the keys lead
  /// there, or to many rows, among which the next ones that match are near; else the rows, sorted.
  Result<std::vector<Driver>> in_order(std::vector<Driver> drivers, const AnswerOrder& order) {
    constexpr std::int64_t kNear = 50;  // at most so many rows from one match to the next
    Driver along = rows_in_order(*order.by);
    if (along.level > level()) {
      return fail(Error{ErrorKind::InvalidArgument, "answers of this level have no such order"}.on(
          *order.by));
    }
    along.descending = order.descending;
    if (drivers.size() == 1 && drivers.front().order == along.order) {
      along.range = std::move(drivers.front().range);
      return std::vector{std::move(along)};
    }
    if (drivers.front().kind == Driver::Kind::All) return std::vector{std::move(along)};
    PACS_TRY(const Driver all, all_rows(level(), reader_));
    const auto many = static_cast<std::size_t>(std::max(kFewRows, all.last / kNear));
    PACS_TRY(auto rows, rows_led_to(drivers, level(), many, reader_, plan_.query.stop));
    if (!rows) return std::vector{std::move(along)};
    Driver driver{Driver::Kind::Rows, level()};
    PACS_TRY(driver.rows, sorted_rows(*rows, along));
    return std::vector{std::move(driver)};
  }

  Result<std::vector<std::int64_t>> sorted_rows(std::span<const std::int64_t> rows,
                                                const Driver& along) {
    const Joined joined = join_up(level(), along.level);
    SqlText sql(fmt::format("SELECT {}, {} FROM {} WHERE {} = ", table_of(along.level).id,
                            fmt::join(along.order, ", "), joined.from, table_of(level()).id));
    sql.add_open();
    sql += joined.conditions;
    PACS_TRY(const auto statement, reader_.statement(sql.numbered()));
    // Values and row along the index, as a walk has them; below one such row as they arrived.
    std::vector<std::pair<std::pair<std::vector<std::string>, std::int64_t>, std::int64_t>> keyed;
    for (const std::int64_t number : rows) {
      if (plan_.query.stop.stop_requested()) break;
      PACS_TRY(each_row(*bound(*statement, number), [&](SqlStatement& row) {
        auto& [place, id] = keyed.emplace_back();
        id = number;
        place.second = row.integer(0);
        for (int i = 1; i <= static_cast<int>(along.order.size()); ++i) {
          place.first.emplace_back(row.text(i));
        }
      }));
    }
    std::ranges::sort(keyed, [&](const auto& a, const auto& b) {
      if (a.first == b.first) return a.second < b.second;
      return along.descending ? b.first < a.first : a.first < b.first;
    });
    std::vector<std::int64_t> sorted;
    sorted.reserve(keyed.size());
    for (const auto& one : keyed) sorted.push_back(one.second);
    return sorted;
  }

  /// Looks at the first rows.
  Result<bool> matches_are_near(const Driver& all) {
    constexpr std::int64_t kLookedAt = 1000, kWanted = 20;
    const LevelTable& table = table_of(level());
    const Joined joined = join_up(level(), highest_condition(level()));
    SqlText from(fmt::format("{} WHERE true{}", joined.from, joined.conditions));
    from += conditions_of(QueryLevel::Patient, level());
    from += fmt::format(" AND {} > ", table.id);
    from.add(all.after);
    from += fmt::format(" AND {} <= ", table.id);
    from.add(all.after + kLookedAt);
    PACS_TRY(const auto matches, count_rows(reader_, from, kWanted));
    return matches >= kWanted;
  }

  /// Where every row matches, those to be skipped need not be read.
  Result<> skip_ahead(Driver& all) {
    if (!plan_.everything || plan_.query.skip == 0) return {};
    const LevelTable& table = table_of(level());
    const auto before = static_cast<std::int64_t>(
        std::min<std::uint64_t>(plan_.query.skip, std::numeric_limits<std::int64_t>::max()));
    // The last row to be skipped, from the nearer end.
    const auto counter = counter_of(level());
    PACS_TRY(const auto count,
             reader_.statement(fmt::format("SELECT {} FROM archive_state", counter)));
    PACS_TRY(count->step());
    const bool from_end = before > count->integer(0) / 2;
    const std::string offset =
        from_end ? fmt::format("max(0, (SELECT {} FROM archive_state) - $1)", counter) : "$1 - 1";
    PACS_TRY(const auto row,
             reader_.statement(fmt::format("SELECT {0} FROM {1} ORDER BY {0}{2} LIMIT 1 OFFSET {3}",
                                           table.id, table.table, from_end ? " DESC" : "", offset),
                               before));
    PACS_TRY(const bool there, row->step());
    all.after = there ? row->integer(0) : all.last;
    plan_.query.skip = 0;
    return {};
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
        if (driver.merged) {
          SqlText list(fmt::format("SELECT {0} FROM {1} WHERE {0} <= ", table.id, table.table));
          list.add(driver.last);
          list += fmt::format(" AND {} = ", driver.column);
          list.add_open();
          list += fmt::format(" AND {} > ", table.id);
          list.add_open();
          list += fmt::format(" ORDER BY {} LIMIT ", table.id);
          walk.list = SqlQuery(list.add_open());
          start += fmt::format(" AND {} = ", table.id);
          walk.start = SqlQuery(start.add_open());
          return;
        }
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
    const std::string_view down = driver.descending ? " DESC" : "";
    const std::string id_order = fmt::format("{}{}", table.id, down);
    const std::string order = fmt::format(
        "{1}{0}, {2}", down, fmt::join(driver.order, fmt::format("{}, ", down)), id_order);
    const auto begin_of_span = [&](SqlText& sql) {
      sql += fmt::format(" AND {} >= ", driver.column);
      sql.add(driver.range.first);
    };
    const auto end_of_span = [&](SqlText& sql) {
      if (!driver.range.last) return;
      sql += fmt::format(" AND {} < ", driver.column);
      sql.add(*driver.range.last);
    };
    end_of_span(start);
    begin_of_span(start);
    walk.start = finish(std::move(start), order);

    SqlText equal = head;
    for (const std::string& column : driver.order) {
      equal += fmt::format(" AND {} = ", column);
      equal.add_open();
    }
    const std::string_view behind = driver.descending ? "<" : ">";
    equal += fmt::format(" AND {} {} ", table.id, behind);
    walk.equal = finish(equal.add_open(), id_order);

    SqlText beyond = head;
    driver.descending ? begin_of_span(beyond) : end_of_span(beyond);
    beyond += fmt::format(" AND ({}) {} (", fmt::join(driver.order, ", "), behind);
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
