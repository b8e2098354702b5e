#include "integration/summed_warnings.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "integration/thread_adapter.h"

namespace pacs::integration {
namespace {

/// Which warnings are equal.
struct Kind {
  std::string peer, message, reason;
  auto operator<=>(const Kind&) const = default;
};
/// Kinds that are told apart in one window; further ones with the same message are one.
constexpr std::size_t kKindsMax = 1024;

}  // namespace

struct SummedWarnings::Impl : std::enable_shared_from_this<Impl> {
  Impl(Logger logger, IoPool& pool, std::chrono::milliseconds window_length)
      : log(std::move(logger)), window(window_length), timer(pool.context()) {}

  /// Whether it is to be written.
  bool count(Kind kind) {
    const std::lock_guard lock{mutex};
    if (counts.empty()) begin_window();
    if (counts.size() >= kKindsMax && !counts.contains(kind)) {
      kind = {.peer = "others", .message = std::move(kind.message), .reason = "several"};
    }
    return ++counts[std::move(kind)] <= kFirst;
  }

  void begin_window() {
    timer.expires_after(window);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
      const auto self = weak.lock();
      if (self && !cancelled) self->end_window();
    });
  }

  void end_window() {
    const std::lock_guard lock{mutex};
    for (const auto& [kind, times] : std::exchange(counts, {})) {
      if (times <= kFirst) continue;
      log.warning({}, kind.message,
                  {{"peer", kind.peer},
                   {"reason", kind.reason},
                   {"more_times", std::to_string(times - kFirst)},
                   {"within_ms", std::to_string(window.count())}});
    }
  }

  const Logger log;
  const std::chrono::milliseconds window;
  std::mutex mutex;  // guards what follows
  boost::asio::steady_timer timer;
  std::map<Kind, std::size_t> counts;
};

SummedWarnings::SummedWarnings(Logger log, IoPool& pool, std::chrono::milliseconds window)
    : impl_(std::make_shared<Impl>(std::move(log), pool, window)) {}

SummedWarnings::~SummedWarnings() {
  impl_->end_window();
}

void SummedWarnings::warning(std::string_view id, std::string_view peer, std::string_view message,
                             std::string_view reason, std::initializer_list<LogField> fields) {
  if (impl_->count({std::string{peer}, std::string{message}, std::string{reason}})) {
    impl_->log.warning(id, message, fields);
  }
}

}  // namespace pacs::integration
