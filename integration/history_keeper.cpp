#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "integration/clock.h"
#include "integration/history.h"

namespace pacs::integration {
namespace {

/// Samples between two writes of the file: five minutes.
constexpr int kSamplesOfFile = 30;

}  // namespace

HistoryKeeper::HistoryKeeper(History& history, std::filesystem::path file, Logger log)
    : history_(history), file_(std::move(file)), log_(std::move(log)) {
  read();
  thread_ = std::thread([this] { run(); });
}

HistoryKeeper::~HistoryKeeper() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ends_.notify_all();
  thread_.join();
  write();
}

void HistoryKeeper::read() {
  std::ifstream in(file_, std::ios::binary);
  if (!in) return;
  std::ostringstream text;
  text << in.rdbuf();
  if (!history_.read_text(text.str())) {
    log_.warning({}, "the history of this server is damaged and begins anew",
                 {{"file", file_.string()}});
  }
}

/// Not flushed: what a power loss takes is a plot.
void HistoryKeeper::write() const {
  const std::filesystem::path part = file_.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << history_.to_text();
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(part, file_, failed);
  if (!out || failed) {
    log_.warning({}, "the history of this server is not kept", {{"file", file_.string()}});
  }
}

/// At multiples of the pause, so that each step has its samples.
void HistoryKeeper::run() {
  constexpr std::int64_t kPauseMs = kHistorySampleSeconds * 1000;
  std::unique_lock lock(mutex_);
  for (int samples = 1;; ++samples) {
    const std::chrono::milliseconds pause{kPauseMs - now_ms() % kPauseMs};
    if (ends_.wait_for(lock, pause, [this] { return ended_; })) return;
    lock.unlock();
    history_.sample(now_ms());
    if (samples % kSamplesOfFile == 0) write();
    lock.lock();
  }
}

}  // namespace pacs::integration
