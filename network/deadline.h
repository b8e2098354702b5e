// Deadline: a timer that may be set for every read. Setting it is an assignment; the timer behind
// it wakes when its old time comes, looks, and goes back to sleep.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace pacs::network {

/// Used on its executor only, where `expired` is called too. Ends with the object.
class Deadline {
 public:
  Deadline(const boost::asio::any_io_executor& executor, std::function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(std::chrono::milliseconds from_now);
  void clear();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pacs::network
