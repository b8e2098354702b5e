// What the journal says of one stored object: enough to finish storing it after a crash.
#pragma once

#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/objects/instance_record.h"

namespace pacs::storage {

struct StoreRecord {
  std::uint64_t number = 0;    ///< of the object; record.object_key follows from it
  std::uint64_t replaces = 0;  ///< number of the object whose place it takes; 0 for none
  bool external = false;       ///< the data set lies in the object store, not in the payload
  InstanceRecord record;
  std::string source_ae;
  Bytes meta;    ///< what precedes the data set in the object
  Bytes header;  ///< encode_header's; empty when recovery is to read the object
};

[[nodiscard]] Bytes encode(const StoreRecord& record);
/// Corrupt when it is not what encode gave.
[[nodiscard]] Result<StoreRecord> decode_store_record(ByteView head);

}  // namespace pacs::storage
