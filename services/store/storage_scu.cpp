#include "services/store/storage_scu.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/uid_registry.h"
#include "encoding/pixels/transcoder.h"
#include "network/dimse/status.h"
#include "services/dispatch/data_pieces.h"
#include "services/dispatch/event.h"
#include "services/dispatch/in_parallel.h"
#include "services/dispatch/scu.h"
#include "services/dispatch/service.h"
#include "services/store/send_queue.h"

namespace pacs::services {

using network::Command;
using network::PresentationContext;

namespace {

/// With an unlimited window (0) still a bound: what we keep open at once.
constexpr std::size_t kInFlightMax = 16;
/// None belongs to a C-STORE-RSP: it is read past.
constexpr std::size_t kResponseDataBytesMax = 0;

/// Requests under way on an association of ours. Whoever waits for a response receives, also for
/// the others that wait.
class Requests {
 public:
  Requests(std::shared_ptr<network::Association> association, boost::asio::any_io_executor executor)
      : association_(std::move(association)), executor_(std::move(executor)) {}

  Task<Result<Response>> invoke(std::uint8_t context_id, Command request,
                                network::DataSource data_set) {
    const auto association = association_;  // however this ends, it outlives what it is asked for
    do {
      ++last_message_id_;
    } while (last_message_id_ == 0 || waiting_.contains(last_message_id_));
    const std::uint16_t id = last_message_id_;
    request.message_id = id;
    const auto own = std::make_shared<Waiting>(executor_, network::response_to(request).field);
    waiting_.emplace(id, own);
    Result<> sent = co_await association->send(context_id, std::move(request), std::move(data_set));
    if (!sent) own->response = fail(std::move(sent.error()));
    while (!own->response) {
      if (std::exchange(receiving_, true)) {
        own->is_waiting = true;
        co_await own->changed.wait();
        own->is_waiting = false;
        continue;
      }
      co_await receive();
      receiving_ = false;
    }
    waiting_.erase(id);
    if (!receiving_) let_another_receive();
    Result<Response> response = std::move(*own->response);
    // What ends an association is no request's fault, whatever it is.
    if (!response && association->ended() && !broke_association(response.error())) {
      response.error().kind = ErrorKind::ConnectionClosed;
    }
    co_return response;
  }

 private:
  struct Waiting {
    Waiting(const boost::asio::any_io_executor& executor, network::CommandField field)
        : changed(executor), expected(field) {}
    Event changed;
    network::CommandField expected;
    bool is_waiting = false;
    std::optional<Result<Response>> response{};
  };

  Task<void> receive() {
    Result<network::Message> received = co_await receive_message(*association_);
    if (!received) co_return fail_all(received.error());
    Response response{.command = std::move(received->command), .data_set = {}};
    if (response.command.has_data_set) {
      const Result<Bytes> ignored = co_await read_whole(
          [this] { return association_->read_data_set(); }, kResponseDataBytesMax);
      if (!ignored && association_->ended()) co_return fail_all(ignored.error());
    }
    const auto entry = waiting_.find(response.command.message_id);
    if (entry == waiting_.end() || entry->second->expected != response.command.field) {
      co_return fail_all(unasked_answer(*association_));
    }
    entry->second->response = std::move(response);
    entry->second->changed.notify_all();
  }

  void fail_all(const Error& why) {
    for (auto& [id, waiting] : waiting_) {
      if (!waiting->response) waiting->response = fail(why);
      waiting->changed.notify_all();
    }
  }

  void let_another_receive() {
    const auto next =
        std::ranges::find_if(waiting_, [](const auto& entry) { return entry.second->is_waiting; });
    if (next != waiting_.end()) next->second->changed.notify_all();
  }

