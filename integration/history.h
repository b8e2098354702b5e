// History: numbers of the running server over the last hour, day and month, for plots.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "integration/logging.h"

namespace pacs::integration {

/// Between two looks at the numbers, in seconds.
inline constexpr std::int64_t kHistorySampleSeconds = 10;

/// One series and where its numbers come from.
struct HistorySource {
  enum class Kind : std::uint8_t {
    Total,    ///< grows from 0 on while the process lives: a step has what it grew by
    Level,    ///< goes up and down: a step has the mean
    Latency,  ///< counts for each bucket of Metrics::latency: a step has the 95th percentile in ms
  };
  std::string name;
  Kind kind = Kind::Total;
  std::function<std::vector<double>()> read;  ///< one number or the counts; NaN: not known now
};

/// How far back, and how finely.
enum class HistorySpan : std::uint8_t {
  Hour,   ///< 360 steps of 10 s
  Day,    ///< 288 steps of 5 min
  Month,  ///< 360 steps of 2 h
};

struct HistorySeries {
  std::string_view name;
  std::vector<double> values;  ///< one for each step, the latest last; NaN: not known
};

struct HistoryPage {
  std::int64_t step_seconds = 0;
  std::int64_t until_ms = 0;  ///< the end of the last step, since 1970
  std::vector<HistorySeries> series;
};

/// Thread-safe. Takes some 100 kB, however long it runs.
class History {
 public:
  /// What `read` of the sources refers to lives as long as `sample` is called.
  explicit History(std::vector<HistorySource> sources);

  /// Reads the numbers; to be called once in kHistorySampleSeconds. What they grew by since the
  /// call before counts for the middle of the time between.
  void sample(std::int64_t now_ms);
  [[nodiscard]] HistoryPage page(HistorySpan span) const;

  /// All of it as text, and back. False for what is none, or of other series: then nothing is
  /// known.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] bool read_text(const std::string& text);

 private:
  /// What has come together of one series in a step.
  struct Sum {
    std::vector<double> sums{};
    double samples = 0;
  };
  /// A ring of steps, one of which is open.
  struct Ring {
    std::int64_t step_seconds = 0;
    std::size_t steps = 0;
    std::int64_t open = 0;                     ///< which step, in steps since 1970; 0: none yet
    std::vector<Sum> sums{};                   ///< of the open step, by source
    std::vector<std::deque<double>> values{};  ///< of the others, by source
  };

  [[nodiscard]] std::vector<std::vector<double>> read_changes();
  void close_steps(Ring& ring, std::int64_t until) const;
  [[nodiscard]] std::vector<Ring> empty_rings() const;
  [[nodiscard]] double value_of(std::size_t source, const Sum& sum) const;

  const std::vector<HistorySource> sources_;
  std::vector<std::vector<double>> last_;  ///< what `read` gave; of who calls `sample`
  mutable std::mutex mutex_;               // guards what follows
  std::vector<Ring> rings_;
};

/// Samples on a thread of its own, and keeps the history in a file, written every five minutes and
/// at the end. A file that is damaged or missing is a plot that begins anew.
class HistoryKeeper {
 public:
  /// `history` outlives it.
  HistoryKeeper(History& history, std::filesystem::path file, Logger log);
  ~HistoryKeeper();
  HistoryKeeper(const HistoryKeeper&) = delete;
  HistoryKeeper& operator=(const HistoryKeeper&) = delete;

 private:
  void read();
  void write() const;
  void run();

  History& history_;
  const std::filesystem::path file_;
  const Logger log_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace pacs::integration
