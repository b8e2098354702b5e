#include "services/retrieve/move_scp.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/dispatch/on_worker.h"
#include "services/query/query_models.h"
#include "services/retrieve/object_feed.h"

namespace pacs::services {
namespace {

/// Tries more of an object that was not answered, each on a new association.
constexpr std::size_t kRetries = 1;
/// Objects on their way at once, as far as the destination grants it.
constexpr std::uint16_t kWindow = 16;

/// What the coroutines of one C-MOVE share.
struct Moving {
  const RetrieveSetup& setup;
  std::shared_ptr<Retrieval> retrieval;
  network::RequestOptions destination;
  std::size_t associations;
  std::string originator_ae;
  std::uint16_t originator_message_id;
  std::shared_ptr<SendQueue> queue{};      ///< of the batch that is under way
  std::set<network::Association*> open{};  ///< to the destination

  [[nodiscard]] Retrieval::Stop stop() {
    return {.begin_no_more =
                [this] {
                  if (queue) queue->stop();
                },
            .give_up =
                [this] {
                  for (network::Association* association : open) association->abort();
                }};
  }
};

/// What one association sends. The feed gives back what it took when the association has ended.
NextObject feed_of(const std::shared_ptr<Moving>& of, const std::shared_ptr<SendQueue>& queue,
                   network::Association& association) {
  Moving& moving = *of;
  const RetrieveSetup& setup = moving.setup;
  auto reader =
      std::make_shared<ObjectReader>(setup.archive, setup.workers, moving.retrieval->strand());
  moving.open.insert(&association);
  const std::shared_ptr<void> opened(nullptr,
                                     [of, &association](void*) { of->open.erase(&association); });
  auto feed = std::make_shared<ObjectFeed>(
      FeedOptions{
          .list = moving.retrieval->list(),
          .takers = association.negotiated(),
          .take = [queue] { return queue->next(); },
          .stopped =
              [queue, retrieval = moving.retrieval] {
                if (retrieval->stopped()) queue->stop();
                return retrieval->stopped();
              },
          // Fewer and fewer towards the end, so that all associations have to do until it.
          .share = [queue, among = moving.associations] { return queue->waiting() / among; },
          .put_back = [queue](std::size_t object) { queue->put_back(object); },
          .move_originator_ae = moving.originator_ae,
          .move_originator_message_id = moving.originator_message_id},
      std::move(reader));
  return [feed, opened] { return feed->next(); };
}

/// The associations of one batch that are open.
struct Senders {
  explicit Senders(const boost::asio::any_io_executor& strand) : ended(strand) {}
  Event ended;
  std::size_t running = 0;
  Error last_error{ErrorKind::Internal, "nobody sent it"};
};

Task<void> send_share(std::shared_ptr<Moving> moving, std::shared_ptr<SendQueue> queue,
                      std::shared_ptr<Senders> senders, SendQueueOptions options) {
  Result<> sent = co_await send_queue(*queue, options, moving->setup.log);
  if (!sent) senders->last_error = std::move(sent.error());
  --senders->running;
  senders->ended.notify_all();
}

/// Batch after batch; each is as many contexts as an association can have.
Task<void> move_all(std::shared_ptr<Moving> moving) {
  Retrieval& retrieval = *moving->retrieval;
  const auto kind_of = [&](std::size_t i) { return retrieval.list()->kind(i); };
  const std::vector<StoreBatch> batches = plan_store(retrieval.list()->size(), kind_of, true);
  for (const StoreBatch& batch : batches) {
    if (retrieval.stopped()) co_return;
    const auto queue = std::make_shared<SendQueue>(
        std::deque<std::size_t>{batch.objects.begin(), batch.objects.end()}, kRetries,
        [&retrieval](std::size_t object, const std::string&, const auto& response) {
          retrieval.done(object, response);
        });
    moving->queue = queue;
    SendQueueOptions options{.peer = moving->destination, .retries = kRetries, .feed = {}};
    options.peer.contexts = batch.contexts;
    options.feed = [moving, queue](network::Association& association) {
      return feed_of(moving, queue, association);
    };
    const auto senders = std::make_shared<Senders>(retrieval.strand());
    senders->running = std::min(moving->associations, batch.objects.size());
    for (std::size_t i = senders->running; i > 0; --i) {
      retrieval.run(send_share(moving, queue, senders, options));
    }
    while (senders->running != 0) co_await senders->ended.wait();
    queue->give_up(senders->last_error);
  }
}

}  // namespace

bool MoveScp::serves(std::string_view sop_class_uid) const {
  const QuerySopClass* sop_class = find_query_sop_class(sop_class_uid);
  return sop_class != nullptr && sop_class->service == QueryService::Move;
}

std::optional<Bytes> MoveScp::answer_extended(const network::ExtendedNegotiation& proposed) const {
  return answer_query_negotiation(proposed);
}

Task<Result<Answer>> MoveScp::perform(Operation& operation) {
  Result<storage::Selection> selection = co_await read_selection(operation);
  if (!selection) co_return fail(std::move(selection.error()));
  const network::Command& request = operation.request();
  const auto find = [&] { return options_.find_destination(request.move_destination); };
  Result<network::RequestOptions> destination = co_await on_worker(setup_.workers, find);
  if (!destination) co_return fail(std::move(destination.error()));
  Result<std::shared_ptr<const RetrieveList>> list =
      co_await list_on_worker(setup_, std::move(*selection));
  if (!list) co_return cannot_calculate(list.error());

  const auto strand = operation.requestor()->executor();
  const auto retrieval =
      std::make_shared<Retrieval>(std::move(*list), strand, operation.stop_token());
  destination->window_invoked = kWindow;
  const auto moving = std::make_shared<Moving>(
      Moving{.setup = setup_,
             .retrieval = retrieval,
             .destination = std::move(*destination),
             .associations = std::max<std::size_t>(options_.associations, 1),
             .originator_ae = operation.association().request.calling_ae,
             .originator_message_id = request.message_id});
  if (retrieval->list()->size() != 0) retrieval->run(move_all(moving));
  Answer answer = co_await retrieval->answered(operation, moving->stop());
  retrieval->report(setup_.log, operation.association().id, "C-MOVE");
  co_return answer;
}

}  // namespace pacs::services
