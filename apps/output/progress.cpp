#include "apps/output/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace pacs::apps {

namespace {

constexpr std::size_t kBarCharacters = 24;
constexpr std::chrono::milliseconds kBetweenDraws{100};

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string human_bytes(double bytes) {
  static constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_seconds(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, std::ceil(seconds)));
  const auto hours = whole / 3600;
  const auto minutes = whole / 60 % 60;
  return hours != 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                    : fmt::format("{}:{:02}", minutes, whole % 60);
}

bool Progress::terminal() {
  return isatty(STDERR_FILENO) != 0;
}

Progress::Progress(std::string what, std::optional<std::uint64_t> total, bool shown)
    : what_(std::move(what)), shown_(shown), total_(total) {}

void Progress::set_total(std::uint64_t total) {
  const std::lock_guard lock{mutex_};
  total_ = total;
}

std::string Progress::line(std::uint64_t done, std::uint64_t bytes, std::uint64_t problems,
                           Clock::time_point now) const {
  const double seconds = std::max(1e-3, std::chrono::duration<double>(now - started_).count());
  std::string text = what_;
  if (total_ && *total_ != 0) {
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(*total_));
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarCharacters));
    text += fmt::format(" [{}{}] {:3.0f}%  {}/{}", std::string(filled, '#'),
                        std::string(kBarCharacters - filled, '-'), part * 100, done, *total_);
  } else {
    text += fmt::format("  {} so far", done);
  }
  if (bytes != 0) text += fmt::format("  {}/s", human_bytes(static_cast<double>(bytes) / seconds));
  if (problems != 0) text += fmt::format("  {} failed", problems);
  if (total_ && done != 0 && done < *total_) {
    const double left = seconds / static_cast<double>(done) * static_cast<double>(*total_ - done);
    text += fmt::format("  {} left", human_seconds(left));
  }
  return text.substr(0, terminal_columns() - 1);
}

void Progress::update(std::uint64_t done, std::uint64_t bytes, std::uint64_t problems) {
  if (!shown_) return;
  const auto now = Clock::now();
  const std::lock_guard lock{mutex_};
  if (now < next_draw_) return;
  next_draw_ = now + kBetweenDraws;
  drawn_ = true;
  fmt::print(stderr, "\r\033[K{}", line(done, bytes, problems, now));
  std::fflush(stderr);
}

void Progress::clear() {
  const std::lock_guard lock{mutex_};
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
  next_draw_ = {};
}

}  // namespace pacs::apps
