// object_feed: opens the objects of a retrieve that one association sends, some of them ahead.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "services/retrieve/lossy_copies.h"
#include "services/retrieve/object_reader.h"
#include "services/retrieve/retrieve_list.h"
#include "services/store/send_queue.h"

namespace pacs::services {

/// Begun ahead at most: small objects, of which many make up kReadAheadBytes.
inline constexpr std::size_t kObjectsAhead = 64;

struct FeedOptions {
  std::shared_ptr<const RetrieveList> list;
  std::shared_ptr<SendQueue> queue;
  std::shared_ptr<const LossyCopies> lossy = std::make_shared<const LossyCopies>();
  std::size_t associations = 1;    ///< that share the queue
  network::Negotiated takers;      ///< the contexts that the peer receives on
  std::string move_originator_ae;  ///< of a C-MOVE
  std::optional<std::uint16_t> move_originator_message_id;
};

/// What `send_objects` asks for the next object, on the association's executor. What it has opened
/// and not given away goes back to the queue with it.
[[nodiscard]] NextObject object_feed(FeedOptions options, std::shared_ptr<ObjectReader> reader);

}  // namespace pacs::services
