#include "storage/query/query_walk.h"

#include <algorithm>
#include <utility>

namespace pacs::storage {

QueryWalk::QueryWalk(const Walk& walk)
    : walk_(walk),
      steps_(1 + walk.children.size()),
      merged_(walk.list, walk.driver.values, walk.driver.rows) {
  steps_.front().after = walk.driver.after;
}

int QueryWalk::first_column() const {
  return steps_.size() > 1 ? 1 : 1 + static_cast<int>(walk_.driver.order.size());
}

Result<std::optional<QueryWalk::Run>> QueryWalk::next(SqlReader& reader) {
  return run_of(steps_.size() - 1, reader);
}

Result<std::optional<QueryWalk::Run>> QueryWalk::run_of(std::size_t depth, SqlReader& reader) {
  if (depth == 0) return run_of_driver(reader);
  Step& step = steps_[depth];
  if (!step.parent) {
    PACS_TRY(const auto parent, next_parent(depth - 1, reader));
    if (!parent) return std::nullopt;
    step.parent = parent;
    step.after = 0;
  }
  return Run{&walk_.children[depth - 1], {*step.parent, step.after}};
}

Result<std::optional<QueryWalk::Run>> QueryWalk::run_of_driver(SqlReader& reader) {
  const Driver& driver = walk_.driver;
  Step& step = steps_.front();
  if (phase_ == Phase::End) return std::nullopt;
  switch (driver.kind) {
    case Driver::Kind::All:
      if (step.after >= driver.last) return std::nullopt;
      if (step.after >= window_) {
        window_ = std::min(step.after + kRowsOfWindow, driver.last);
      }
      return Run{&walk_.start, {step.after, window_}};
    case Driver::Kind::Names:
      return Run{&walk_.start, {step.after}};
    case Driver::Kind::Values:
      if (driver.merged) {
        PACS_TRY(const auto row, merged_.next(reader));
        if (!row) return std::nullopt;
        return Run{&walk_.start, {*row}};
      }
      if (place_ == driver.values.size()) return std::nullopt;
      return Run{&walk_.start, {driver.values[place_], step.after}};
    case Driver::Kind::Rows:
      if (place_ == driver.rows.size()) return std::nullopt;
      return Run{&walk_.start, {driver.rows[place_++]}};
    case Driver::Kind::Span:
      break;
  }
  // Left after a row: on with those that equal it.
  if (std::exchange(left_, false)) phase_ = Phase::Equal;
  if (phase_ == Phase::Start) return Run{&walk_.start, {}};
  Run run{phase_ == Phase::Equal ? &walk_.equal : &walk_.beyond, {}};
  for (const std::string& value : last_values_) run.parameters.emplace_back(value);
  if (phase_ == Phase::Equal) run.parameters.emplace_back(step.after);
  return run;
}

Result<std::optional<std::int64_t>> QueryWalk::next_parent(std::size_t depth, SqlReader& reader) {
  Step& step = steps_[depth];
  while (step.next == step.ahead.size()) {
    PACS_TRY(const auto more, fetch_ahead(depth, reader));
    if (!more) return std::nullopt;
  }
  return step.ahead[step.next++];
}

/// False at the end.
Result<bool> QueryWalk::fetch_ahead(std::size_t depth, SqlReader& reader) {
  Step& step = steps_[depth];
  step.ahead.clear();
  step.next = 0;
  PACS_TRY(const auto run, run_of(depth, reader));
  if (!run) return false;
  PACS_TRY(const auto statement, reader.statement(*run->query, run->parameters));
  while (step.ahead.size() < kParentsAhead) {
    PACS_TRY(const auto row, statement->step());
    if (!row) {
      ended(depth);
      return true;
    }
    took(depth, *statement);
    step.ahead.push_back(step.after);
  }
  return true;
}

void QueryWalk::took(std::size_t depth, SqlStatement& row) {
  steps_[depth].after = row.integer(0);
  if (depth != 0) return;
  const std::size_t columns = walk_.driver.order.size();
  last_values_.resize(columns);
  for (std::size_t i = 0; i < columns; ++i) last_values_[i] = row.text(static_cast<int>(i) + 1);
  left_ = columns != 0;
}

void QueryWalk::ended(std::size_t depth) {
  Step& step = steps_[depth];
  if (depth != 0) {
    step.parent.reset();
    return;
  }
  left_ = false;
  switch (walk_.driver.kind) {
    case Driver::Kind::Values:
      if (walk_.driver.merged) return;
      ++place_;
      step.after = 0;
      return;
    case Driver::Kind::Rows:
      return;
    case Driver::Kind::Span:
      phase_ = phase_ == Phase::Equal ? Phase::Beyond : Phase::End;
      return;
    case Driver::Kind::All:
      step.after = window_;
      return;
    case Driver::Kind::Names:
      phase_ = Phase::End;
      return;
  }
}

}  // namespace pacs::storage
