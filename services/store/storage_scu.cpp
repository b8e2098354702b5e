#include "services/store/storage_scu.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "core/uid_registry.h"
#include "services/dispatch/data_source.h"

namespace pacs::services {

using network::Command;
using network::PresentationContext;

namespace {

/// With an unlimited window (0) still a bound: what we keep open at once.
constexpr std::size_t kInFlightMax = 16;

struct InFlight {
  std::size_t number;
  std::string transfer_syntax_uid;
};

/// Notes when reading fails: then the object is at fault, not the association.
network::DataSource watched(network::DataSource source, std::shared_ptr<bool> failed) {
  if (source.waits()) {
    return {[source = std::move(source), failed = std::move(failed)]() -> Task<Result<ByteView>> {
      Result<ByteView> piece = co_await source.later();
      if (!piece) *failed = true;
      co_return piece;
    }};
  }
  return {[source = std::move(source), failed = std::move(failed)]() -> Result<ByteView> {
    Result<ByteView> piece = source.now();
    if (!piece) *failed = true;
    return piece;
  }};
}

/// What ends an association is no object's fault, whatever it is.
Error broken(Error why) {
  if (!broke_association(why)) why.kind = ErrorKind::ConnectionClosed;
  return why;
}

/// The state of one send_objects.
class Sender {
 public:
  Sender(network::Association& association, NextObject next, OnSent on_sent)
      : association_(association), next_(std::move(next)), on_sent_(std::move(on_sent)) {
    const std::size_t window = association.negotiated().window_invoked;
    in_flight_max_ = window == 0 ? kInFlightMax : std::min(window, kInFlightMax);
  }

  Task<Result<>> run() {
    for (;;) {
      Result<> progress = co_await fill_window();
      if (progress && in_flight_.empty()) co_return Result<>{};
      if (progress) {
        Result<> received = co_await take_response();
        progress = std::move(received);
      }
      if (!progress) {
        const Error why = broken(std::move(progress.error()));
        for (auto& [id, object] : in_flight_) {
          on_sent_({object.number, object.transfer_syntax_uid, fail(why)});
        }
        co_return fail(why);
      }
    }
  }

 private:
  Task<Result<>> fill_window() {
    while (more_ && in_flight_.size() < in_flight_max_) {
      std::optional<OutgoingObject> object = next_();
      more_ = object.has_value();
      if (!more_) break;
      const PresentationContext* context = context_for(association_.negotiated(), *object);
      if (context == nullptr) {
        on_sent_({object->number, {}, fail(no_context(association_.negotiated(), *object))});
        continue;
      }
      const std::string& syntax = context->transfer_syntaxes.front();
      Result<network::DataSource> source = object->open(syntax);
      if (!source) {
        on_sent_({object->number, syntax, fail(std::move(source.error()))});
        continue;
      }
      const std::uint16_t id = free_message_id();
      in_flight_.emplace(id, InFlight{object->number, syntax});
      const auto unreadable = std::make_shared<bool>(false);
      Result<> sent = co_await association_.send(context->id, store_request(*object, id),
                                                 watched(std::move(*source), unreadable));
      if (sent) continue;
      in_flight_.erase(id);
      Error why = *unreadable ? std::move(sent.error()) : broken(std::move(sent.error()));
      on_sent_({object->number, syntax, fail(why)});
      if (!association_.ended()) continue;
      if (*unreadable) why.message = "the association was aborted: " + why.message;
      co_return fail(std::move(why));
    }
    co_return Result<>{};
  }

  Task<Result<>> take_response() {
    Result<std::optional<network::Message>> received = co_await association_.receive();
    if (!received) co_return fail(std::move(received.error()));
    if (!received->has_value()) {
      co_return fail(ErrorKind::ConnectionClosed, "the peer released before it answered");
    }
    Command response = std::move((*received)->command);
    if (response.has_data_set) {  // none belongs to a C-STORE-RSP; read past it
      Result<Bytes> ignored =
          co_await read_whole([this] { return association_.read_data_set(); }, 0);
      if (!ignored && ignored.error().kind != ErrorKind::LimitExceeded) {
        co_return fail(std::move(ignored.error()));
      }
    }
    const auto entry = in_flight_.find(response.message_id);
    if (response.field != network::CommandField::CStoreRsp || entry == in_flight_.end()) {
      association_.abort();
      co_return fail(ErrorKind::Malformed, "the peer answered a request that was not made");
    }
    InFlight object = std::move(entry->second);
    in_flight_.erase(entry);
    on_sent_({object.number, std::move(object.transfer_syntax_uid), std::move(response)});
    co_return Result<>{};
  }

  std::uint16_t free_message_id() {
    do {
      ++last_message_id_;
    } while (last_message_id_ == 0 || in_flight_.contains(last_message_id_));
    return last_message_id_;
  }

  network::Association& association_;
  NextObject next_;
  OnSent on_sent_;
  std::size_t in_flight_max_ = 1;
  std::map<std::uint16_t, InFlight> in_flight_;
  std::uint16_t last_message_id_ = 0;
  bool more_ = true;
};

}  // namespace

bool broke_association(const Error& error) {
  return error.kind == ErrorKind::ConnectionClosed || error.kind == ErrorKind::Timeout;
}

Command store_request(const OutgoingObject& object, std::uint16_t message_id) {
  Command command;
  command.field = network::CommandField::CStoreRq;
  command.message_id = message_id;
  command.sop_class_uid = object.sop_class_uid;
  command.sop_instance_uid = object.sop_instance_uid;
  command.priority = 0;  // medium (PS3.7 §9.3.1.1)
  command.has_data_set = true;
  command.move_originator_ae = object.move_originator_ae;
  command.move_originator_message_id = object.move_originator_message_id;
  return command;
}

Error no_context(const network::Negotiated& negotiated, const OutgoingObject& object) {
  // PS3.8 Table 9-18: 4 says that the class is served, only not in what was proposed.
  const bool class_known = std::ranges::any_of(negotiated.contexts, [&](const auto& context) {
    return context.abstract_syntax == object.sop_class_uid &&
           (context.result == 0 || context.result == 4);
  });
  const std::string_view name = uid_name(object.sop_class_uid);
  return {ErrorKind::Rejected, class_known ? fmt::format("the peer takes no {} for {}",
                                                         uid_name(object.transfer_syntax_uid), name)
                                           : fmt::format("the peer does not take {}", name)};
}

const PresentationContext* context_for(const network::Negotiated& negotiated,
                                       const OutgoingObject& object) {
  if (const auto* as_stored =
          negotiated.accepted_for(object.sop_class_uid, object.transfer_syntax_uid)) {
    return as_stored;
  }
  if (!object.convertible) return nullptr;
  const auto takes_it = [&](const PresentationContext& context) {
    return context.result == 0 && context.abstract_syntax == object.sop_class_uid &&
           !context.transfer_syntaxes.empty() &&
           object.convertible(context.transfer_syntaxes.front());
  };
  const auto found = std::ranges::find_if(negotiated.contexts, takes_it);
  return found == negotiated.contexts.end() ? nullptr : &*found;
}

Task<Result<>> send_objects(network::Association& association, NextObject next, OnSent on_sent) {
  Sender sender{association, std::move(next), std::move(on_sent)};
  Result<> outcome = co_await sender.run();
  co_return outcome;
}

}  // namespace pacs::services
