#include "services/retrieve/object_feed.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "encoding/pixels/lossy_copy.h"

namespace pacs::services {
namespace {

class ObjectFeed {
 public:
  ObjectFeed(FeedOptions options, std::shared_ptr<ObjectReader> reader)
      : options_(std::move(options)), reader_(std::move(reader)) {}
  ~ObjectFeed();
  ObjectFeed(const ObjectFeed&) = delete;
  ObjectFeed& operator=(const ObjectFeed&) = delete;

  [[nodiscard]] std::optional<OutgoingObject> next();

 private:
  [[nodiscard]] bool may_begin() const;
  void begin(std::size_t number);

  const FeedOptions options_;
  const std::shared_ptr<ObjectReader> reader_;
  std::deque<OutgoingObject> ahead_;
  std::uint64_t bytes_ahead_ = 0;
};

ObjectFeed::~ObjectFeed() {
  for (; !ahead_.empty(); ahead_.pop_back()) options_.queue->put_back(ahead_.back().number);
}

std::optional<OutgoingObject> ObjectFeed::next() {
  if (options_.queue->stopped()) return std::nullopt;  // also for what is begun
  while (may_begin()) {
    const std::optional<std::size_t> number = options_.queue->next();
    if (!number) break;
    begin(*number);
  }
  if (ahead_.empty()) return std::nullopt;
  OutgoingObject object = std::move(ahead_.front());
  ahead_.pop_front();
  bytes_ahead_ -= options_.list->record(object.number).data_set_bytes;
  return object;
}

bool ObjectFeed::may_begin() const {
  if (ahead_.empty()) return true;
  if (bytes_ahead_ >= kReadAheadBytes || ahead_.size() >= kObjectsAhead) return false;
  // Fewer and fewer towards the end, so that all associations have to do until it.
  return options_.associations == 1 ||
         ahead_.size() < options_.queue->waiting() / options_.associations;
}

void ObjectFeed::begin(std::size_t number) {
  storage::InstanceRecord record = options_.list->record(number);
  OutgoingObject object{.number = number,
                        .request = store_request(record.sop_class_uid, record.sop_instance_uid)};
  object.request.move_originator_ae = options_.move_originator_ae;
  object.request.move_originator_message_id = options_.move_originator_message_id;
  bytes_ahead_ += record.data_set_bytes;
  ObjectKind kind = options_.lossy->kind(*options_.list, number);
  const std::optional<Error> why_uncompressed = options_.queue->why_uncompressed(number);
  if (why_uncompressed) {
    kind.is_compressible = false;
    kind.lossy_syntax_uid = {};
  }
  const auto context = context_for(options_.takers, kind, true);
  if (context) {
    object.context_id = (*context)->id;
    object.transfer_syntax_uid = (*context)->transfer_syntax;
    SentAs as{.transfer_syntax_uid = object.transfer_syntax_uid};
    if (object.transfer_syntax_uid == kind.lossy_syntax_uid) {
      object.is_lossy_copy = true;
      as.lossy_jpeg_quality = options_.lossy->jpeg_quality;
      object.request.sop_instance_uid =
          lossy_copy_uid(record.sop_instance_uid, as.lossy_jpeg_quality);
    }
    object.data_set = reader_->open(std::move(record), as);
  } else {
    object.data_set = fail(why_uncompressed.value_or(context.error()));
  }
  ahead_.push_back(std::move(object));
}

}  // namespace

NextObject object_feed(FeedOptions options, std::shared_ptr<ObjectReader> reader) {
  return [feed = std::make_shared<ObjectFeed>(std::move(options), std::move(reader))] {
    return feed->next();
  };
}

}  // namespace pacs::services
