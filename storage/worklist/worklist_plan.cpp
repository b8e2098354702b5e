#include "storage/worklist/worklist_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/dicom_tags.h"
#include "core/sort_unique.h"
#include "storage/query/query_match.h"
#include "storage/query/ways.h"
#include "storage/worklist/worklist_columns.h"

namespace pacs::storage {
namespace {

constexpr Tag kStep = tags::ScheduledProcedureStepSequence;

/// Exactly as the partial indexes have it, else no database finds them.
constexpr std::string_view kSeveralStations =
    R"(worklist_item.station_ae_titles LIKE '%\\%' ESCAPE '\')";
constexpr std::string_view kSeveralGroups = "worklist_item.patient_name_folded LIKE '%=%'";

/// Attributes that name one step or the few of one order or patient, the best first.
constexpr std::array<std::pair<Tag, Tag>, 5> kIdentifying{{
    {Tag{}, tags::StudyInstanceUID},
    {Tag{}, tags::AccessionNumber},
    {Tag{}, tags::RequestedProcedureID},
    {kStep, tags::ScheduledProcedureStepID},
    {Tag{}, tags::PatientID},
}};

/// A part of the rows, in the order of an index.
struct Way {
  SqlText rows;                    // " AND ..."
  std::vector<std::string> order;  // columns of the index before id
  std::vector<SqlValue> begin;     // the place before the first row
  bool by_status = false;          // `rows` says which status
};

/// The place of a row: "(a, b, id)" and as many parameters.
SqlText behind(const Way& way) {
  SqlText sql(" AND (");
  for (const std::string& column : way.order) sql += column + ", ";
  sql += "worklist_item.id) > (";
  for (std::size_t i = 0; i < way.order.size(); ++i) sql.add_open() += ", ";
  sql.add_open() += ")";
  return sql;
}

class WorklistPlanner {
 public:
  WorklistPlanner(Query query, const WorklistView& view, SqlReader& reader)
      : view_(view), reader_(reader) {
    plan_.match = query;
    plan_.query = std::move(query);
  }

  Result<WorklistPlan> make() {
    demand_own_station();
    place_keys();
    place_statuses();
    PACS_TRY(auto ways, choose());
    for (Way& way : ways) plan_.walks.push_back(walk_of(std::move(way)));
    return std::move(plan_);
  }

 private:
  [[nodiscard]] const QueryKey* step_key() const {
    const auto found = std::ranges::find(plan_.match.keys, kStep, &QueryKey::tag);
    return found == plan_.match.keys.end() ? nullptr : &*found;
  }
  [[nodiscard]] const QueryKey* restricting_key(Tag sequence, Tag tag) const {
    if (sequence != kStep) return storage::restricting_key(plan_.match.keys, tag);
    const QueryKey* step = step_key();
    return step == nullptr ? nullptr : storage::restricting_key(step->items, tag);
  }

  /// One more key of the step's item: the same semantics as if it had been asked for.
  void demand_own_station() {
    if (view_.station_ae.empty()) return;
    auto step = std::ranges::find(plan_.match.keys, kStep, &QueryKey::tag);
    if (step == plan_.match.keys.end()) {
      step = plan_.match.keys.insert(step, QueryKey{.tag = kStep, .vr = VR::SQ});
    }
    QueryKey& own =
        step->items.emplace_back(QueryKey{.tag = tags::ScheduledStationAETitle, .vr = VR::AE});
    own.matching = Matching::Single;
    own.values = {view_.station_ae};
    step->matching = Matching::Sequence;
  }

  void place_keys() {
    for (const QueryKey& key : plan_.match.keys) narrow(Tag{}, key, plan_.match);
    const QueryKey* step = step_key();
    if (step == nullptr) return;
    Query of_item;
    of_item.rules = plan_.match.rules;
    of_item.offset_minutes = plan_.match.offset_minutes;
    of_item.keys = step->items;
    for (const QueryKey& key : step->items) narrow(kStep, key, of_item);
  }
  void narrow(Tag sequence, const QueryKey& key, const Query& beside) {
    const KeyColumn* column = find_worklist_column(sequence, key.tag);
    if (column == nullptr) return;
    if (auto narrowed = condition(key, *column, beside)) {
      conditions_ += " AND ";
      conditions_ += *narrowed;
    }
  }

  void place_statuses() {
    const QueryKey* key = restricting_key(kStep, tags::ScheduledProcedureStepStatus);
    for (const StepStatus status : view_.statuses) {
      const bool asked = key == nullptr || key->matching == Matching::Empty ||
                         std::ranges::any_of(key->values, [&](const std::string& value) {
                           return value_matches(*key, value, to_string(status), plan_.match.rules);
                         });
      const std::string_view name = to_string(status);
      if (asked && std::ranges::count(statuses_, name) == 0) statuses_.emplace_back(name);
    }
  }

  Result<std::vector<Way>> choose() {
    if (statuses_.empty()) return std::vector<Way>{};
    for (const auto& [sequence, tag] : kIdentifying) {
      const QueryKey* key = restricting_key(sequence, tag);
      if (key != nullptr && key->matching == Matching::Single) return with_values(sequence, *key);
    }
    std::vector<std::vector<Way>> choices;
    for (const auto& [sequence, tag] : kIdentifying) {
      if (auto way = with_prefix(sequence, tag)) choices.push_back({std::move(*way)});
    }
    if (auto ways = with_name(); !ways.empty()) choices.push_back(std::move(ways));
    choices.push_back(with_start());
    return cheapest(std::move(choices),
                    [this](const auto& ways, std::int64_t most) { return rows_of(ways, most); });
  }

