#include "integration/history.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/clock.h"
#include "integration/metrics.h"

namespace pacs::integration {
namespace {

namespace fs = std::filesystem;

/// A moment at a multiple of all steps, in ms.
constexpr std::int64_t kBegin = 1'800'000'000'000 / 7'200'000 * 7'200'000;

class HistoryTest : public testing::Test {
 protected:
  static std::vector<HistorySource> sources(HistoryTest& test) {
    using Kind = HistorySource::Kind;
    return {{"stored", Kind::Total, [&test] { return std::vector{test.stored}; }},
            {"memory", Kind::Level, [&test] { return std::vector{test.memory}; }},
            {"answer_ms", Kind::Latency, [&test] { return test.counts; }}};
  }
  /// Samples when so many seconds have passed.
  void at(std::int64_t seconds) { history.sample(kBegin + 1000 * seconds + 3); }
  [[nodiscard]] std::vector<double> values(HistorySpan span, std::string_view name) const {
    const HistoryPage page = history.page(span);
    for (const auto& series : page.series) {
      if (series.name == name) return series.values;
    }
    return {};
  }
  /// Of the last `count` steps of an hour.
  [[nodiscard]] std::vector<double> last(std::string_view name, std::size_t count,
                                         HistorySpan span = HistorySpan::Hour) const {
    const std::vector<double> all = values(span, name);
    return {all.end() - static_cast<std::ptrdiff_t>(count), all.end()};
  }

