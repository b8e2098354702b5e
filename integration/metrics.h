// Metrics: counters, gauges and latency histograms for Prometheus. A thin seam over prometheus-cpp
// so that its headers stay in one file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pacs::integration {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual void add(double delta) = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

/// The upper bounds of the buckets of every latency, in seconds.
[[nodiscard]] const std::vector<double>& latency_bounds_seconds();

/// Owns all series; references stay valid for its lifetime. Thread-safe. Look a series up once and
/// keep the reference: a lookup takes a lock. Names follow Prometheus (pacs_<what>_<unit>[_total]);
/// a wrong one is our own bug and ends the process. Label values come from small closed sets, never
/// unchecked from outside: each new value is one more series until the process ends.
class Metrics {
 public:
  static std::unique_ptr<Metrics> create();
  virtual ~Metrics() = default;
  virtual Counter& counter(std::string_view name, std::string_view help,
                           const Labels& labels = {}) = 0;
  virtual Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {}) = 0;
  /// Seconds, buckets from 100 microseconds to 30 s.
  virtual Histogram& latency(std::string_view name, std::string_view help,
                             const Labels& labels = {}) = 0;
  /// A gauge whose value is asked for at scrape time, on the scraping thread. What `read` refers to
  /// must live as long as anybody scrapes. The same name and labels again replace `read`.
  virtual void observe_gauge(std::string_view name, std::string_view help,
                             std::function<double()> read, const Labels& labels = {}) = 0;
  /// The same for a number that only grows.
  virtual void observe_counter(std::string_view name, std::string_view help,
                               std::function<double()> read, const Labels& labels = {}) = 0;
  /// What all series of this name that have these labels, and maybe others, say together now; NaN
  /// when there are none.
  [[nodiscard]] virtual double total(std::string_view name, const Labels& labels = {}) = 0;
  /// How much they have observed, for each bucket of latency_bounds_seconds() and for what is above
  /// all of them; of a latency.
  [[nodiscard]] virtual std::vector<double> latency_counts(std::string_view name,
                                                           const Labels& labels = {}) = 0;
  /// The text exposition format.
  [[nodiscard]] virtual std::string exposition() = 0;
};

}  // namespace pacs::integration
