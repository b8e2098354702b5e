#include "storage/journal/store_record.h"

#include "storage/objects/file_storage.h"

namespace pacs::storage {
namespace {

constexpr std::uint8_t kVersion = 1;

void put(Bytes& to, std::uint64_t number) {
  append(to, number, ByteOrder::Little);
}
void put(Bytes& to, ByteView bytes) {
  append(to, static_cast<std::uint32_t>(bytes.size()), ByteOrder::Little);
  append(to, bytes);
}
void put(Bytes& to, std::string_view text) {
  put(to, as_bytes(text));
}

/// Reads what `put` wrote; once something was missing all further reads give nothing.
class Reader {
 public:
  explicit Reader(ByteView from) : from_(from) {}
  std::uint64_t number() {
    const ByteView raw = take(sizeof(std::uint64_t));
    return raw.empty() ? 0 : load<std::uint64_t>(raw.data(), ByteOrder::Little);
  }
  ByteView bytes() {
    const ByteView raw = take(sizeof(std::uint32_t));
    return raw.empty() ? raw : take(load<std::uint32_t>(raw.data(), ByteOrder::Little));
  }
  std::string text() { return std::string(as_text(bytes())); }
  std::uint8_t byte() {
    const ByteView raw = take(1);
    return raw.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(raw[0]);
  }
  [[nodiscard]] bool complete() const { return !missing_ && from_.empty(); }

 private:
  ByteView take(std::size_t length) {
    if (missing_ || from_.size() < length) {
      missing_ = true;
      return {};
    }
    const ByteView taken = from_.first(length);
    from_ = from_.subspan(length);
    return taken;
  }
  ByteView from_;
  bool missing_ = false;
};

}  // namespace

Bytes encode(const StoreRecord& record) {
  Bytes to;
  to.push_back(std::byte{kVersion});
  to.push_back(std::byte{record.external});
  put(to, record.number);
  put(to, record.replaces);
  put(to, static_cast<std::uint64_t>(record.record.received_ms));
  put(to, record.record.data_set_bytes);
  put(to, record.record.data_set_offset);
  put(to, record.record.checksum);
  put(to, record.record.sop_class_uid);
  put(to, record.record.sop_instance_uid);
  put(to, record.record.series_instance_uid);
  put(to, record.record.study_instance_uid);
  put(to, record.record.transfer_syntax_uid);
  put(to, record.source_ae);
  put(to, ByteView(record.meta));
  put(to, ByteView(record.header));
  return to;
}

Result<StoreRecord> decode_store_record(ByteView head) {
  Reader from(head);
  if (from.byte() != kVersion) {
    return fail(ErrorKind::Corrupt, "a journal record has an unknown version");
  }
  StoreRecord record;
  record.external = from.byte() != 0;
  record.number = from.number();
  record.replaces = from.number();
  record.record.received_ms = static_cast<std::int64_t>(from.number());
  record.record.data_set_bytes = from.number();
  record.record.data_set_offset = from.number();
  record.record.checksum = from.number();
  record.record.sop_class_uid = from.text();
  record.record.sop_instance_uid = from.text();
  record.record.series_instance_uid = from.text();
  record.record.study_instance_uid = from.text();
  record.record.transfer_syntax_uid = from.text();
  record.source_ae = from.text();
  const ByteView meta = from.bytes();
  record.meta.assign(meta.begin(), meta.end());
  const ByteView header = from.bytes();
  record.header.assign(header.begin(), header.end());
  if (!from.complete())
    return fail(ErrorKind::Corrupt, "a journal record is too short or too long");
  record.record.object_key = object_key(record.number);
  return record;
}

}  // namespace pacs::storage
