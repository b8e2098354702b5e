#include "integration/metrics.h"

#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/process_metrics.h"

namespace pacs::integration {
namespace {

using testing::HasSubstr;

TEST(Metrics, ACounterIsExposedWithHelpTypeAndLabels) {
  const auto metrics = Metrics::create();
  metrics->counter("pacs_operations_total", "DIMSE operations.", {{"operation", "C-STORE"}}).add(3);
  const auto text = metrics->exposition();
  EXPECT_THAT(text, HasSubstr("# HELP pacs_operations_total DIMSE operations.\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE pacs_operations_total counter\n"));
  EXPECT_THAT(text, HasSubstr("pacs_operations_total{operation=\"C-STORE\"} 3\n"));
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameSeriesInAnyOrder) {
  const auto metrics = Metrics::create();
  auto& first = metrics->counter("pacs_x_total", "X.", {{"a", "1"}, {"b", "2"}});
  auto& second = metrics->counter("pacs_x_total", "X.", {{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(&first, &second);
  EXPECT_NE(&first, &metrics->counter("pacs_x_total", "X.", {{"a", "1"}, {"b", "3"}}));
}

TEST(Metrics, ReferencesStayValidWhileSeriesAreAddedFromManyThreads) {
  const auto metrics = Metrics::create();
  auto& kept = metrics->counter("pacs_kept_total", "Kept.");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        kept.add();
        metrics->gauge("pacs_many", "Many.", {{"n", std::to_string(t * 1000 + i)}}).set(i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_kept_total 800\n"));
}

TEST(Metrics, AGaugeGoesUpAndDown) {
  const auto metrics = Metrics::create();
  auto& gauge = metrics->gauge("pacs_associations", "Open associations.");
  gauge.set(5);
  gauge.add(-2);
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_associations 3\n"));
}

TEST(Metrics, ALatencyFallsIntoItsBucketAndAllAbove) {
  const auto metrics = Metrics::create();
  auto& latency = metrics->latency("pacs_operation_seconds", "Time.", {{"operation", "C-ECHO"}});
  latency.observe(0.0003);
  latency.observe(100);
  const auto text = metrics->exposition();
  EXPECT_THAT(text,
              HasSubstr("pacs_operation_seconds_bucket{operation=\"C-ECHO\",le=\"0.0001\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("pacs_operation_seconds_bucket{operation=\"C-ECHO\",le=\"0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pacs_operation_seconds_bucket{operation=\"C-ECHO\",le=\"30\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("pacs_operation_seconds_bucket{operation=\"C-ECHO\",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("pacs_operation_seconds_count{operation=\"C-ECHO\"} 2\n"));
}

TEST(Metrics, ObservedValuesAreAskedForAtEachScrape) {
  const auto metrics = Metrics::create();
  int asked = 0;
  metrics->observe_gauge("pacs_queue_depth", "Depth.", [&] { return ++asked; }, {{"queue", "log"}});
  metrics->observe_counter("pacs_dropped_total", "Dropped.", [] { return 7; });
  EXPECT_EQ(asked, 0);
  const auto text = metrics->exposition();
  EXPECT_THAT(text,
              HasSubstr("# TYPE pacs_queue_depth gauge\npacs_queue_depth{queue=\"log\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE pacs_dropped_total counter\npacs_dropped_total 7\n"));
  EXPECT_THAT(metrics->exposition(), HasSubstr("pacs_queue_depth{queue=\"log\"} 2\n"));
}

TEST(Metrics, LabelValuesAreEscaped) {
  const auto metrics = Metrics::create();
  metrics->gauge("pacs_x", "X.", {{"ae", "a\"b\\c\nd"}}).set(1);
  EXPECT_THAT(metrics->exposition(), HasSubstr(R"(pacs_x{ae="a\"b\\c\nd"} 1)"));
}

TEST(MetricsDeathTest, AWrongNameIsOurOwnBugAndEndsTheProcess) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto metrics = Metrics::create();
  EXPECT_DEATH(metrics->counter("not a name", "x"), "");
}

TEST(ProcessMetrics, TellMemoryProcessorDescriptorsAndThreads) {
  const auto metrics = Metrics::create();
  observe_process(*metrics);
  EXPECT_GT(resident_memory_bytes(), 100'000U);
  const auto text = metrics->exposition();
  for (const char* name : {"process_resident_memory_bytes", "process_cpu_seconds_total",
                           "process_open_fds", "process_threads", "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name));
  }
}

}  // namespace
}  // namespace pacs::integration
