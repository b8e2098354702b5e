#include "services/query/find_scp.h"

#include "services/query/find_loop.h"
#include "services/query/query_models.h"
#include "storage/archive.h"

namespace pacs::services {

bool FindScp::serves(std::string_view sop_class_uid) const {
  const QuerySopClass* sop_class = find_query_sop_class(sop_class_uid);
  return sop_class != nullptr && sop_class->service == QueryService::Find &&
         sop_class->model != storage::QueryModel::ModalityWorklist;
}

std::optional<Bytes> FindScp::answer_extended(const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

Task<Result<Answer>> FindScp::perform(Operation& operation) {
  Result<AskedQuery> asked = co_await read_query(operation);
  if (!asked) co_return fail(std::move(asked.error()));
  FindAnswers::Common common{.level = storage::to_string(asked->query.level),
                             .retrieve_ae = options_.retrieve_ae,
                             .character_set = asked->character_set};
  FindSource source;
  source.find = [this](storage::Query query) { return archive_.find(std::move(query)); };
  source.matches_max = options_.matches_max;
  Result<Answer> answer = co_await answer_query(operation, workers_, std::move(asked->query),
                                                std::move(source), std::move(common));
  co_return answer;
}

}  // namespace pacs::services
