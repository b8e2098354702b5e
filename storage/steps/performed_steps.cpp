#include "storage/steps/performed_steps.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "core/dicom_tags.h"

namespace pacs::storage {
namespace {

// In the order of PerformedStatus: PS3.3 Table C.4-14, Enumerated Values of (0040,0252).
constexpr std::array<std::string_view, 3> kStatuses{"IN PROGRESS", "COMPLETED", "DISCONTINUED"};

void add_references(PerformedSeries& series, std::set<std::string>& seen, const Sequence& items) {
  for (const Item& item : items) {
    const std::string instance{item.data_set.text(tags::ReferencedSOPInstanceUID, 0)};
    if (instance.empty() || !seen.insert(instance).second) continue;
    series.instances.push_back({std::string(item.data_set.text(tags::ReferencedSOPClassUID, 0)),
                                instance,
                                series.series_instance_uid,
                                {}});
  }
}

}  // namespace

std::string_view to_string(PerformedStatus status) {
  return kStatuses.at(static_cast<std::size_t>(status));
}

std::optional<PerformedStatus> parse_performed_status(std::string_view text) {
  const auto* found = std::ranges::find(kStatuses, text);
  if (found == kStatuses.end()) return std::nullopt;
  return static_cast<PerformedStatus>(found - kStatuses.begin());
}

bool StepSummary::agrees() const {
  return not_performed == 0 && std::ranges::all_of(series, [](const PerformedSeries& one) {
           return one.stored == one.performed && one.stored_elsewhere == 0;
         });
}

std::vector<PerformedRequest> performed_requests(const DataSet& step) {
  std::vector<PerformedRequest> requests;
  std::set<std::pair<std::string, std::string>> seen;
  const auto add = [&](std::string_view study, const DataSet& item, bool holds_objects) {
    const std::string scheduled{item.text(tags::ScheduledProcedureStepID, 0)};
    if (study.empty() || !seen.emplace(study, scheduled).second) return;
    requests.push_back({std::string(study), scheduled,
                        std::string(item.text(tags::AccessionNumber, 0)), holds_objects});
  };
  const Sequence& items = step.items(tags::ScheduledStepAttributesSequence);
  for (const Item& item : items) {
    add(item.data_set.text(tags::StudyInstanceUID, 0), item.data_set, true);
  }
  for (const Item& item : items) {
    for (const Item& referenced : item.data_set.items(tags::ReferencedStudySequence)) {
      add(referenced.data_set.text(tags::ReferencedSOPInstanceUID, 0), item.data_set, false);
    }
  }
  return requests;
}

std::vector<PerformedSeries> performed_series(const DataSet& step) {
  std::vector<PerformedSeries> all;
  std::map<std::string, std::pair<std::size_t, std::set<std::string>>> by_uid;
  for (const Item& item : step.items(tags::PerformedSeriesSequence)) {
    const DataSet& from = item.data_set;
    const std::string uid{from.text(tags::SeriesInstanceUID, 0)};
    if (uid.empty()) continue;  // an item that says nothing
    const auto [entry, is_new] = by_uid.try_emplace(uid, all.size(), std::set<std::string>{});
    if (is_new) {
      PerformedSeries series;
      series.series_instance_uid = uid;
      series.series_description = from.text(tags::SeriesDescription);
      series.protocol_name = from.text(tags::ProtocolName);
      all.push_back(std::move(series));
    }
    auto& [place, seen] = entry->second;
    add_references(all[place], seen, from.items(tags::ReferencedImageSequence));
    add_references(all[place], seen,
                   from.items(tags::ReferencedNonImageCompositeSOPInstanceSequence));
  }
  for (PerformedSeries& series : all) series.performed = series.instances.size();
  return all;
}

}  // namespace pacs::storage
