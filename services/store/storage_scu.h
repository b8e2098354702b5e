// Storage SCU (PS3.4 Annex B): sends objects on an open association, as many at a time as the peer
// performs at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/association.h"
#include "services/dispatch/service.h"

namespace pacs::services {

/// An object to be sent, wherever it lies.
struct OutgoingObject {
  std::size_t number = 0;  ///< the caller's own, to know it again
  std::string sop_class_uid, sop_instance_uid;
  std::string transfer_syntax_uid;  ///< as stored
  /// Opens the data set in a transfer syntax that `convertible` allows.
  std::function<Result<network::DataSource>(std::string_view transfer_syntax_uid)> open;
  /// Whether `open` can give it in another transfer syntax than the stored one.
  std::function<bool(std::string_view transfer_syntax_uid)> convertible{};
  std::string move_originator_ae{};  ///< sub-operation of a C-MOVE
  std::optional<std::uint16_t> move_originator_message_id{};
};

/// How sending one object ended: the response, or why there is none. `error` kinds: Rejected (no
/// context for it), the connection's, and what `open` said.
struct SentObject {
  std::size_t number = 0;
  std::string transfer_syntax_uid;  ///< as sent
  Result<network::Command> response;
};

using NextObject = std::function<std::optional<OutgoingObject>()>;
using OnSent = std::function<void(SentObject)>;

/// Sends what `next` gives until it gives nothing more and every response is in. `on_sent` is
/// called once for each object, in the order of the responses. An object whose data cannot be read
/// fails by itself. Gives an error when the association broke: objects in flight have then been
/// reported with it, and `next` was not asked again.
Task<Result<>> send_objects(network::Association& association, NextObject next, OnSent on_sent);

/// Whether an object that failed so may well be sent on another association.
[[nodiscard]] bool broke_association(const Error& error);

/// The C-STORE-RQ of an object.
[[nodiscard]] network::Command store_request(const OutgoingObject& object,
                                             std::uint16_t message_id);
/// Why context_for gave none, for a person.
[[nodiscard]] Error no_context(const network::Negotiated& negotiated, const OutgoingObject& object);

/// The accepted context that carries the object: with its stored transfer syntax, else one that it
/// can be converted to; nullptr when there is none.
[[nodiscard]] const network::PresentationContext* context_for(const network::Negotiated& negotiated,
                                                              const OutgoingObject& object);

}  // namespace pacs::services
