#include "services/retrieve/object_feed.h"

#include <algorithm>
#include <utility>

#include "services/store/storable_file.h"

namespace pacs::services {

ObjectFeed::~ObjectFeed() {
  while (!ahead_.empty()) {
    options_.put_back(ahead_.back().number);
    ahead_.pop_back();
  }
}

std::optional<OutgoingObject> ObjectFeed::next() {
  if (options_.stopped()) return std::nullopt;
  while (ahead_.empty() || (bytes_ahead_ < kReadAheadBytes &&
                            ahead_.size() < std::min(kObjectsAhead, options_.share()))) {
    const std::optional<std::size_t> number = options_.take();
    if (!number) break;
    begin(*number);
  }
  if (ahead_.empty()) return std::nullopt;
  OutgoingObject object = std::move(ahead_.front());
  ahead_.pop_front();
  bytes_ahead_ -= options_.list->record(object.number).data_set_bytes;
  return object;
}

std::optional<std::size_t> ObjectFeed::skip() {
  if (ahead_.empty()) return options_.take();
  const std::size_t number = ahead_.front().number;
  ahead_.pop_front();
  bytes_ahead_ -= options_.list->record(number).data_set_bytes;
  return number;
}

void ObjectFeed::begin(std::size_t number) {
  storage::InstanceRecord record = options_.list->record(number);
  OutgoingObject object;
  object.number = number;
  object.sop_class_uid = record.sop_class_uid;
  object.sop_instance_uid = record.sop_instance_uid;
  object.transfer_syntax_uid = record.transfer_syntax_uid;
  object.move_originator_ae = options_.move_originator_ae;
  object.move_originator_message_id = options_.move_originator_message_id;
  object.convertible = [from = record.transfer_syntax_uid](std::string_view to) {
    return is_convertible(from, to);
  };
  bytes_ahead_ += record.data_set_bytes;
  if (const auto* context = context_for(options_.takers, object)) {
    object.open = [source = reader_->open(std::move(record), context->transfer_syntaxes.front())](
                      std::string_view) -> Result<network::DataSource> { return source; };
  }
  ahead_.push_back(std::move(object));
}

}  // namespace pacs::services
