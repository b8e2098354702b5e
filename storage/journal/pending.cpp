#include "storage/journal/pending.h"

#include <utility>

#include "encoding/data_sets/header_blob.h"

namespace pacs::storage {

void PendingObject::prepare() {
  std::call_once(prepared_, [this] {
    row.columns = column_values(parsed_->data_set);
    // An empty one says that the object itself is to be read: encoding a parsed header does not
    // fail but by our own fault, which must not cost an acknowledged image.
    row.header = encode_header(*parsed_).value_or(Bytes{});
    header_bytes_ = row.header.size();
    parsed_.reset();
  });
}

PendingTable::Claimed PendingTable::claim(const std::string& sop_instance_uid,
                                          std::function<void()> retry) {
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[sop_instance_uid];
  if (slot.claimed) {
    slot.waiting.push_back(std::move(retry));
    return {Claim::Busy, {}};
  }
  slot.claimed = true;
  return {Claim::Taken, slot.durable};
}

std::vector<std::function<void()>> PendingTable::settle(const Object& object) {
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[object->row.record.sop_instance_uid];
  slot.claimed = false;
  slot.durable = object;
  keys_[object->row.record.object_key] = object;
  return std::exchange(slot.waiting, {});
}

std::vector<std::function<void()>> PendingTable::give_up(const std::string& sop_instance_uid) {
  const std::lock_guard lock(mutex_);
  const auto slot = slots_.find(sop_instance_uid);
  if (slot == slots_.end()) return {};
  slot->second.claimed = false;
  auto waiting = std::exchange(slot->second.waiting, {});
  if (!slot->second.durable) slots_.erase(slot);
  return waiting;
}

void PendingTable::applied(const Object& object) {
  const std::lock_guard lock(mutex_);
  keys_.erase(object->row.record.object_key);
  const auto slot = slots_.find(object->row.record.sop_instance_uid);
  if (slot == slots_.end() || slot->second.durable != object) return;
  slot->second.durable.reset();
  if (!slot->second.claimed) slots_.erase(slot);
}

PendingTable::Object PendingTable::find(std::string_view sop_instance_uid) const {
  const std::lock_guard lock(mutex_);
  const auto slot = slots_.find(sop_instance_uid);
  return slot == slots_.end() ? nullptr : slot->second.durable;
}

PendingTable::Object PendingTable::find_key(std::string_view object_key) const {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(object_key);
  return found == keys_.end() ? nullptr : found->second;
}

std::vector<PendingTable::Object> PendingTable::durable() const {
  const std::lock_guard lock(mutex_);
  std::vector<Object> objects;
  for (const auto& [key, object] : keys_) objects.push_back(object);
  return objects;
}

}  // namespace pacs::storage
