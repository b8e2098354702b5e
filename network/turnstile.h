// Turnstile: lets one coroutine of a strand through at a time, in the order they came.
#pragma once

#include <deque>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pacs::network {

class Turnstile {
 public:
  explicit Turnstile(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Leaves when it goes out of scope.
  class Passage {
   public:
    explicit Passage(Turnstile& turnstile) : turnstile_(turnstile) {}
    ~Passage() { turnstile_.leave(); }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;

   private:
    Turnstile& turnstile_;
  };

  [[nodiscard]] bool taken() const { return taken_; }
  /// To be followed by a Passage.
  boost::asio::awaitable<void> enter() {
    if (!std::exchange(taken_, true)) co_return;
    const auto turn = std::make_shared<boost::asio::steady_timer>(
        executor_, boost::asio::steady_timer::time_point::max());
    waiting_.push_back(turn);
    // Only `leave` ends the wait, and hands the place over.
    co_await turn->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  void leave() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next->cancel();
  }

  boost::asio::any_io_executor executor_;
  bool taken_ = false;
  std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting_;
};

}  // namespace pacs::network
