// Progress: one line on the terminal for work that takes long; silent without a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace pacs::apps {

/// "storing [#######------] 45%  180/400  92.1 MB/s  2 failed  0:03 left" on standard error.
/// Thread-safe. Draws at most ten times a second, so it may be told of every item.
class Progress {
 public:
  /// `what`: "storing". Without `total` there is no bar, but "180 so far": a tree of files is not
  /// walked twice to know. `shown` false draws nothing.
  Progress(std::string what, std::optional<std::uint64_t> total, bool shown = terminal());
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Sets the total when it is known only later.
  void set_total(std::uint64_t total);
  void update(std::uint64_t done, std::uint64_t bytes, std::uint64_t problems);
  /// Removes the line, so that something else can be printed; the next update draws it again.
  void clear();

  /// Whether standard error is a terminal.
  [[nodiscard]] static bool terminal();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string line(std::uint64_t done, std::uint64_t bytes, std::uint64_t problems,
                                 Clock::time_point now) const;

  const std::string what_;
  const bool shown_;
  const Clock::time_point started_ = Clock::now();
  std::mutex mutex_;  // guards what follows
  std::optional<std::uint64_t> total_;
  Clock::time_point next_draw_ = started_;
  bool drawn_ = false;
};

/// "210.1 MB", in powers of ten.
[[nodiscard]] std::string human_bytes(double bytes);
/// "0:03", "1:02:03".
[[nodiscard]] std::string human_seconds(double seconds);

}  // namespace pacs::apps