  const std::shared_ptr<network::Association> association_;
  const boost::asio::any_io_executor executor_;
  std::map<std::uint16_t, std::shared_ptr<Waiting>> waiting_;  ///< by message id
  std::uint16_t last_message_id_ = 0;
  bool receiving_ = false;
};

/// What became of a data set that was given away to be sent.
struct Reading {
  bool begun = false;
  bool given = false;              ///< anything of it
  std::optional<Error> failure{};  ///< then the object is at fault, not the association
};

network::DataSource watched(network::DataSource source, std::shared_ptr<Reading> reading) {
  const auto noted = [reading = std::move(reading)](Result<ByteView> piece) {
    reading->begun = true;
    if (piece) reading->given = true;
    if (!piece) reading->failure = piece.error();
    return piece;
  };
  if (source.waits()) {
    return {[source = std::move(source), noted]() -> Task<Result<ByteView>> {
      Result<ByteView> piece = co_await source.later();
      co_return noted(std::move(piece));
    }};
  }
  return {
      [source = std::move(source), noted]() -> Result<ByteView> { return noted(source.now()); }};
}

/// Nothing of the object was sent, and it was to be compressed: with other pixels than codecs take,
/// or with loss, which is never worth a failure.
bool may_go_uncompressed(const Reading& reading, const SentObject& sent, bool is_lossy_copy) {
  if (reading.given || is_uncompressed(sent.transfer_syntax_uid)) return false;
  return is_lossy_copy || reading.failure->kind == ErrorKind::Unsupported;
}

/// Sends one after the other, until one breaks the association or another coroutine says that it is
/// broken.
Task<void> send_each(const Invoke& invoke, const NextObject& next, SendQueue& queue,
                     Result<>& outcome) {
  while (outcome) {
    std::optional<OutgoingObject> object = next();
    if (!object) co_return;
    SentObject sent{object->number, object->transfer_syntax_uid, {}};
    if (!object->data_set) {
      sent.response = fail(std::move(object->data_set.error()));
      queue.sent(std::move(sent));
      continue;
    }
    const auto reading = std::make_shared<Reading>();
    network::DataSource source = watched(std::move(*object->data_set), reading);
    Result<Response> response =
        co_await invoke(object->context_id, std::move(object->request), std::move(source));
    if (response) {
      sent.response = std::move(response->command);
    } else if (reading->failure) {
      if (may_go_uncompressed(*reading, sent, object->is_lossy_copy) &&
          queue.put_back_uncompressed(sent.number, *reading->failure)) {
        continue;
      }
      sent.response = fail(*reading->failure);
    } else if (!broke_association(response.error())) {
      sent.response = fail(std::move(response.error()));
    } else {
      if (outcome) outcome = fail(response.error());
      if (!reading->begun) {
        queue.put_back(sent.number);
        co_return;
      }
      sent.response = fail(std::move(response.error()));
    }
    queue.sent(std::move(sent));
  }
}

}  // namespace

Invoke requests_on(std::shared_ptr<network::Association> association,
                   const boost::asio::any_io_executor& executor) {
  return [requests = std::make_shared<Requests>(std::move(association), executor)](
             std::uint8_t context_id, Command request, network::DataSource data_set) {
    return requests->invoke(context_id, std::move(request), std::move(data_set));
  };
}

bool broke_association(const Error& error) {
  return error.kind == ErrorKind::ConnectionClosed || error.kind == ErrorKind::Timeout;
}

Command store_request(std::string sop_class_uid, std::string sop_instance_uid) {
  Command command;
  command.field = network::CommandField::CStoreRq;
  command.sop_class_uid = std::move(sop_class_uid);
  command.sop_instance_uid = std::move(sop_instance_uid);
  command.priority = 0;  // medium (PS3.7 §9.3.1.1)
  return command;
}

Result<const PresentationContext*> context_for(const network::Negotiated& negotiated,
                                               const ObjectKind& object, bool converted) {
  if (!object.lossy_syntax_uid.empty()) {
    const auto* lossy = negotiated.accepted_for(object.sop_class_uid, object.lossy_syntax_uid);
    if (lossy != nullptr) return lossy;
  }
  if (const auto* as_stored =
          negotiated.accepted_for(object.sop_class_uid, object.transfer_syntax_uid)) {
    return as_stored;
  }
  const PresentationContext* found = nullptr;
  const bool is_plain = is_uncompressed(object.transfer_syntax_uid);
  for (const PresentationContext& context : negotiated.contexts) {
    if (!converted || context.abstract_syntax != object.sop_class_uid ||
        !can_transcode(object.transfer_syntax_uid, context.transfer_syntax)) {
      continue;
    }
    const bool goes_plain = is_uncompressed(context.transfer_syntax);
    if (!goes_plain && !object.is_compressible) continue;
    if (goes_plain == (is_plain || !object.is_compressible)) return &context;
    if (found == nullptr) found = &context;
  }
  if (found != nullptr) return found;
  const std::string_view name = uid_name(object.sop_class_uid);
  return fail(ErrorKind::Rejected, negotiated.serves(object.sop_class_uid)
                                       ? fmt::format("the peer takes no {} for {}",
                                                     uid_name(object.transfer_syntax_uid), name)
                                       : fmt::format("the peer does not take {}", name));
}

Task<Result<>> send_objects(Invoke invoke, std::size_t window, NextObject next, SendQueue& queue) {
  Result<> outcome;
  const std::size_t at_once = window == 0 ? kInFlightMax : std::min(window, kInFlightMax);
  if (at_once == 1) {
    co_await send_each(invoke, next, queue, outcome);
  } else {
    const auto send = [&] { return send_each(invoke, next, queue, outcome); };
    co_await in_parallel(at_once, send);
  }
  co_return outcome;
}

}  // namespace pacs::services
