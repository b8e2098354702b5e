#include "storage/worklist/worklist.h"

#include <algorithm>
#include <array>

namespace pacs::storage {
namespace {

// In the order of StepStatus.
constexpr std::array<std::string_view, kStepStatuses> kStatusNames{
    "SCHEDULED", "ARRIVED",   "READY",        "STARTED",
    "DEPARTED",  "COMPLETED", "DISCONTINUED", "CANCELED"};

}  // namespace

std::string_view to_string(StepStatus status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

std::optional<StepStatus> parse_step_status(std::string_view text) {
  const auto* const found = std::ranges::find(kStatusNames, text);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<StepStatus>(found - kStatusNames.begin());
}

std::vector<StepStatus> all_step_statuses() {
  std::vector<StepStatus> all;
  for (std::size_t i = 0; i < kStepStatuses; ++i) all.push_back(static_cast<StepStatus>(i));
  return all;
}

}  // namespace pacs::storage
