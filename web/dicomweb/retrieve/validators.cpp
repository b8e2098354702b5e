#include "web/dicomweb/retrieve/validators.h"

#include <cstdint>
#include <utility>

namespace pacs::web {

Validators validators_of(const storage::InstanceRecord& record, std::string etag) {
  constexpr std::int64_t kSecond = 1000;
  Validators validators{std::move(etag)};
  // The first whole second after: who was answered before has an earlier date, so that nothing
  // that came later in the same second is taken for what he has.
  if (record.received_ms > 0) validators.last_modified_s = record.received_ms / kSecond + 1;
  return validators;
}

}  // namespace pacs::web
