#include "services/retrieve/get_scp.h"

#include <algorithm>
#include <utility>

#include "services/query/query_models.h"
#include "services/retrieve/object_feed.h"

namespace pacs::services {
namespace {

/// The contexts on which the requestor receives: those where it took the role of SCP
/// (PS3.4 §C.5.3.1.1 with PS3.7 §D.3.3.4).
network::Negotiated takers_of(const network::Negotiated& association) {
  network::Negotiated takers = association;
  std::erase_if(takers.contexts, [](const auto& context) { return !context.scp_role; });
  return takers;
}

/// What the coroutines of one C-GET share.
struct Giving {
  Giving(const RetrieveSetup& setup, std::shared_ptr<Retrieval> of, Operation& operation)
      : retrieval(std::move(of)),
        requestor(operation.requestor()),
        takers(takers_of(operation.association())),
        feed({.list = retrieval->list(),
              .takers = takers,
              .take = [this] { return take(); },
              .stopped = [this] { return retrieval->stopped(); },
              .put_back = [](std::size_t) {}},
             std::make_shared<ObjectReader>(setup.archive, setup.workers, retrieval->strand())) {}

  std::optional<std::size_t> take() {
    if (retrieval->stopped() || taken == retrieval->list()->size()) return std::nullopt;
    return taken++;
  }

  std::shared_ptr<Retrieval> retrieval;
  std::shared_ptr<Requestor> requestor;
  network::Negotiated takers;
  std::size_t taken = 0;
  ObjectFeed feed;
};

Task<void> give(std::shared_ptr<Giving> giving) {
  Retrieval& retrieval = *giving->retrieval;
  while (!retrieval.stopped()) {
    const std::optional<OutgoingObject> object = giving->feed.next();
    if (!object) co_return;
    const auto* context = context_for(giving->takers, *object);
    if (context == nullptr) {
      retrieval.done(object->number, fail(no_context(giving->takers, *object)));
      continue;
    }
    network::DataSource source = *object->open(context->transfer_syntaxes.front());
    network::Command request = store_request(*object, 0);
    Result<Response> response =
        co_await giving->requestor->invoke(context->id, std::move(request), std::move(source));
    if (response) {
      retrieval.done(object->number, std::move(response->command));
      continue;
    }
    const Error why = std::move(response.error());
    retrieval.done(object->number, fail(why));
    if (!broke_association(why)) continue;  // this object's fault
    if (retrieval.stopped()) co_return;     // the others were not begun
    while (const auto rest = giving->feed.skip()) retrieval.done(*rest, fail(why));
  }
}

/// How many sub-operations the requestor performs at once (PS3.7 §D.3.3.3).
std::size_t window_of(const network::Negotiated& association) {
  constexpr std::size_t kWindowMax = 16;
  const std::size_t window = association.window_performed;
  return window == 0 ? kWindowMax : std::min(window, kWindowMax);
}

}  // namespace

bool GetScp::serves(std::string_view sop_class_uid) const {
  const QuerySopClass* sop_class = find_query_sop_class(sop_class_uid);
  return sop_class != nullptr && sop_class->service == QueryService::Get;
}

std::optional<Bytes> GetScp::answer_extended(const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

Task<Result<Answer>> GetScp::perform(Operation& operation) {
  Result<storage::Selection> selection = co_await read_selection(operation);
  if (!selection) co_return fail(std::move(selection.error()));
  Result<std::shared_ptr<const RetrieveList>> list =
      co_await list_on_worker(setup_, std::move(*selection));
  if (!list) co_return cannot_calculate(list.error());

  const auto requestor = operation.requestor();
  const auto retrieval =
      std::make_shared<Retrieval>(std::move(*list), requestor->executor(), operation.stop_token());
  const auto giving = std::make_shared<Giving>(setup_, retrieval, operation);
  for (std::size_t i = 0; i < window_of(operation.association()); ++i) retrieval->run(give(giving));
  // It has a name: GCC 12 destroys an aggregate made inside of a co_await twice.
  const Retrieval::Stop stop{.give_up = [requestor] { requestor->give_up(); }};
  Answer answer = co_await retrieval->answered(operation, stop);
  retrieval->report(setup_.log, operation.association().id, "C-GET");
  co_return answer;
}

}  // namespace pacs::services
