#include "services/retrieve/get_scp.h"

#include <numeric>
#include <utility>

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

Task<void> send_here(const RetrieveSetup& setup, std::shared_ptr<Requestor> requestor,
                     std::shared_ptr<Retrieval> retrieval) {
  std::deque<std::size_t> objects(retrieval->list()->size());
  std::iota(objects.begin(), objects.end(), 0);
  const std::shared_ptr<SendQueue> queue = retrieval->queue(std::move(objects), 0);
  const std::stop_callback give_up(retrieval->give_up(), [requestor] { requestor->give_up(); });
  NextObject next = object_feed(
      {.list = retrieval->list(),
       .queue = queue,
       .takers = takers_of(requestor->negotiated()),
       .move_originator_ae = {},
       .move_originator_message_id = {}},
      std::make_shared<ObjectReader>(setup.read, retrieval->strand(), retrieval->trace_id()));
  Invoke invoke = [requestor](std::uint8_t context_id, network::Command request,
                              network::DataSource data_set) {
    return requestor->invoke(context_id, std::move(request), std::move(data_set));
  };
  const std::size_t window = requestor->negotiated().window().performed;
  Result<> sent = co_await send_objects(std::move(invoke), window, std::move(next), *queue);
  if (!sent) queue->give_up(sent.error());
}

}  // namespace

Task<Result<GetScp::Send>> GetScp::find_way(Operation& operation) {
  co_return [this, requestor = operation.requestor()](std::shared_ptr<Retrieval> retrieval) {
    return send_here(setup_, requestor, std::move(retrieval));
  };
}

}  // namespace pacs::services
