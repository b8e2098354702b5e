#include "integration/history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "integration/metrics.h"

namespace pacs::integration {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kPercentile = 0.95;
constexpr std::string_view kFirstLine = "pacs-history 1";

/// Where so much of the counts is passed, in seconds; as if they were even within a bucket.
double percentile_seconds(const std::vector<double>& counts, double total) {
  const std::vector<double>& bounds = latency_bounds_seconds();
  double passed = 0;
  for (std::size_t i = 0; i < bounds.size() && i < counts.size(); ++i) {
    const double wanted = kPercentile * total - passed;
    if (counts[i] > 0 && wanted <= counts[i]) {
      const double from = i == 0 ? 0 : bounds[i - 1];
      return from + (bounds[i] - from) * wanted / counts[i];
    }
    passed += counts[i];
  }
  return bounds.back();
}

std::string text_of(double value) {
  return std::isfinite(value) ? fmt::format("{:.9g}", value) : "-";
}

bool read_value(std::istream& in, double& value) {
  std::string word;
  if (!(in >> word)) return false;
  if (word == "-") {
    value = kUnknown;
    return true;
  }
  std::istringstream number(word);
  return static_cast<bool>(number >> value) && number.eof() && std::isfinite(value);
}

}  // namespace

History::History(std::vector<HistorySource> sources)
    : sources_(std::move(sources)), last_(sources_.size()), rings_(empty_rings()) {}

std::vector<History::Ring> History::empty_rings() const {
  std::vector<Ring> rings{{.step_seconds = kHistorySampleSeconds, .steps = 360},
                          {.step_seconds = 300, .steps = 288},
                          {.step_seconds = 7200, .steps = 360}};
  for (Ring& ring : rings) {
    ring.sums.resize(sources_.size());
    ring.values.assign(sources_.size(), std::deque<double>(ring.steps, kUnknown));
  }
  return rings;
}

/// By source; empty for what is not known.
std::vector<std::vector<double>> History::read_changes() {
  std::vector<std::vector<double>> changes;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    std::vector<double> now = sources_[i].read();
    if (!std::ranges::all_of(now, [](double value) { return std::isfinite(value); })) now.clear();
    std::vector<double>& change = changes.emplace_back(now);
    if (sources_[i].kind == HistorySource::Kind::Level || now.empty()) continue;
    for (std::size_t k = 0; k < std::min(now.size(), last_[i].size()); ++k) {
      change[k] = std::max(0.0, now[k] - last_[i][k]);
    }
    last_[i] = std::move(now);
  }
  return changes;
}

void History::sample(std::int64_t now_ms) {
  const std::vector<std::vector<double>> changes = read_changes();
  const std::int64_t middle_seconds = now_ms / 1000 - kHistorySampleSeconds / 2;
  const std::lock_guard lock(mutex_);
  for (Ring& ring : rings_) {
    close_steps(ring, middle_seconds / ring.step_seconds);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (changes[i].empty()) continue;
      Sum& sum = ring.sums[i];
      sum.sums.resize(std::max(sum.sums.size(), changes[i].size()));
      for (std::size_t k = 0; k < changes[i].size(); ++k) sum.sums[k] += changes[i][k];
      ++sum.samples;
    }
  }
}

/// Until this step is the open one. After a clock that was set back, or a gap as long as the ring,
/// it begins anew.
void History::close_steps(Ring& ring, std::int64_t until) const {
  const auto steps = static_cast<std::int64_t>(ring.steps);
  if (ring.open == 0 || until < ring.open || until > ring.open + steps) {
    ring.sums.assign(sources_.size(), {});
    for (auto& values : ring.values) values.assign(ring.steps, kUnknown);
    ring.open = until;
  }
  for (; ring.open < until; ++ring.open) {
    for (std::size_t i = 0; i < ring.values.size(); ++i) {
      ring.values[i].pop_front();
      ring.values[i].push_back(value_of(i, ring.sums[i]));
      ring.sums[i] = {};  // of a step that nobody saw
    }
  }
}

double History::value_of(std::size_t source, const Sum& sum) const {
  if (sum.samples == 0 || sum.sums.empty()) return kUnknown;
  switch (sources_[source].kind) {
    case HistorySource::Kind::Total:
      return sum.sums.front();
    case HistorySource::Kind::Level:
      return sum.sums.front() / sum.samples;
    case HistorySource::Kind::Latency:
      break;
  }
  double total = 0;
  for (const double count : sum.sums) total += count;
  return total == 0 ? kUnknown : 1000 * percentile_seconds(sum.sums, total);
}

HistoryPage History::page(HistorySpan span) const {
  const std::lock_guard lock(mutex_);
  const Ring& ring = rings_[static_cast<std::size_t>(span)];
  HistoryPage page{ring.step_seconds, ring.open * ring.step_seconds * 1000, {}};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    page.series.push_back({sources_[i].name, {ring.values[i].begin(), ring.values[i].end()}});
  }
  return page;
}

// A line for each ring, then two for each of its series: the open step, the steps.
std::string History::to_text() const {
  const std::lock_guard lock(mutex_);
  std::string text(kFirstLine);
  for (const Ring& ring : rings_) {
    text += fmt::format("\nring {} {} {}", ring.step_seconds, ring.steps, ring.open);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Sum& sum = ring.sums[i];
      text += fmt::format("\n{} {} {}", sources_[i].name, sum.samples, sum.sums.size());
      for (const double value : sum.sums) text += " " + text_of(value);
      text += "\n";
      for (const double value : ring.values[i]) text += text_of(value) + " ";
    }
  }
  return text + "\nend\n";
}

bool History::read_text(const std::string& text) {
  constexpr std::size_t kSumsMax = 100;  // buckets of a histogram
  if (!text.starts_with(kFirstLine)) return false;
  std::istringstream in(text.substr(kFirstLine.size()));
  std::vector<Ring> rings = empty_rings();
  std::string word;
  for (Ring& ring : rings) {
    std::int64_t step_seconds = 0;
    std::size_t steps = 0;
    in >> word >> step_seconds >> steps >> ring.open;
    if (!in || word != "ring" || step_seconds != ring.step_seconds || steps != ring.steps) {
      return false;
    }
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      std::size_t sums = 0;
      in >> word >> ring.sums[i].samples >> sums;
      if (!in || word != sources_[i].name || sums > kSumsMax) return false;
      ring.sums[i].sums.resize(sums);
      for (double& value : ring.sums[i].sums) {
        if (!read_value(in, value) || !std::isfinite(value)) return false;
      }
      for (double& value : ring.values[i]) {
        if (!read_value(in, value)) return false;
      }
    }
  }
  if (!(in >> word) || word != "end") return false;
  const std::lock_guard lock(mutex_);
  rings_ = std::move(rings);
  return true;
}

}  // namespace pacs::integration
