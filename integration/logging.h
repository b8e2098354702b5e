// Logging: asynchronous, text or JSON, over spdlog. Each line may carry the id of the association
// or request it belongs to, so that one id traces a stored instance.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace pacs::integration {

enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warning, Error, Off };
enum class LogFormat : std::uint8_t { Text, Json };

/// Extra facts of a line: {"calling_ae", "CT1"}.
using LogField = std::pair<std::string_view, std::string_view>;

struct LogOptions {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  std::string file;  ///< empty: standard error
  /// Above it the oldest lines are dropped, never the caller blocked. A place costs 400 bytes,
  /// taken at start.
  std::size_t queue_lines_max = 8192;
};

/// A value that may be copied freely; a default one writes nothing. Made once in apps/ and handed
/// down.
class Logger {
 public:
  Logger() = default;
  /// Io: the log file cannot be opened.
  static Result<Logger> create(const LogOptions& options);
  [[nodiscard]] bool enabled(LogLevel level) const;
  /// `trace_id` may be empty. Control characters in values are escaped: nobody forges lines.
  void log(LogLevel level, std::string_view trace_id, std::string_view message,
           std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view id, std::string_view m, std::initializer_list<LogField> f = {}) const {
    log(LogLevel::Info, id, m, f);
  }
  void warning(std::string_view id, std::string_view m,
               std::initializer_list<LogField> f = {}) const {
    log(LogLevel::Warning, id, m, f);
  }
  void error(std::string_view id, std::string_view m,
             std::initializer_list<LogField> f = {}) const {
    log(LogLevel::Error, id, m, f);
  }
  void debug(std::string_view id, std::string_view m,
             std::initializer_list<LogField> f = {}) const {
    log(LogLevel::Debug, id, m, f);
  }
  /// Returns when every line logged before is written (or 5 s have passed: a stuck pipe).
  void flush() const;
  [[nodiscard]] std::uint64_t lines_dropped() const;  ///< since the start, for lack of room
  [[nodiscard]] std::size_t lines_queued() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace pacs::integration
