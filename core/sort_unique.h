// Sorts values and keeps each once.
#pragma once

#include <algorithm>
#include <vector>

namespace pacs {

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace pacs
