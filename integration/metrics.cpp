// Metrics over prometheus-cpp: the only file that sees its headers.
#include "integration/metrics.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace pacs::integration {
namespace {

/// 100 microseconds to 30 s in steps of about 1-2.5-5: a flush costs 0.2 ms, a large object
/// seconds.
const prometheus::Histogram::BucketBoundaries kLatencyBucketsSeconds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0};

struct CounterSeries final : Counter {
  explicit CounterSeries(prometheus::Counter& s) : series(s) {}
  void add(double amount) override { series.Increment(amount); }
  prometheus::Counter& series;
};
struct GaugeSeries final : Gauge {
  explicit GaugeSeries(prometheus::Gauge& s) : series(s) {}
  void set(double value) override { series.Set(value); }
  void add(double delta) override { series.Increment(delta); }
  prometheus::Gauge& series;
};
struct HistogramSeries final : Histogram {
  explicit HistogramSeries(prometheus::Histogram& s) : series(s) {}
  void observe(double value) override { series.Observe(value); }
  prometheus::Histogram& series;
};

using SeriesKey = std::pair<std::string, std::map<std::string, std::string>>;

bool has(const SeriesKey& key, std::string_view name, const Labels& labels) {
  return key.first == name && std::ranges::all_of(labels, [&](const auto& label) {
           const auto found = key.second.find(label.first);
           return found != key.second.end() && found->second == label.second;
         });
}

prometheus::Labels to_labels(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

/// A value that is asked for at scrape time.
struct Observed {
  std::string help;
  prometheus::MetricType type = prometheus::MetricType::Gauge;
  std::map<prometheus::Labels, std::function<double()>> reads;
};

class PrometheusMetrics final : public Metrics {
 public:
  // A bad name or one name with two types makes prometheus-cpp throw. Names are literals of ours,
  // so that is our own bug: noexcept ends the process.
  Counter& counter(std::string_view name, std::string_view help,
                   const Labels& labels) noexcept override {
    return series<CounterSeries>(
        counters_, name, labels, [&](const prometheus::Labels& l) -> auto& {
          return prometheus::BuildCounter()
              .Name(std::string(name))
              .Help(std::string(help))
              .Register(registry_)
              .Add(l);
        });
  }
  Gauge& gauge(std::string_view name, std::string_view help,
               const Labels& labels) noexcept override {
    return series<GaugeSeries>(
        gauges_, name, labels, [&](const prometheus::Labels& l) -> auto& {
          return prometheus::BuildGauge()
              .Name(std::string(name))
              .Help(std::string(help))
              .Register(registry_)
              .Add(l);
        });
  }
  Histogram& latency(std::string_view name, std::string_view help,
                     const Labels& labels) noexcept override {
    return series<HistogramSeries>(
        histograms_, name, labels, [&](const prometheus::Labels& l) -> auto& {
          return prometheus::BuildHistogram()
              .Name(std::string(name))
              .Help(std::string(help))
              .Register(registry_)
              .Add(l, kLatencyBucketsSeconds);
        });
  }

  void observe_gauge(std::string_view name, std::string_view help, std::function<double()> read,
                     const Labels& labels) override {
    observe(prometheus::MetricType::Gauge, name, help, std::move(read), labels);
  }
  void observe_counter(std::string_view name, std::string_view help, std::function<double()> read,
                       const Labels& labels) override {
    observe(prometheus::MetricType::Counter, name, help, std::move(read), labels);
  }

  double total(std::string_view name, const Labels& labels) override {
    std::vector<std::function<double()>> reads;
    {
      const std::lock_guard lock(mutex_);
      const auto add = [&](auto& all) {
        for (auto& [key, one] : all) {
          if (has(key, name, labels)) reads.emplace_back([&s = one.series] { return s.Value(); });
        }
      };
      add(counters_);
      add(gauges_);
      if (const auto found = observed_.find(std::string(name)); found != observed_.end()) {
        for (const auto& [key, read] : found->second.reads) {
          if (has({std::string(name), key}, name, labels)) reads.push_back(read);
        }
      }
    }
    if (reads.empty()) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (const auto& read : reads) sum += read();  // may take its time: not under the lock
    return sum;
  }
  std::vector<double> latency_counts(std::string_view name, const Labels& labels) override {
    std::vector<double> counts(kLatencyBucketsSeconds.size() + 1);
    const std::lock_guard lock(mutex_);
    for (const auto& [key, one] : histograms_) {
      if (!has(key, name, labels)) continue;
      const auto buckets = one.series.Collect().histogram.bucket;  // each with those below it
      double below = 0;
      for (std::size_t i = 0; i < std::min(buckets.size(), counts.size()); ++i) {
        const auto with_those_below = static_cast<double>(buckets[i].cumulative_count);
        counts[i] += with_those_below - below;
        below = with_those_below;
      }
    }
    return counts;
  }

  std::string exposition() override {
    auto families = registry_.Collect();
    std::map<std::string, Observed> observed;
    {
      const std::lock_guard lock(mutex_);
      observed = observed_;  // reads may take their time: not under the lock
    }
    for (const auto& [name, metric] : observed) {
      prometheus::MetricFamily family{name, metric.help, metric.type, {}};
      for (const auto& [labels, read] : metric.reads) {
        prometheus::ClientMetric sample;
        for (const auto& [key, value] : labels) sample.label.push_back({key, value});
        (metric.type == prometheus::MetricType::Gauge ? sample.gauge.value : sample.counter.value) =
            read();
        family.metric.push_back(std::move(sample));
      }
      families.push_back(std::move(family));
    }
    std::ostringstream text;
    prometheus::TextSerializer{}.Serialize(text, families);
    return std::move(text).str();
  }

 private:
  template <typename Series, typename Make>
  Series& series(std::map<SeriesKey, Series>& all, std::string_view name, const Labels& labels,
                 Make make) {
    const auto native = to_labels(labels);
    SeriesKey key{std::string(name), native};
    const std::lock_guard lock(mutex_);
    if (const auto found = all.find(key); found != all.end()) return found->second;
    return all.emplace(std::move(key), Series(make(native))).first->second;
  }

  void observe(prometheus::MetricType type, std::string_view name, std::string_view help,
               std::function<double()> read, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    auto& metric = observed_[std::string(name)];
    metric.help = help;
    metric.type = type;
    metric.reads[to_labels(labels)] = std::move(read);
  }

  prometheus::Registry registry_;
  std::mutex mutex_;
  std::map<SeriesKey, CounterSeries> counters_;  // node-based: references stay valid
  std::map<SeriesKey, GaugeSeries> gauges_;
  std::map<SeriesKey, HistogramSeries> histograms_;
  std::map<std::string, Observed> observed_;
};

}  // namespace

const std::vector<double>& latency_bounds_seconds() {
  return kLatencyBucketsSeconds;
}

std::unique_ptr<Metrics> Metrics::create() {
  return std::make_unique<PrometheusMetrics>();
}

}  // namespace pacs::integration
