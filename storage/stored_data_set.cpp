#include "storage/stored_data_set.h"

#include <memory>
#include <utility>

namespace pacs::storage {

ReadStored stored_data_set(Archive& archive, InstanceRecord instance) {
  auto shared = std::make_shared<const InstanceRecord>(std::move(instance));
  return [&archive, shared = std::move(shared)](std::uint64_t offset,
                                                std::span<std::byte> into) -> Result<> {
    const InstanceRecord& record = *shared;
    while (!into.empty()) {
      PACS_TRY(const std::size_t got,
               archive.read_object(record, record.data_set_offset + offset, into));
      if (got == 0) {
        return fail(
            Error{ErrorKind::Corrupt, "the stored object is shorter than the index says"}.in(
                record.sop_instance_uid));
      }
      offset += got;
      into = into.subspan(got);
    }
    return {};
  };
}

}  // namespace pacs::storage
