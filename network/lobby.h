// Lobby: connections that nobody serves, because they have asked for nothing yet or are ending: how
// many there may be, in all and from one address, and which of them yields when there is no room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace pacs::network {

/// Not thread-safe: its owner's lock guards it.
class Lobby {
 public:
  struct Limits {
    std::size_t all;          ///< connections
    std::size_t per_address;  ///< connections whose peers have one address
  };
  using Place = std::uint64_t;

  explicit Lobby(Limits limits) : limits_(limits) {}

  /// Where there is no room, the oldest of this address yields, else the oldest of the address that
  /// has the most. `yield` is called, once at most and while the owner holds its lock, when this
  /// connection is to close; the place is lost then.
  Place enter(const std::string& address, std::function<void()> yield);
  /// False when it has been lost: the connection is being closed and must not be served.
  bool leave(Place place);
  /// The oldest connection of the address that has the most yields. False when there is none.
  bool make_room();
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::string address;
    std::function<void()> yield;
  };
  void dismiss(Place place);

  const Limits limits_;
  Place last_ = 0;
  std::unordered_map<Place, Waiting> waiting_;
  std::unordered_map<std::string, std::set<Place>> of_address_;  ///< none is empty; oldest first
};

}  // namespace pacs::network
