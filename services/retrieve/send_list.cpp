#include "services/retrieve/send_list.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/this_coro.hpp>

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

std::vector<std::string> conversions_for(const SendDestination& destination) {
  std::vector<std::string> conversions = destination.preferences.syntaxes;
  std::ranges::move(usual_conversions(), std::back_inserter(conversions));
  return conversions;
}

Task<std::shared_ptr<const LossyCopies>> lossy_copies(const RetrieveSetup& setup,
                                                      const SendDestination& destination,
                                                      const ListToSend& what) {
  const int quality = destination.preferences.lossy_jpeg_quality;
  if (quality == 0) co_return std::make_shared<const LossyCopies>();
  const auto choose = [&] {
    return choose_lossy(setup.read.archive, *what.list, quality, what.give_up);
  };
  LossyCopies chosen = co_await on_worker(setup.read.workers, choose);
  co_return std::make_shared<const LossyCopies>(std::move(chosen));
}

}  // namespace

Task<Result<SendDestination>> find_destination(const SendOptions& options,
                                               integration::WorkPool& workers,
                                               std::string_view ae_title) {
  const auto find = [&] { return options.find_destination(ae_title); };
  PACS_CO_TRY(network::RequestOptions peer, co_await on_worker(workers, find));
  peer.user.operations_window = {kWindow, 1};
  const auto liked = options.preferences.find(ae_title);
  co_return SendDestination{
      .peer = std::move(peer),
      .associations = std::max<std::size_t>(options.associations, 1),
      .preferences = liked == options.preferences.end() ? ImagePreferences{} : liked->second};
}

/// Batch after batch; each is as many contexts as an association can have.
Task<Result<>> send_list(const RetrieveSetup& setup, SendDestination destination, ListToSend what) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const std::shared_ptr<const LossyCopies> lossy = co_await lossy_copies(setup, destination, what);
  const auto kind_of = [&](std::size_t i) { return lossy->kind(*what.list, i); };
  const std::vector<StoreBatch> batches =
      plan_store(what.list->size(), kind_of, conversions_for(destination));
  Result<> outcome;
  for (const StoreBatch& batch : batches) {
    const std::shared_ptr<SendQueue> queue =
        what.queue({batch.objects.begin(), batch.objects.end()}, kRetries);
    const std::size_t associations = std::min(destination.associations, batch.objects.size());
    SendQueueOptions options{
        .peer = destination.peer, .retries = kRetries, .feed = {}, .give_up = what.give_up};
    options.peer.contexts = batch.contexts;
    options.feed = [&](const network::Negotiated& negotiated) {
      return object_feed({.list = what.list,
                          .queue = queue,
                          .lossy = lossy,
                          .associations = associations,
                          .takers = negotiated,
                          .move_originator_ae = destination.move_originator_ae,
                          .move_originator_message_id = destination.move_originator_message_id},
                         std::make_shared<ObjectReader>(setup.read, executor, what.trace_id));
    };
    Error last_error{ErrorKind::Internal, "nobody sent it"};
    const auto send = [&]() -> Task<void> {
      Result<> sent = co_await send_queue(*queue, options, setup.log);
      if (!sent) last_error = std::move(sent.error());
    };
    co_await in_parallel(associations, send);
    if (!queue->finished()) outcome = fail(last_error);
    queue->give_up(last_error);
  }
  co_return outcome;
}

}  // namespace pacs::services
