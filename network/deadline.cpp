// The timer behind Deadline.
#include "network/deadline.h"

#include <boost/asio/steady_timer.hpp>

namespace pacs::network {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Clock::time_point kNever = Clock::time_point::max();

}  // namespace

struct Deadline::State : std::enable_shared_from_this<State> {
  State(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry)
      : timer(executor), expired(std::move(on_expiry)) {}

  void arm(Clock::time_point when) {
    armed = when;
    timer.expires_at(when);  // a wait that is under way ends as cancelled
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& code) {
      if (!code) self->look();
    });
  }

  void look() {
    armed = kNever;
    if (due == kNever || !expired) return;
    if (Clock::now() < due) return arm(due);
    due = kNever;
    const auto call = expired;  // it may destroy us
    call();
  }

  boost::asio::steady_timer timer;
  std::function<void()> expired;
  Clock::time_point due = kNever;    ///< when to call
  Clock::time_point armed = kNever;  ///< when the timer looks next
};

Deadline::Deadline(const boost::asio::any_io_executor& executor, std::function<void()> expired)
    : state_(std::make_shared<State>(executor, std::move(expired))) {}

Deadline::~Deadline() {
  state_->expired = nullptr;
  state_->timer.cancel();
}

void Deadline::set(std::chrono::milliseconds from_now) {
  state_->due = Clock::now() + from_now;
  if (state_->due < state_->armed) state_->arm(state_->due);
}

void Deadline::clear() {
  state_->due = kNever;
}

}  // namespace pacs::network
