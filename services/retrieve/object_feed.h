// ObjectFeed: gives one association the objects of a retrieve, a few of them being read already.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "services/retrieve/object_reader.h"
#include "services/retrieve/retrieve_list.h"
#include "services/store/storage_scu.h"

namespace pacs::services {

/// Objects begun ahead at most: small ones, of which many make up kReadAheadBytes.
inline constexpr std::size_t kObjectsAhead = 64;

struct FeedOptions {
  std::shared_ptr<const RetrieveList> list;
  network::Negotiated takers;  ///< the contexts the peer receives on
  /// The next of the list that nobody has taken yet.
  std::function<std::optional<std::size_t>()> take;
  /// Nothing more is to be begun, read ahead or not.
  std::function<bool()> stopped;
  /// How many may be taken ahead at this moment: others want their share.
  std::function<std::size_t()> share = [] { return kObjectsAhead; };
  /// What was taken and is not sent after all.
  std::function<void(std::size_t)> put_back;
  std::string move_originator_ae{};  ///< sub-operations of a C-MOVE
  std::optional<std::uint16_t> move_originator_message_id{};
};

/// On the association's executor only.
class ObjectFeed {
 public:
  ObjectFeed(FeedOptions options, std::shared_ptr<ObjectReader> reader)
      : options_(std::move(options)), reader_(std::move(reader)) {}
  ~ObjectFeed();
  ObjectFeed(const ObjectFeed&) = delete;
  ObjectFeed& operator=(const ObjectFeed&) = delete;

  /// Its `number` is that of the list.
  [[nodiscard]] std::optional<OutgoingObject> next();
  /// The next one's number, not to be sent.
  [[nodiscard]] std::optional<std::size_t> skip();

 private:
  void begin(std::size_t number);

  FeedOptions options_;
  std::shared_ptr<ObjectReader> reader_;
  std::deque<OutgoingObject> ahead_;
  std::uint64_t bytes_ahead_ = 0;
};

}  // namespace pacs::services
