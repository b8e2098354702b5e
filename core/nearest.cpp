#include "core/nearest.h"

#include <algorithm>
#include <cctype>

namespace pacs {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

void Nearest::offer(std::string_view candidate) {
  const std::size_t longer = std::max(candidate.size(), wanted_.size());
  const std::size_t shorter = std::min(candidate.size(), wanted_.size());
  if (longer - shorter > distance_max_) return;
  const std::size_t distance = edit_distance(wanted_, candidate);
  if (distance > distance_max_) return;
  const auto place = std::ranges::upper_bound(candidates_, distance, {}, &Candidate::distance);
  candidates_.insert(place, {distance, candidate});
  if (candidates_.size() > count_) candidates_.pop_back();
}

std::vector<std::string_view> Nearest::best() const {
  std::vector<std::string_view> names;
  names.reserve(candidates_.size());
  for (const Candidate& candidate : candidates_) names.push_back(candidate.name);
  return names;
}

}  // namespace pacs
