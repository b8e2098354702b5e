#include "services/retrieve/retrieve_list.h"

#include <fmt/format.h>

namespace pacs::services {

void RetrieveList::add(const storage::InstanceRecord& record) {
  const auto [known, added] =
      numbers_.try_emplace({record.sop_class_uid, record.transfer_syntax_uid},
                           static_cast<std::uint32_t>(kinds_.size()));
  if (added) kinds_.push_back(known->first);
  entries_.push_back({.text = texts_.size(),
                      .data_set_bytes = record.data_set_bytes,
                      .data_set_offset = record.data_set_offset,
                      .kind = known->second,
                      .uid_characters = static_cast<std::uint16_t>(record.sop_instance_uid.size()),
                      .key_characters = static_cast<std::uint16_t>(record.object_key.size())});
  texts_ += record.sop_instance_uid;
  texts_ += record.object_key;
}

ObjectKind RetrieveList::kind(std::size_t index) const {
  const Kind& kind = kinds_[entries_[index].kind];
  return {kind.sop_class_uid, kind.transfer_syntax_uid};
}

std::string_view RetrieveList::sop_instance_uid(std::size_t index) const {
  const Entry& entry = entries_[index];
  return std::string_view{texts_}.substr(entry.text, entry.uid_characters);
}

storage::InstanceRecord RetrieveList::record(std::size_t index) const {
  const Entry& entry = entries_[index];
  storage::InstanceRecord record;
  record.sop_class_uid = kinds_[entry.kind].sop_class_uid;
  record.transfer_syntax_uid = kinds_[entry.kind].transfer_syntax_uid;
  record.sop_instance_uid = sop_instance_uid(index);
  record.object_key = texts_.substr(entry.text + entry.uid_characters, entry.key_characters);
  record.data_set_bytes = entry.data_set_bytes;
  record.data_set_offset = entry.data_set_offset;
  return record;
}

Result<RetrieveList> list_selection(storage::Archive& archive, storage::Selection selection) {
  constexpr std::size_t kRecordsAtOnce = 1000;
  PACS_TRY(const std::unique_ptr<storage::Records> records, archive.select(std::move(selection)));
  RetrieveList list;
  for (;;) {
    PACS_TRY(const std::vector<storage::InstanceRecord> some, records->next(kRecordsAtOnce));
    if (some.empty()) return list;
    for (const storage::InstanceRecord& record : some) list.add(record);
    if (list.size() > kRetrievedInstancesMax) {
      return fail(ErrorKind::LimitExceeded,
                  fmt::format("more than {} instances: ask for fewer", kRetrievedInstancesMax));
    }
  }
}

}  // namespace pacs::services
