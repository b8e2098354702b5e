#include "storage/query/query.h"

#include <algorithm>
#include <array>

namespace pacs::storage {
namespace {

constexpr std::array<std::string_view, 4> kLevels{"PATIENT", "STUDY", "SERIES", "IMAGE"};

}  // namespace

std::string_view to_string(QueryLevel level) {
  return kLevels[static_cast<std::size_t>(level)];
}

std::optional<QueryLevel> parse_query_level(std::string_view text) {
  const auto* const found = std::ranges::find(kLevels, text);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<QueryLevel>(found - kLevels.begin());
}

}  // namespace pacs::storage
