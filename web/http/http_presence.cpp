#include "web/http/http_presence.h"

#include "web/http/http_connection.h"

namespace pacs::web {
namespace {

/// Those that yielded are gone a moment later: so many times the limit may be there until then.
constexpr std::size_t kWithClosing = 2;

}  // namespace

bool Presence::enter(HttpConnection& connection) {
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= kWithClosing * max_) return false;
  if (connections_.size() >= max_ && !lobby_.make_room()) return false;
  connections_[&connection] = take_place(connection);
  return true;
}

bool Presence::begin_answer(HttpConnection& connection) {
  const std::lock_guard lock(mutex_);
  return lobby_.leave(connections_.at(&connection));
}

void Presence::end_answer(HttpConnection& connection) {
  const std::lock_guard lock(mutex_);
  connections_.at(&connection) = take_place(connection);
}

void Presence::leave(HttpConnection& connection) {
  const std::lock_guard lock(mutex_);
  lobby_.leave(connections_.at(&connection));
  connections_.erase(&connection);
  changed_.notify_all();
}

network::Lobby::Place Presence::take_place(HttpConnection& connection) {
  return lobby_.enter(connection.peer_address(), [&connection] { connection.make_room(); });
}

void Presence::acceptor_gone() {
  const std::lock_guard lock(mutex_);
  accepting_ = false;
  changed_.notify_all();
}

void Presence::stop(bool also_when_busy) {
  const std::lock_guard lock(mutex_);
  for (const auto& [connection, place] : connections_) connection->stop(also_when_busy);
}

std::size_t Presence::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

bool Presence::wait_until_empty(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !accepting_ && connections_.empty(); });
}

void Presence::wait_until_empty() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !accepting_ && connections_.empty(); });
}

}  // namespace pacs::web
