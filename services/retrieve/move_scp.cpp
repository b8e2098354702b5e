#include "services/retrieve/move_scp.h"

#include <algorithm>
#include <utility>

#include "integration/on_worker.h"
#include "services/dispatch/in_parallel.h"
#include "services/retrieve/object_feed.h"
#include "services/store/store_plan.h"

namespace pacs::services {
namespace {

/// Tries more of an object that was not answered, each on a new association.
constexpr std::size_t kRetries = 1;
/// Objects on their way at once, as far as the destination grants it.
constexpr std::uint16_t kWindow = 16;

/// Where the objects of one C-MOVE go, and on whose behalf.
struct Destination {
  network::RequestOptions peer;
  std::size_t associations;
  std::vector<std::string> conversions;
  std::string originator_ae;
  std::uint16_t originator_message_id;
};

/// Batch after batch; each is as many contexts as an association can have.
Task<void> send_there(const RetrieveSetup& setup, Destination destination,
                      std::shared_ptr<Retrieval> retrieval) {
  const std::shared_ptr<const RetrieveList>& list = retrieval->list();
  const auto kind_of = [&](std::size_t i) { return list->kind(i); };
  const std::vector<StoreBatch> batches =
      plan_store(list->size(), kind_of, destination.conversions);
  for (const StoreBatch& batch : batches) {
    const std::shared_ptr<SendQueue> queue =
        retrieval->queue({batch.objects.begin(), batch.objects.end()}, kRetries);
    const std::size_t associations = std::min(destination.associations, batch.objects.size());
    SendQueueOptions options{
        .peer = destination.peer, .retries = kRetries, .feed = {}, .give_up = retrieval->give_up()};
    options.peer.contexts = batch.contexts;
    options.feed = [&](const network::Negotiated& negotiated) {
      return object_feed(
          {.list = list,
           .queue = queue,
           .associations = associations,
           .takers = negotiated,
           .move_originator_ae = destination.originator_ae,
           .move_originator_message_id = destination.originator_message_id},
          std::make_shared<ObjectReader>(setup.archive, setup.workers, retrieval->strand()));
    };
    Error last_error{ErrorKind::Internal, "nobody sent it"};
    const auto send = [&]() -> Task<void> {
      Result<> sent = co_await send_queue(*queue, options, setup.log);
      if (!sent) last_error = std::move(sent.error());
    };
    co_await in_parallel(associations, send);
    queue->give_up(last_error);
  }
}

}  // namespace

Task<Result<MoveScp::Send>> MoveScp::find_way(Operation& operation) {
  const network::Command& request = operation.request();
  const auto find = [&] { return options_.find_destination(request.move_destination); };
  PACS_CO_TRY(network::RequestOptions peer, co_await on_worker(setup_.workers, find));
  peer.user.operations_window = {kWindow, 1};
  std::vector<std::string> conversions = usual_conversions();
  if (const auto liked = options_.preferred_syntaxes.find(request.move_destination);
      liked != options_.preferred_syntaxes.end()) {
    conversions.insert(conversions.begin(), liked->second.begin(), liked->second.end());
  }
  const Destination destination{.peer = std::move(peer),
                                .associations = std::max<std::size_t>(options_.associations, 1),
                                .conversions = std::move(conversions),
                                .originator_ae = operation.association().request.calling_ae,
                                .originator_message_id = request.message_id};
  co_return [this, destination](std::shared_ptr<Retrieval> retrieval) {
    return send_there(setup_, destination, std::move(retrieval));
  };
}

}  // namespace pacs::services
