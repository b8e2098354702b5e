#include "network/lobby.h"

#include <algorithm>
#include <utility>

namespace pacs::network {

Lobby::Place Lobby::enter(const std::string& address, std::function<void()> yield) {
  const auto own = of_address_.find(address);
  if (own != of_address_.end() && own->second.size() >= limits_.per_address) {
    dismiss(*own->second.begin());
  } else if (waiting_.size() >= limits_.all) {
    make_room();
  }
  const Place place = ++last_;
  waiting_.emplace(place, Waiting{address, std::move(yield)});
  of_address_[address].insert(place);
  return place;
}

bool Lobby::leave(Place place) {
  const auto entry = waiting_.find(place);
  if (entry == waiting_.end()) return false;
  const auto own = of_address_.find(entry->second.address);
  own->second.erase(place);
  if (own->second.empty()) of_address_.erase(own);
  waiting_.erase(entry);
  return true;
}

bool Lobby::make_room() {
  const auto crowd = std::ranges::max_element(of_address_, [](const auto& a, const auto& b) {
    if (a.second.size() != b.second.size()) return a.second.size() < b.second.size();
    return *a.second.begin() > *b.second.begin();
  });
  if (crowd == of_address_.end()) return false;
  dismiss(*crowd->second.begin());
  return true;
}

void Lobby::dismiss(Place place) {
  const std::function<void()> yield = std::move(waiting_.at(place).yield);
  leave(place);
  yield();
}

}  // namespace pacs::network
