// Presence: the connections of an HTTP server: how many there may be, which of them yields when one
// more comes, and when all are gone. Internal to HttpServer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>

#include "network/lobby.h"

namespace pacs::web {

class HttpConnection;

/// Thread-safe. Counts the connections and the accept loop. A connection whose request is not whole
/// yet waits: where there is no room it yields to a new one.
class Presence {
 public:
  explicit Presence(std::size_t connections_max)
      : max_(connections_max), lobby_({.all = connections_max, .per_address = connections_max}) {}

  /// It waits for its first request. False: there is no room, and none that waits could yield.
  bool enter(HttpConnection& connection);
  /// Its request is whole and is being answered. False: it had to yield, and must not be answered.
  bool begin_answer(HttpConnection& connection);
  /// It waits for the next request.
  void end_answer(HttpConnection& connection);
  void leave(HttpConnection& connection);

  void acceptor_gone();
  void stop(bool also_when_busy);
  [[nodiscard]] std::size_t size() const;
  bool wait_until_empty(std::chrono::milliseconds limit);
  void wait_until_empty();

 private:
  [[nodiscard]] network::Lobby::Place take_place(HttpConnection& connection);

  const std::size_t max_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  network::Lobby lobby_;
  /// Each takes itself out before it dies.
  std::map<HttpConnection*, network::Lobby::Place> connections_;
  bool accepting_ = true;
};

}  // namespace pacs::web
