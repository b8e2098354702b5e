// Event: what coroutines on one strand wait for: somebody else's change of state.
#pragma once

#include <chrono>

#include <boost/asio/steady_timer.hpp>

#include "network/association.h"

namespace pacs::services {

/// Not thread-safe: waiting and notifying happen on one strand. A waiter looks at its condition
/// again after each wake-up, so one event may serve several conditions.
class Event {
 public:
  explicit Event(const boost::asio::any_io_executor& strand) : timer_(strand) {
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
  }
  network::Task<void> wait();
  void notify_all() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace pacs::services
