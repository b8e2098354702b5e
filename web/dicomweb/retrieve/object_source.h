// A stored object as it leaves by HTTP: a Part 10 file, as stored or converted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/archive.h"
#include "web/dicomweb/retrieve/byte_source.h"
#include "web/dicomweb/retrieve/image_cache.h"

namespace pacs::web {

/// The transfer syntax in which an object stored in `stored` is given to who asked for `wanted`:
/// a UID, "*" for as stored, or "" for the default. None where it cannot be.
///
/// PS3.18 §8.7.3.4: without a transfer syntax it is Explicit VR Little Endian; video and what no
/// codec here decodes stays as stored, for there is no other form. Implicit VR Little Endian and
/// Explicit VR Big Endian "shall not be used": as stored they become Explicit VR Little Endian.
/// Departs from PS3.18 §8.7.3.4: Implicit VR Little Endian is given to who asks for it by its UID.
[[nodiscard]] std::optional<std::string_view> given_syntax(std::string_view stored,
                                                           std::string_view wanted);

/// Who gives objects, and for which request.
struct ObjectGiver {
  ImageSetup setup;
  std::string trace_id;
};

/// Errors: why it cannot be read or converted; the first frames are coded at once. OutOfResources
/// when there is no memory for its frames for too long.
[[nodiscard]] Result<Content> object_content(const ObjectGiver& giver,
                                             const storage::InstanceRecord& record,
                                             std::string_view syntax);

/// Of one that goes as it is stored.
[[nodiscard]] inline std::uint64_t object_bytes(const storage::InstanceRecord& record) {
  return record.data_set_offset + record.data_set_bytes;
}

}  // namespace pacs::web
