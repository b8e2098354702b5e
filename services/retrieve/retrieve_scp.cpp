#include "services/retrieve/retrieve_scp.h"

#include <utility>

#include "integration/on_worker.h"

namespace pacs::services {
bool RetrieveScp::serves(std::string_view sop_class_uid) const {
  const QuerySopClass* sop_class = find_query_sop_class(sop_class_uid);
  return sop_class != nullptr && sop_class->service == service_;
}

std::optional<Bytes> RetrieveScp::answer_extended(
    const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

Task<Result<Answer>> RetrieveScp::perform(Operation& operation) {
  PACS_CO_TRY(const DataSet identifier, co_await operation.read_identifier(kIdentifierLimits));
  const QuerySopClass& sop_class = *find_query_sop_class(operation.request().sop_class_uid);
  PACS_CO_TRY(
      storage::Selection selection,
      storage::parse_selection(identifier, query_rules(operation.association(), sop_class)));
  PACS_CO_TRY(const Send send, co_await find_way(operation));

  const auto list_objects = [&] {
    return list_selection(setup_.read.archive, std::move(selection));
  };
  Result<RetrieveList> list = co_await on_worker(setup_.read.workers, list_objects);
  if (!list) {
    co_return Answer{.status = network::status::kCannotCalculateMatches,
                     .error_comment = std::move(list.error().message)};
  }
  const auto retrieval = std::make_shared<Retrieval>(
      std::make_shared<const RetrieveList>(std::move(*list)), operation.requestor()->executor(),
      operation.stop_token(), std::string{operation.association().id});
  Task<void> sending = send(retrieval);
  Answer answer = co_await retrieval->perform(operation, std::move(sending));
  retrieval->report(setup_.log, service_ == QueryService::Get ? "C-GET" : "C-MOVE");
  co_return answer;
}

}  // namespace pacs::services