  double stored = 0, memory = 100;
  std::vector<double> counts = std::vector<double>(latency_bounds_seconds().size() + 1);
  History history{sources(*this)};
};

TEST_F(HistoryTest, AStepHasWhatATotalGrewByAndTheMeanOfALevel) {
  stored = 1000;
  at(10);
  stored = 1500;
  memory = 300;
  at(20);
  at(30);
  EXPECT_EQ(last("stored", 2), (std::vector<double>{1000, 500}));
  EXPECT_EQ(last("memory", 2), (std::vector<double>{100, 300}));
  const HistoryPage page = history.page(HistorySpan::Hour);
  EXPECT_EQ(page.step_seconds, 10);
  EXPECT_EQ(page.until_ms, kBegin + 20'000);
  EXPECT_EQ(page.series.front().values.size(), 360U);
  EXPECT_TRUE(std::isnan(page.series.front().values.front()));
}

TEST_F(HistoryTest, ALatencyIsTheNinetyFifthPercentileOfWhatTheStepAddedInMilliseconds) {
  counts[4] = 1000;  // before: does not count for the second step
  at(10);
  counts[3] += 90;  // to 1 ms
  counts[6] += 10;  // 5 to 10 ms: 95 of 100 is in their middle
  at(20);
  at(30);
  EXPECT_NEAR(last("answer_ms", 1).front(), 7.5, 0.001);
  at(40);
  EXPECT_TRUE(std::isnan(last("answer_ms", 1).front())) << "nothing was answered";
}

TEST_F(HistoryTest, WhatIsAboveEveryBucketIsItsUpperBound) {
  counts.back() = 5;
  at(10);
  at(20);
  EXPECT_EQ(last("answer_ms", 1).front(), 30'000);
}

TEST_F(HistoryTest, LongerStepsAddUpShorterOnes) {
  for (int i = 1; i <= 61; ++i) {
    stored += 2;
    memory = i <= 30 ? 100 : 200;
    at(10 * i);
  }
  EXPECT_EQ(last("stored", 2, HistorySpan::Day), (std::vector<double>{60, 60}));
  EXPECT_EQ(last("memory", 2, HistorySpan::Day), (std::vector<double>{100, 200}));
  EXPECT_EQ(history.page(HistorySpan::Day).step_seconds, 300);
  EXPECT_TRUE(std::isnan(last("stored", 1, HistorySpan::Month).front())) << "not over yet";
}

TEST_F(HistoryTest, TimeThatNobodySawIsNotKnown) {
  stored = 5;
  at(10);
  at(20);
  stored = 6;
  at(50);
  at(60);
  const std::vector<double> steps = last("stored", 5);
  EXPECT_EQ(steps[0], 5);
  EXPECT_EQ(steps[1], 0);
  EXPECT_TRUE(std::isnan(steps[2]) && std::isnan(steps[3]));
  EXPECT_EQ(steps[4], 1);
  at(1'000'000);  // longer than the ring
  for (const double value : values(HistorySpan::Hour, "stored")) EXPECT_TRUE(std::isnan(value));
}

TEST_F(HistoryTest, ANumberThatIsNotKnownLeavesAGap) {
  memory = std::nan("");
  at(10);
  memory = 7;
  at(20);
  at(30);
  EXPECT_TRUE(std::isnan(last("memory", 2).front()));
  EXPECT_EQ(last("memory", 1).front(), 7);
}

TEST_F(HistoryTest, AClockThatIsSetBackBeginsAnew) {
  at(1000);
  at(1010);
  at(10);
  stored = 4;
  at(20);
  at(30);
  EXPECT_EQ(last("stored", 1).front(), 4);
  EXPECT_EQ(history.page(HistorySpan::Hour).until_ms, kBegin + 20'000);
}

TEST_F(HistoryTest, TextReadsBackToTheSameWithTheOpenStep) {
  stored = 12'345'678'901;
  counts[3] = 3;
  for (int i = 1; i <= 40; ++i) {
    ++stored;
    at(10 * i);
  }
  History again{sources(*this)};
  ASSERT_TRUE(again.read_text(history.to_text()));
  EXPECT_EQ(again.to_text(), history.to_text());
  // The open step of five minutes goes on: a total of a new process begins at 0.
  stored = 100;
  for (int i = 41; i <= 61; ++i) again.sample(kBegin + 10'000 * i + 3);
  const auto day = again.page(HistorySpan::Day).series.front().values;
  EXPECT_EQ(day.back(), 10 + 100);
}

TEST_F(HistoryTest, ADamagedTextIsNoHistory) {
  stored = 5;
  at(10);
  at(20);
  const std::string text = history.to_text();
  History other{sources(*this)};
  for (std::size_t length = 0; length + 1 < text.size(); length += 97) {
    EXPECT_FALSE(other.read_text(text.substr(0, length))) << length;
  }
  for (const auto& [from, to] : {std::pair{"ring 300", "ring 301"},
                                 {"stored", "kept"},
                                 {"\nend", "\nfin"},
                                 {" - ", " x "},
                                 {"ring 10 360", "ring 10 99999999999999999999"}}) {
    std::string changed = text;
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    EXPECT_FALSE(other.read_text(changed)) << to;
  }
  const HistoryPage page = other.page(HistorySpan::Hour);
  for (const double value : page.series.front().values) EXPECT_TRUE(std::isnan(value));
}

TEST_F(HistoryTest, AKeeperKeepsItInAFileAndLivesWithADamagedOne) {
  const fs::path folder = fs::temp_directory_path() / ("history-" + std::to_string(now_ms()));
  fs::create_directories(folder);
  const fs::path file = folder / "history";
  stored = 5;
  at(10);
  at(20);
  { const HistoryKeeper keeper(history, file, {}); }
  {
    History again{sources(*this)};
    const HistoryKeeper keeper(again, file, {});
    EXPECT_EQ(again.page(HistorySpan::Hour).series.front().values.back(), 5);
  }
  std::ofstream(file) << "pacs-history 1\nring 10 rubbish";
  {
    History anew{sources(*this)};
    const HistoryKeeper keeper(anew, file, {});
    EXPECT_TRUE(std::isnan(anew.page(HistorySpan::Hour).series.front().values.back()));
  }
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_TRUE(text.str().ends_with("end\n")) << "the damaged one is overwritten";
  fs::remove_all(folder);
}

TEST(Metrics, ATotalIsThatOfAllSeriesWithTheseLabels) {
  const auto metrics = Metrics::create();
  EXPECT_TRUE(std::isnan(metrics->total("pacs_x_total")));
  metrics->counter("pacs_x_total", "X.", {{"a", "1"}, {"b", "2"}}).add(3);
  metrics->counter("pacs_x_total", "X.", {{"a", "2"}, {"b", "2"}}).add(4);
  metrics->counter("pacs_xx_total", "X.").add(100);
  metrics->observe_gauge("pacs_y", "Y.", [] { return 5.0; }, {{"a", "1"}});
  EXPECT_EQ(metrics->total("pacs_x_total"), 7);
  EXPECT_EQ(metrics->total("pacs_x_total", {{"a", "2"}}), 4);
  EXPECT_TRUE(std::isnan(metrics->total("pacs_x_total", {{"c", "2"}})));
  EXPECT_EQ(metrics->total("pacs_y"), 5);
}

TEST(Metrics, LatencyCountsAreThoseOfEachBucket) {
  const auto metrics = Metrics::create();
  metrics->latency("pacs_z_seconds", "Z.", {{"a", "1"}}).observe(0.00005);
  metrics->latency("pacs_z_seconds", "Z.", {{"a", "2"}}).observe(0.00005);
  metrics->latency("pacs_z_seconds", "Z.", {{"a", "2"}}).observe(31);
  const std::vector<double> counts = metrics->latency_counts("pacs_z_seconds");
  ASSERT_EQ(counts.size(), latency_bounds_seconds().size() + 1);
  EXPECT_EQ(counts.front(), 2);
  EXPECT_EQ(counts.back(), 1);
  EXPECT_EQ(metrics->latency_counts("pacs_z_seconds", {{"a", "1"}}).back(), 0);
}

}  // namespace
}  // namespace pacs::integration
