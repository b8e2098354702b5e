// Logger over spdlog's asynchronous logger: lines are composed by the caller, queued, and written
// by one thread in as few writes as possible.
#include "integration/logging.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <functional>
#include <mutex>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include "integration/log_line.h"

namespace pacs::integration {
namespace {

/// The writer gathers lines while more are queued, up to this many bytes, then writes them at once.
constexpr std::size_t kWriteBytesMax = 64 << 10;
/// When no more are queued it waits this long for the next line before it writes: to be woken for
/// each line of a busy server costs more than to write it. Warnings and errors do not wait.
constexpr std::chrono::milliseconds kGatherTime{20};
/// How long flush waits for a sink that does not take lines (a stuck pipe) before it gives up.
constexpr std::chrono::seconds kFlushWaitMax{5};

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

class LineSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  LineSink(FilePointer file, std::unique_ptr<spdlog::formatter> formatter)
      : base_sink(std::move(formatter)), file_(std::move(file)) {}
  ~LineSink() override { write_out(); }

  /// Set before the first line: tells whether another line is already waiting.
  std::function<bool()> more_queued;

  /// Waits until `lines_done` lines are written or known to be dropped.
  void wait(std::uint64_t lines_done, const std::function<std::uint64_t()>& dropped) {
    std::unique_lock lock(written_mutex_);
    ++flushing_;
    written_changed_.notify_all();
    written_changed_.wait_for(lock, kFlushWaitMax,
                              [&] { return lines_written_ + dropped() >= lines_done; });
    --flushing_;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    formatter_->format(message, buffer_);
    ++lines_buffered_;
    const bool urgent = message.level >= spdlog::level::warn;
    if (buffer_.size() >= kWriteBytesMax || (!more_queued() && (urgent || !more_soon()))) {
      write_out();
    }
  }
  /// Waits for the gathering time, less when somebody flushes; true if lines have come.
  bool more_soon() {
    std::unique_lock lock(written_mutex_);
    written_changed_.wait_for(lock, kGatherTime, [this] { return flushing_ > 0; });
    return more_queued();
  }
  void flush_() override { write_out(); }

  void write_out() {
    if (buffer_.size() != 0) {
      std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get());
      std::fflush(file_.get());  // where a failure to log could be told, there is nobody
      buffer_.clear();
    }
    const std::lock_guard lock(written_mutex_);
    lines_written_ += lines_buffered_;
    lines_buffered_ = 0;
    written_changed_.notify_all();
  }

  FilePointer file_;
  spdlog::memory_buf_t buffer_;
  std::uint64_t lines_buffered_ = 0;  // writer thread only
  std::mutex written_mutex_;
  std::condition_variable written_changed_;
  std::uint64_t lines_written_ = 0;
  int flushing_ = 0;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::Trace:
      return spdlog::level::trace;
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warning:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
    case LogLevel::Off:
      break;
  }
  return spdlog::level::off;
}

/// UTC, so that lines of several machines sort together. %l is spdlog's name of the level.
std::unique_ptr<spdlog::formatter> formatter(LogFormat format) {
  const char* pattern = format == LogFormat::Json
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n");
}

Result<FilePointer> open_log(const std::string& path) {
  if (path.empty()) return FilePointer(stderr, [](std::FILE*) { return 0; });
  // Append mode: every write goes to the end, so that copy-and-truncate rotation works.
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) {
    return fail(
        Error{ErrorKind::Io, std::string("cannot open the log file: ") + std::strerror(errno)}.in(
            path));
  }
  return FilePointer(file, &std::fclose);
}

}  // namespace

struct Logger::Impl {
  LogLevel level;
  LogFormat format;
  std::shared_ptr<LineSink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
  std::atomic<std::uint64_t> lines_queued{0};

  Impl(const LogOptions& options, FilePointer file)
      : level(options.level),
        format(options.format),
        sink(std::make_shared<LineSink>(std::move(file), formatter(options.format))),
        pool(std::make_shared<spdlog::details::thread_pool>(
            std::max<std::size_t>(options.queue_lines_max, 1), 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "pacs", sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
    sink->more_queued = [queue = pool.get()] { return queue->queue_size() != 0; };
    logger->set_level(spdlog::level::trace);  // filtered in log()
  }
  ~Impl() {
    pool.reset();  // writes what is queued, joins the writer, which holds the logger until then
    logger.reset();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
};

Result<Logger> Logger::create(const LogOptions& options) {
  PACS_TRY(FilePointer file, open_log(options.file));
  Logger logger;
  logger.impl_ = std::make_shared<Impl>(options, std::move(file));
  return logger;
}

bool Logger::enabled(LogLevel level) const {
  return impl_ && level >= impl_->level && level != LogLevel::Off;
}

void Logger::log(LogLevel level, std::string_view trace_id, std::string_view message,
                 std::initializer_list<LogField> fields) const {
  if (!enabled(level)) return;
  LineBuffer line;
  if (impl_->format == LogFormat::Json) {
    compose_json(line, trace_id, message, fields);
  } else {
    compose_text(line, trace_id, message, fields);
  }
  impl_->lines_queued.fetch_add(1, std::memory_order_relaxed);
  impl_->logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

void Logger::flush() const {
  if (!impl_) return;
  impl_->sink->wait(impl_->lines_queued.load(), [this] { return lines_dropped(); });
}

std::uint64_t Logger::lines_dropped() const {
  return impl_ ? impl_->pool->overrun_counter() : 0;
}
std::size_t Logger::lines_queued() const {
  return impl_ ? impl_->pool->queue_size() : 0;
}

}  // namespace pacs::integration
