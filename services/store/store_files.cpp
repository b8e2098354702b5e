#include "services/store/store_files.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include "services/store/store_plan.h"

namespace pacs::services {

using network::Task;

namespace {

OutgoingObject object_of(std::span<const StorableFile> files, std::size_t index, bool convert) {
  const StorableFile& file = files[index];
  OutgoingObject object;
  object.number = index;
  object.sop_class_uid = file.sop_class_uid;
  object.sop_instance_uid = file.sop_instance_uid;
  object.transfer_syntax_uid = file.transfer_syntax_uid;
  object.open = [&file](std::string_view as) { return open_data_set(file, as); };
  if (convert) {
    object.convertible = [&file](std::string_view as) { return is_convertible(file, as); };
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
  SendQueue queue{{batch.objects.begin(), batch.objects.end()},
                  options.retries,
                  [&](std::size_t file, std::string transfer_syntax_uid, const auto& response) {
                    FileResult result{result_of(response), file, std::move(transfer_syntax_uid)};
                    on_result(result);
                  }};
  SendQueueOptions sending{options.peer, options.retries, options.retry_delay, {}};
  sending.peer.contexts = batch.contexts;
  sending.feed = [&](network::Association&) -> NextObject {
    return [&]() -> std::optional<OutgoingObject> {
      const std::optional<std::size_t> index = queue.next();
      if (!index) return std::nullopt;
      return object_of(files, *index, options.offer_conversion);
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
  for (const StoreBatch& batch : plan_store(files, options.offer_conversion)) {
    store_batch(files, batch, options, log, on_result);
  }
}

}  // namespace pacs::services
