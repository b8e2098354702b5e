// The names nearest to a mistyped one.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace pacs {

/// Edits (insert, delete, replace, swap neighbours) between two texts, capital letters equal to
/// small ones.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Collects candidates and keeps the nearest.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted, std::size_t count = 1)
      : wanted_(wanted), count_(count), distance_max_(wanted.size() / 3 + 1) {}
  void offer(std::string_view candidate);
  /// Best first; only those near enough to be a slip.
  [[nodiscard]] std::vector<std::string_view> best() const;

 private:
  struct Candidate {
    std::size_t distance;
    std::string_view name;
  };
  std::string_view wanted_;
  std::size_t count_;
  std::size_t distance_max_;
  std::vector<Candidate> candidates_;  // nearest first
};

}  // namespace pacs
