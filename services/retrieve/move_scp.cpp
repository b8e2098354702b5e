#include "services/retrieve/move_scp.h"

#include <utility>

namespace pacs::services {
namespace {

Task<void> send_there(const RetrieveSetup& setup, SendDestination destination,
                      std::shared_ptr<Retrieval> retrieval) {
  ListToSend what{.list = retrieval->list(),
                  .queue =
                      [retrieval](std::deque<std::size_t> objects, std::size_t retries) {
                        return retrieval->queue(std::move(objects), retries);
                      },
                  .give_up = retrieval->give_up(),
                  .trace_id = retrieval->trace_id()};
  const Result<> sent = co_await send_list(setup, std::move(destination), std::move(what));
  (void)sent;  // each object has its result
}

}  // namespace

Task<Result<MoveScp::Send>> MoveScp::find_way(Operation& operation) {
  const network::Command& request = operation.request();
  PACS_CO_TRY(SendDestination destination,
              co_await find_destination(options_, setup_.read.workers, request.move_destination));
  destination.move_originator_ae = operation.association().request.calling_ae;
  destination.move_originator_message_id = request.message_id;
  co_return [this, destination](std::shared_ptr<Retrieval> retrieval) {
    return send_there(setup_, destination, std::move(retrieval));
  };
}

}  // namespace pacs::services
