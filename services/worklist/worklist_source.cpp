#include "services/worklist/worklist_source.h"

#include <algorithm>
#include <utility>

#include "core/dicom_tags.h"
#include "storage/archive.h"

namespace pacs::services {
namespace {

/// Whether a query says itself which statuses it wants.
bool asks_for_status(const storage::Query& query) {
  return std::ranges::any_of(query.keys, [](const storage::QueryKey& key) {
    return key.tag == tags::ScheduledProcedureStepSequence &&
           std::ranges::any_of(key.items, [](const storage::QueryKey& inner) {
             return inner.tag == tags::ScheduledProcedureStepStatus &&
                    inner.matching != storage::Matching::Universal;
           });
  });
}

}  // namespace

FindSource scheduled_steps(storage::Archive& archive, WorklistOptions options) {
  FindSource source;
  source.models = {storage::QueryModel::ModalityWorklist};
  source.matches_max = options.matches_max;
  source.private_creators = options.private_creators;
  source.find = [&archive, options = std::move(options)](
                    storage::Query query,
                    std::string_view calling_ae) -> Result<std::unique_ptr<storage::Matches>> {
    if (options.only_own_station && calling_ae.empty()) {
      return fail(ErrorKind::Rejected,
                  "worklist.only_own_station is set, and the calling AE title is blank: nobody "
                  "knows whose steps these are");
    }
    storage::WorklistView view;
    if (!asks_for_status(query)) view.statuses = options.shown_statuses;
    if (options.only_own_station) view.station_ae = calling_ae;
    return archive.worklist().find(std::move(query), view);
  };
  return source;
}

}  // namespace pacs::services
