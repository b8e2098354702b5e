#include "services/worklist/worklist_scp.h"

#include <algorithm>

#include "core/dicom_tags.h"
#include "core/uids.h"
#include "services/query/find_loop.h"
#include "services/query/query_models.h"
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

bool WorklistScp::serves(std::string_view sop_class_uid) const {
  return sop_class_uid == uids::ModalityWorklistInformationModelFind;
}

std::optional<Bytes> WorklistScp::answer_extended(
    const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

storage::WorklistView WorklistScp::view_for(const storage::Query& query,
                                            const Operation& operation) const {
  storage::WorklistView view;
  if (!asks_for_status(query)) view.statuses = options_.shown_statuses;
  if (options_.only_own_station) view.station_ae = operation.association().request.calling_ae;
  return view;
}

Task<Result<Answer>> WorklistScp::perform(Operation& operation) {
  Result<AskedQuery> asked = co_await read_query(operation);
  if (!asked) co_return fail(std::move(asked.error()));
  FindAnswers::Common common{.level = {}, .retrieve_ae = {}, .character_set = asked->character_set};
  FindSource source;
  source.matches_max = options_.matches_max;
  source.find = [this, view = view_for(asked->query, operation)](storage::Query query) {
    return archive_.worklist().find(std::move(query), view);
  };
  Result<Answer> answer = co_await answer_query(operation, workers_, std::move(asked->query),
                                                std::move(source), std::move(common));
  co_return answer;
}

}  // namespace pacs::services
