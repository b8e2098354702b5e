// Object check: whether a stored object is still what the index says of it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/objects/instance_record.h"

namespace pacs::storage {

/// Reads bytes of the stored object at an offset; fewer than asked for only at its end.
using ObjectReading = std::function<Result<std::size_t>(std::uint64_t, std::span<std::byte>)>;

/// Reads the whole object. NotFound when it is missing; Corrupt when its length, its checksum or
/// what stands before its data set is not what it was; else why it cannot be read. The messages go
/// on after "the object": "is missing".
[[nodiscard]] Result<> check_object(const InstanceRecord& record, const ObjectReading& read);

/// What stands before the data set: the preamble and meta group that ingest wrote (PS3.10 §7.1).
[[nodiscard]] Result<> check_front(const InstanceRecord& record, ByteView front);

}  // namespace pacs::storage
