#include "services/store/store_files.h"

#include <algorithm>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

namespace pacs::services {

using network::Task;

namespace {

/// Of each file of a batch; one association at a time sends a file.
using MetDepartures = std::map<std::size_t, Departures>;

OutgoingObject open(const StorableFile& file, std::size_t number, SendQueue& queue,
                    const network::Negotiated& negotiated, bool convert, Departures& met) {
  OutgoingObject object{.number = number,
                        .request = store_request(file.sop_class_uid, file.sop_instance_uid)};
  const std::optional<Error> why_uncompressed = queue.why_uncompressed(number);
  const ObjectKind kind{.sop_class_uid = file.sop_class_uid,
                        .transfer_syntax_uid = file.transfer_syntax_uid,
                        .is_compressible = !why_uncompressed};
  const auto context = context_for(negotiated, kind, convert);
  if (context) {
    object.context_id = (*context)->id;
    object.transfer_syntax_uid = (*context)->transfer_syntax;
    object.data_set = data_set_when_sent(file, object.transfer_syntax_uid,
                                         [&met](Departures departures) { met.add(departures); });
  } else {
    object.data_set = fail(why_uncompressed.value_or(context.error()));
  }
  return object;
}

Task<void> work(SendQueue& queue, const SendQueueOptions& options, const integration::Logger& log,
                std::optional<Error>& last_error) {
  Result<> sent = co_await send_queue(queue, options, log);
  if (!sent) last_error = std::move(sent.error());
}

void store_batch(std::span<const StorableFile> files, const StoreBatch& batch,
                 const StoreOptions& options, const integration::Logger& log,
                 const std::function<void(const FileResult&)>& on_result) {
  MetDepartures met;
  for (const std::size_t number : batch.objects) met.try_emplace(number);
  SendQueue queue{
      {batch.objects.begin(), batch.objects.end()}, options.retries, [&](const SentObject& sent) {
        on_result(
            {result_of(sent.response), sent.number, sent.transfer_syntax_uid, met.at(sent.number)});
      }};
  SendQueueOptions sending{options.peer, options.retries, options.retry_delay, {}};
  sending.peer.contexts = batch.contexts;
  sending.feed = [&](const network::Negotiated& negotiated) -> NextObject {
    return [&]() -> std::optional<OutgoingObject> {
      const std::optional<std::size_t> number = queue.next();
      if (!number) return std::nullopt;
      return open(files[*number], *number, queue, negotiated, !options.conversions.empty(),
                  met.at(*number));
    };
  };
  const std::size_t associations =
      std::clamp<std::size_t>(options.associations, 1, batch.objects.size());
  std::vector<std::optional<Error>> errors(associations);

  boost::asio::io_context io;
  for (std::size_t i = 0; i < associations; ++i) {
    boost::asio::co_spawn(boost::asio::make_strand(io), work(queue, sending, log, errors[i]),
                          boost::asio::detached);
  }
  const std::size_t threads =
      std::min<std::size_t>(associations, std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back([&io] { io.run(); });
  io.run();
  for (std::thread& helper : helpers) helper.join();

  if (queue.finished()) return;
  const auto failed =
      std::ranges::find_if(errors, [](const auto& error) { return error.has_value(); });
  queue.give_up(failed == errors.end() ? Error{ErrorKind::Internal, "nobody sent it"} : **failed);
}

}  // namespace

void store_files(std::span<const StorableFile> files, const StoreOptions& options,
                 const integration::Logger& log,
                 const std::function<void(const FileResult&)>& on_result) {
  for (const StoreBatch& batch : plan_store(files, options.conversions)) {
    store_batch(files, batch, options, log, on_result);
  }
}

}  // namespace pacs::services