  static std::vector<Way> with_values(Tag sequence, const QueryKey& key) {
    std::vector<std::string> values = key.values;
    sort_unique(values);
    std::vector<Way> ways;
    for (std::string& value : values) {
      Way way;
      way.rows = SqlText(" AND " + find_worklist_column(sequence, key.tag)->expression + " = ");
      way.rows.add(std::move(value));
      way.begin = {std::int64_t{0}};
      ways.push_back(std::move(way));
    }
    return ways;
  }

  static Way span(const std::string& column, const TextRange& range) {
    Way way;
    if (range.last) {
      way.rows = SqlText(" AND " + column + " < ");
      way.rows.add(*range.last);
    }
    way.order = {column};
    way.begin = {range.first, std::int64_t{0}};
    return way;
  }

  [[nodiscard]] std::optional<Way> with_prefix(Tag sequence, Tag tag) const {
    const auto range = prefix_range(restricting_key(sequence, tag));
    if (!range) return std::nullopt;
    return span(find_worklist_column(sequence, tag)->expression, *range);
  }

  /// Names whose first group begins with what the key begins with, then those of which another
  /// group does.
  [[nodiscard]] std::vector<Way> with_name() const {
    const auto pattern = literal_name(restricting_key(Tag{}, tags::PatientName), plan_.match.rules);
    if (!pattern) return {};
    const std::string prefix(literal_prefix(pattern->groups.front()));
    if (prefix.empty()) return {};
    const std::string& column = find_worklist_column(Tag{}, tags::PatientName)->folded;
    const TextRange range = begins_with(prefix);
    std::vector<Way> ways{span(column, range)};
    if (pattern->groups.size() > 1) return ways;
    Way other = span(column, {""});
    (other.rows += fmt::format(" AND {} AND NOT ", kSeveralGroups)) += within(column, range);
    ways.push_back(std::move(other));
    return ways;
  }

  /// By status and start; where one station is asked for, by that first.
  [[nodiscard]] std::vector<Way> with_start() const {
    const QueryKey* station = restricting_key(kStep, tags::ScheduledStationAETitle);
    const bool one =
        station != nullptr && station->matching == Matching::Single && station->values.size() == 1;
    std::vector<Way> ways;
    for (const std::string& status : statuses_) {
      if (!one) {
        ways.push_back(of_start(SqlText{}, status));
        continue;
      }
      SqlText alone(" AND worklist_item.station_ae_titles = ");
      ways.push_back(of_start(std::move(alone.add(station->values.front())), status));
      ways.push_back(of_start(SqlText(fmt::format(" AND {}", kSeveralStations)), status));
    }
    return ways;
  }
  [[nodiscard]] Way of_start(SqlText rows, const std::string& status) const {
    const QueryKey* date = restricting_key(kStep, tags::ScheduledProcedureStepStartDate);
    std::optional<TextRange> days;
    if (date != nullptr && date->matching != Matching::Empty) days = days_of(*date, plan_.match);
    Way way;
    way.by_status = true;
    way.rows = std::move(rows);
    way.rows += " AND worklist_item.status = ";
    way.rows.add(status);
    if (days && days->last) {
      way.rows += " AND worklist_item.start_date < ";
      way.rows.add(*days->last);
    }
    way.order = {"worklist_item.start_date", "worklist_item.start_time"};
    way.begin = {days ? days->first : std::string{}, std::string{}, std::int64_t{0}};
    return way;
  }

  /// How many rows they have together, `most` at most.
  Result<std::int64_t> rows_of(const std::vector<Way>& ways, std::int64_t most) {
    std::int64_t rows = 0;
    for (const Way& way : ways) {
      SqlText from("worklist_item WHERE true");
      (from += way.rows) += behind(way);
      PACS_TRY(const std::int64_t more, count_rows(reader_, from, most, way.begin));
      rows += more;
      if (rows >= most) return most;
    }
    return rows;
  }

  [[nodiscard]] WorklistWalk walk_of(Way way) const {
    std::string order = fmt::format("{}", fmt::join(way.order, ", "));
    if (!order.empty()) order += ", ";
    const std::string select = order.empty() ? "" : ", " + order.substr(0, order.size() - 2);
    SqlText sql(fmt::format("SELECT {}{} FROM worklist_item WHERE true", kWorklistRow, select));
    sql += conditions_;
    if (!way.by_status) {
      sql += " AND (worklist_item.status || '') IN (";
      for (std::size_t i = 0; i < statuses_.size(); ++i) {
        if (i != 0) sql += ", ";
        sql.add(statuses_[i]);
      }
      sql += ")";
    }
    sql += way.rows;
    sql += behind(way);
    sql += fmt::format(" ORDER BY {}worklist_item.id", order);
    return {SqlQuery(sql), std::move(way.begin)};
  }

  const WorklistView& view_;
  SqlReader& reader_;
  WorklistPlan plan_;
  SqlText conditions_;
  std::vector<std::string> statuses_;
};

}  // namespace

Result<WorklistPlan> plan_worklist(Query query, const WorklistView& view, SqlReader& reader) {
  return WorklistPlanner(std::move(query), view, reader).make();
}

}  // namespace pacs::storage
