// Storage SCU (PS3.4 Annex B): sends the objects of a queue over one association, as many at a time
// as the peer performs at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "network/association.h"
#include "services/dispatch/requestor.h"

namespace pacs::services {

class SendQueue;

/// Sends a request and waits for its final response: on an association of the peer's
/// (Requestor::invoke) or on one of ours (requests_on). Errors that broke_association knows end the
/// association; others are those of this request and its data set.
using Invoke = std::function<Task<Result<Response>>(
    std::uint8_t context_id, network::Command request, network::DataSource data_set)>;

/// For an association that we opened, to be called by any number of coroutines of its executor.
/// Errors are the association's, but for those of the data set.
[[nodiscard]] Invoke requests_on(std::shared_ptr<network::Association> association,
                                 const boost::asio::any_io_executor& executor);

/// What of an object decides its presentation context.
struct ObjectKind {
  std::string_view sop_class_uid, transfer_syntax_uid;
  std::string_view lossy_syntax_uid{};  ///< goes so if the peer takes it; empty: never with loss
  bool is_compressible = true;  ///< as far as is known: codecs do not take every form of pixels
};

/// An accepted context that carries the object: lossy if it is to go so, with its transfer syntax,
/// else with what it can be transcoded to at the least cost, if it may be `converted`: what is
/// compressed goes compressed without loss, else uncompressed; what is not stays so if it can; what
/// is not compressible never becomes it. Rejected, for a person to read, when there is none.
[[nodiscard]] Result<const network::PresentationContext*> context_for(
    const network::Negotiated& negotiated, const ObjectKind& object, bool converted);

/// An object on its way to one peer.
struct OutgoingObject {
  std::size_t number = 0;  ///< the queue's
  network::Command request{};
  std::uint8_t context_id = 0;
  std::string transfer_syntax_uid{};       ///< as sent
  bool is_lossy_copy = false;              ///< the object itself goes where it cannot be made
  Result<network::DataSource> data_set{};  ///< or why it cannot be sent
};
/// Its C-STORE-RQ, the message id aside.
[[nodiscard]] network::Command store_request(std::string sop_class_uid,
                                             std::string sop_instance_uid);

/// Takes the next object of the queue and opens it.
using NextObject = std::function<std::optional<OutgoingObject>()>;

/// Sends what `next` gives until it gives nothing more and every response is in; `queue` is told of
/// each. At most `window` are on their way at once (0: no limit of the peer's). An object whose
/// data cannot be read fails by itself; one whose pixels a codec does not take comes again, to go
/// uncompressed. Gives an error when the association broke.
Task<Result<>> send_objects(Invoke invoke, std::size_t window, NextObject next, SendQueue& queue);

/// Whether an object that failed so may well be sent on another association.
[[nodiscard]] bool broke_association(const Error& error);

}  // namespace pacs::services
